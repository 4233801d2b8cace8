from array import array

TAPS = 32
SAMPLES = 512
half = [-8, -13, -19, -22, -17, 2, 37, 88, 152, 223, 294, 357, 404, 430, 432, 409]
taps = array("h", half + half[::-1])


def saturate(x):
    if x > 32767:
        return 32767
    if x < -32768:
        return -32768
    return x


def fir(output, samples, count):
    for i in range(count):
        total = 1 << 11
        for k in range(TAPS):
            total += taps[k] * samples[i + k]
        output[i] = saturate(total >> 12)


def run(n):
    state = 2
    total = 0
    samples = array("h", [0] * (SAMPLES + TAPS - 1))
    output = array("h", [0] * SAMPLES)
    for i in range(SAMPLES + TAPS - 1):
        state = next_random(state)
        value = state & 0xFFFF
        samples[i] = value - 0x10000 if value & 0x8000 else value
    for r in range(n):
        fir(output, samples, SAMPLES)
        for i in range(SAMPLES):
            total = fold(total, output[i] & 0xFFFF)
        samples[r & SAMPLES - 1] = output[SAMPLES - 1]
    return signed(total)
