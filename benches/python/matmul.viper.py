from array import array

SIZE = 24


@micropython.viper
def multiply(a: ptr32, b: ptr32, c: ptr32):
    for i in range(24):
        for j in range(24):
            total = 0
            for k in range(24):
                total += a[i * 24 + k] * b[k * 24 + j]
            c[i * 24 + j] = total


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
