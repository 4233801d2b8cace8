from array import array

COUNT = 512


@micropython.viper
def sort(a: ptr32, count: int, stack: ptr32):
    depth = 0
    low = 0
    high = count - 1
    while True:
        if high - low < 12:
            i = low + 1
            while i <= high:
                value = a[i]
                j = i
                while j > low and a[j - 1] > value:
                    a[j] = a[j - 1]
                    j -= 1
                a[j] = value
                i += 1
            if depth == 0:
                break
            depth -= 1
            low = stack[2 * depth]
            high = stack[2 * depth + 1]
        else:
            middle = low + ((high - low) >> 1)
            if a[middle] < a[low]:
                value = a[middle]
                a[middle] = a[low]
                a[low] = value
            if a[high] < a[low]:
                value = a[high]
                a[high] = a[low]
                a[low] = value
            if a[high] < a[middle]:
                value = a[high]
                a[high] = a[middle]
                a[middle] = value
            pivot = a[middle]
            i = low
            j = high
            while i <= j:
                while a[i] < pivot:
                    i += 1
                while a[j] > pivot:
                    j -= 1
                if i <= j:
                    value = a[i]
                    a[i] = a[j]
                    a[j] = value
                    i += 1
                    j -= 1
            if j - low > high - i:
                stack[2 * depth] = low
                stack[2 * depth + 1] = j
                low = i
            else:
                stack[2 * depth] = i
                stack[2 * depth + 1] = high
                high = j
            depth += 1


def run(n):
    state = 26
    total = 0
    values = array("i", [0] * COUNT)
    stack = array("i", [0] * 64)
    for r in range(n):
        mask = 0xF if r & 3 == 3 else 0xFFFFFFFF
        for i in range(COUNT):
            state = next_random(state)
            values[i] = signed(state & mask)
        sort(values, COUNT, stack)
        for i in range(1, COUNT):
            if values[i - 1] > values[i]:
                return -1
            if i & 7 == 0:
                total = fold(total, values[i])
    return signed(total)
