from array import array

SIZE = 24


def multiply(a, b, c):
    for i in range(SIZE):
        for j in range(SIZE):
            total = 0.0
            for k in range(SIZE):
                total += a[i * SIZE + k] * b[k * SIZE + j]
            c[i * SIZE + j] = total


def element(word):
    return float(signed(word) >> 8) * (1.0 / 8388608.0)


def run(n):
    state = 23
    total = 0
    a = array("f", [0.0] * (SIZE * SIZE))
    b = array("f", [0.0] * (SIZE * SIZE))
    c = array("f", [0.0] * (SIZE * SIZE))
    for i in range(SIZE * SIZE):
        state = next_random(state)
        a[i] = element(state)
        state = next_random(state)
        b[i] = element(state)
    for r in range(n):
        multiply(a, b, c)
        for i in range(SIZE):
            total = fold(total, int(c[i * SIZE + SIZE - 1 - i] * 1048576.0))
            a[r % SIZE * SIZE + i] = c[i * SIZE + r % SIZE] * 0.125
    return signed(total)
