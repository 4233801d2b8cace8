from array import array

SIZE = 24


def wrap(x):
    x &= 0xFFFFFFFF
    return x - 0x100000000 if x & 0x80000000 else x


def multiply(a, b, c):
    for i in range(SIZE):
        for j in range(SIZE):
            total = 0
            for k in range(SIZE):
                total += a[i * SIZE + k] * b[k * SIZE + j]
            c[i * SIZE + j] = wrap(total)


def run(n):
    state = 9
    total = 0
    a = array("i", [0] * (SIZE * SIZE))
    b = array("i", [0] * (SIZE * SIZE))
    c = array("i", [0] * (SIZE * SIZE))
    for i in range(SIZE * SIZE):
        state = next_random(state)
        a[i] = (state & 0xFFFF) - 0x8000
        state = next_random(state)
        b[i] = (state & 0xFFFF) - 0x8000
    for r in range(n):
        multiply(a, b, c)
        for i in range(SIZE):
            total = fold(total, c[i * SIZE + SIZE - 1 - i])
            a[r % SIZE * SIZE + i] = c[i * SIZE + r % SIZE] >> 16
    return signed(total)
