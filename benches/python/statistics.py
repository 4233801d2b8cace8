from array import array

COUNT = 256
BINS = 64
M64 = 0xFFFFFFFFFFFFFFFF


class Generator:
    def __init__(self, state):
        self.state = state

    def next(self):
        old = self.state
        self.state = old * 6364136223846793005 + 1442695040888963407 & M64
        shifted = (old >> 18 ^ old) >> 27 & 0xFFFFFFFF
        rotation = old >> 59
        return (shifted >> rotation | shifted << (-rotation & 31)) & 0xFFFFFFFF


def quotient(x, by):
    return x // by if x >= 0 else -(-x // by)


def square_root(x):
    root = 0
    bit = 1 << 62
    while bit > x:
        bit >>= 2
    while bit:
        if x >= root + bit:
            x -= root + bit
            root = (root >> 1) + bit
        else:
            root >>= 1
        bit >>= 2
    return root


def summarize(values):
    total = 0
    weighted = 0
    lowest = values[0]
    highest = values[0]
    for i in range(COUNT):
        value = values[i]
        total += value
        weighted += value * (2 * i - (COUNT - 1))
        if value < lowest:
            lowest = value
        if value > highest:
            highest = value
    mean = quotient(total * 65536, COUNT)
    slope = quotient(weighted * 65536 * 2, COUNT * (COUNT * COUNT - 1) // 3)
    squares = 0
    middle = quotient(total, COUNT)
    for i in range(COUNT):
        off = values[i] - middle
        squares += off * off
    return mean, slope, squares // (COUNT - 1), lowest, highest


def median(values, lowest, highest):
    span = highest - lowest + 1
    histogram = [0] * BINS
    for i in range(COUNT):
        histogram[(values[i] - lowest) * BINS // span] += 1
    below = 0
    at = 0
    while below + histogram[at] < COUNT // 2:
        below += histogram[at]
        at += 1
    return lowest + span * at // BINS


def fold_wide(total, value):
    return fold(fold(total, value & 0xFFFFFFFF), value >> 32 & 0xFFFFFFFF)


def run(n):
    total = 0
    generator = Generator(29)
    readings = array("i", [0] * COUNT)
    for r in range(n):
        for i in range(COUNT):
            noise = 0
            for _ in range(4):
                noise += signed(generator.next()) >> 4
            readings[i] = quotient(noise, 4) + i * r * 4096
        mean, slope, variance, lowest, highest = summarize(readings)
        total = fold_wide(total, mean)
        total = fold_wide(total, slope)
        total = fold_wide(total, variance)
        total = fold(total, square_root(variance))
        total = fold(total, median(readings, lowest, highest))
    return signed(total)
