from array import array

COUNT = 512
SHORT = 12


def insertion_sort(a, low, high):
    for i in range(low + 1, high + 1):
        value = a[i]
        j = i
        while j > low and a[j - 1] > value:
            a[j] = a[j - 1]
            j -= 1
        a[j] = value


def median_of_three(a, low, high):
    middle = low + (high - low) // 2
    if a[middle] < a[low]:
        a[middle], a[low] = a[low], a[middle]
    if a[high] < a[low]:
        a[high], a[low] = a[low], a[high]
    if a[high] < a[middle]:
        a[high], a[middle] = a[middle], a[high]
    return a[middle]


def sort(a, count):
    stack = []
    low = 0
    high = count - 1
    while True:
        if high - low < SHORT:
            insertion_sort(a, low, high)
            if not stack:
                return
            low, high = stack.pop()
            continue
        pivot = median_of_three(a, low, high)
        i = low
        j = high
        while i <= j:
            while a[i] < pivot:
                i += 1
            while a[j] > pivot:
                j -= 1
            if i <= j:
                a[i], a[j] = a[j], a[i]
                i += 1
                j -= 1
        if j - low > high - i:
            stack.append((low, j))
            low = i
        else:
            stack.append((i, high))
            high = j


def run(n):
    state = 26
    total = 0
    values = array("i", [0] * COUNT)
    for r in range(n):
        mask = 0xF if r & 3 == 3 else 0xFFFFFFFF
        for i in range(COUNT):
            state = next_random(state)
            values[i] = signed(state & mask)
        sort(values, COUNT)
        for i in range(1, COUNT):
            if values[i - 1] > values[i]:
                return -1
            if i & 7 == 0:
                total = fold(total, values[i])
    return signed(total)
