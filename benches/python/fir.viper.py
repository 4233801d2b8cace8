from array import array

TAPS = 32
SAMPLES = 512
half = [-8, -13, -19, -22, -17, 2, 37, 88, 152, 223, 294, 357, 404, 430, 432, 409]
taps = array("i", half + half[::-1])


@micropython.viper
def fir(output: ptr16, samples: ptr16, count: int, taps: ptr32):
    for i in range(count):
        total = 1 << 11
        for k in range(32):
            total += taps[k] * ((samples[i + k] ^ 0x8000) - 0x8000)
        total >>= 12
        if total > 32767:
            total = 32767
        if total < -32768:
            total = -32768
        output[i] = total


def run(n):
    state = 2
    total = 0
    samples = array("H", [0] * (SAMPLES + TAPS - 1))
    output = array("H", [0] * SAMPLES)
    for i in range(SAMPLES + TAPS - 1):
        state = next_random(state)
        samples[i] = state & 0xFFFF
    for r in range(n):
        fir(output, samples, SAMPLES, taps)
        for i in range(SAMPLES):
            total = fold(total, output[i])
        samples[r & SAMPLES - 1] = output[SAMPLES - 1]
    return signed(total)
