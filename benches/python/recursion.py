from array import array

COUNT = 256


def place(every, columns, left, right):
    if columns == every:
        return 1
    solutions = 0
    free = every & ~(columns | left | right)
    while free:
        bit = free & -free
        free ^= bit
        solutions += place(every, columns | bit, (left | bit) << 1, (right | bit) >> 1)
    return solutions


def queens(n):
    return place((1 << n) - 1, 0, 0, 0)


def ackermann(m, n):
    if m == 0:
        return n + 1
    if n == 0:
        return ackermann(m - 1, 1)
    return ackermann(m - 1, ackermann(m, n - 1))


def quicksort(a, low, high):
    if low >= high:
        return
    pivot = a[low + (high - low) // 2]
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
    quicksort(a, low, j)
    quicksort(a, i, high)


def run(n):
    state = 5
    total = 0
    values = array("i", [0] * COUNT)
    for r in range(n):
        total = fold(total, queens(6))
        total = fold(total, ackermann(2, r & 7))
        for i in range(COUNT):
            state = next_random(state)
            values[i] = signed(state)
        quicksort(values, 0, COUNT - 1)
        for i in range(1, COUNT):
            if values[i - 1] > values[i]:
                return -1
            total = fold(total, values[i])
    return signed(total)
