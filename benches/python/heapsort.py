from array import array

COUNT = 1000


def sift_down(a, root, end):
    value = a[root]
    while True:
        child = 2 * root + 1
        if child >= end:
            break
        if child + 1 < end and a[child] < a[child + 1]:
            child += 1
        if value >= a[child]:
            break
        a[root] = a[child]
        root = child
    a[root] = value


def heapsort(a, count):
    for i in range(count // 2 - 1, -1, -1):
        sift_down(a, i, count)
    for end in range(count - 1, 0, -1):
        largest = a[0]
        a[0] = a[end]
        a[end] = largest
        sift_down(a, 0, end)


def run(n):
    state = 3
    total = 0
    values = array("i", [0] * COUNT)
    for _ in range(n):
        for i in range(COUNT):
            state = next_random(state)
            values[i] = signed(state)
        heapsort(values, COUNT)
        for i in range(1, COUNT):
            if values[i - 1] > values[i]:
                return -1
            total = fold(total, values[i])
    return signed(total)
