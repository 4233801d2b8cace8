POINTS = 256

re = [0.0] * POINTS
im = [0.0] * POINTS
cosines = [0.0] * (POINTS // 2)
sines = [0.0] * (POINTS // 2)
window = [0.0] * POINTS


def sine(x):
    square = x * x
    total = 1.0 / 362880.0
    total = total * square - 1.0 / 5040.0
    total = total * square + 1.0 / 120.0
    total = total * square - 1.0 / 6.0
    total = total * square + 1.0
    return x * total


def make_tables():
    step = 6.283185 / 256.0
    quarter = 1.570796
    for i in range(POINTS // 2):
        angle = step * float(i)
        cosines[i] = sine(quarter - angle)
        sines[i] = -(sine(angle) if i <= POINTS // 4 else sine(2.0 * quarter - angle))
        window[i] = 0.5 - 0.5 * cosines[i]
        window[POINTS - 1 - i] = window[i]


def reorder():
    j = 0
    for i in range(POINTS):
        if i < j:
            re[i], re[j] = re[j], re[i]
            im[i], im[j] = im[j], im[i]
        bit = POINTS // 2
        while j & bit:
            j ^= bit
            bit >>= 1
        j |= bit


def transform():
    reorder()
    half = 1
    while half < POINTS:
        stride = POINTS // (2 * half)
        for start in range(0, POINTS, 2 * half):
            for k in range(half):
                wr = cosines[k * stride]
                wi = sines[k * stride]
                upper = start + k
                lower = upper + half
                r = re[lower] * wr - im[lower] * wi
                i = re[lower] * wi + im[lower] * wr
                re[lower] = re[upper] - r
                im[lower] = im[upper] - i
                re[upper] += r
                im[upper] += i
        half *= 2


def run(n):
    state = 24
    total = 0
    make_tables()
    power = [0.0] * (POINTS // 2)
    for r in range(n):
        period = 8 + r % 24
        for i in range(POINTS):
            state = next_random(state)
            noise = float(signed(state) >> 16) * (1.0 / 65536.0)
            wave = 1.0 if i % period < period // 2 else -1.0
            re[i] = (wave + noise) * window[i]
            im[i] = 0.0
        transform()
        strongest = 0
        for i in range(POINTS // 2):
            power[i] = re[i] * re[i] + im[i] * im[i]
            if power[i] > power[strongest]:
                strongest = i
        total = fold(total, strongest)
        for i in range(0, POINTS // 2, 8):
            total = fold(total, int(power[i] * 1024.0))
    return signed(total)
