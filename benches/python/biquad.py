SECTIONS = 4
BLOCK = 256
coefficients = (
    (0.060572, 0.121144, 0.060572, -1.026351, 0.268640),
    (0.064143, 0.128286, 0.064143, -1.086858, 0.343431),
    (0.071985, 0.143969, 0.071985, -1.219725, 0.507663),
    (0.085668, 0.171336, 0.085668, -1.451580, 0.794251),
)


class Section:
    def __init__(self, b0, b1, b2, a1, a2):
        self.b0 = b0
        self.b1 = b1
        self.b2 = b2
        self.a1 = a1
        self.a2 = a2
        self.s1 = 0.0
        self.s2 = 0.0


def filter_one(s, x):
    y = s.b0 * x + s.s1
    s.s1 = s.b1 * x - s.a1 * y + s.s2
    s.s2 = s.b2 * x - s.a2 * y
    return y


def filter_block(cascade, block, count):
    for s in cascade:
        for i in range(count):
            block[i] = filter_one(s, block[i])


def run(n):
    state = 21
    total = 0
    cascade = [Section(*values) for values in coefficients]
    samples = [0.0] * BLOCK
    for _ in range(n):
        for i in range(BLOCK):
            state = next_random(state)
            samples[i] = float(signed(state) >> 8) * (1.0 / 8388608.0)
        filter_block(cascade, samples, BLOCK)
        for i in range(0, BLOCK, 4):
            total = fold(total, int(samples[i] * 16777216.0))
    return signed(total)
