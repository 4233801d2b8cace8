TAPS = 32
BLOCK = 256
half = [
    -0.000507, 0.000606, 0.002235, 0.004132, 0.004990, 0.002776, -0.003933, -0.014234,
    -0.023880, -0.025932, -0.013265, 0.017938, 0.065338, 0.119829, 0.167867, 0.196041,
]
taps = half + half[::-1]


def fir(output, samples, count):
    for i in range(count):
        total = 0.0
        for k in range(TAPS):
            total += taps[k] * samples[i + k]
        output[i] = total


def run(n):
    state = 22
    total = 0
    history = [0.0] * (TAPS - 1 + BLOCK)
    output = [0.0] * BLOCK
    for _ in range(n):
        for i in range(TAPS - 1):
            history[i] = history[i + BLOCK]
        for i in range(BLOCK):
            state = next_random(state)
            history[TAPS - 1 + i] = float(signed(state) >> 8) * (1.0 / 8388608.0)
        fir(output, history, BLOCK)
        for i in range(0, BLOCK, 4):
            total = fold(total, int(output[i] * 16777216.0))
    return signed(total)
