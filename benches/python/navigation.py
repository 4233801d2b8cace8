import struct

POINTS = 5
PI = 3.141592653589793
EARTH_RADIUS = 6371008.8


def square_root(x):
    if x == 0.0:
        return 0.0
    bits = struct.unpack("<Q", struct.pack("<d", x))[0]
    root = struct.unpack("<d", struct.pack("<Q", (bits >> 1) + 0x1FF7A3BEA91D9B1B))[0]
    for _ in range(4):
        root = 0.5 * (root + x / root)
    return root


def sine_series(x):
    s = x * x
    return x * (
        1.0
        + s
        * (
            -1.0 / 6.0
            + s * (1.0 / 120.0 + s * (-1.0 / 5040.0 + s * (1.0 / 362880.0 + s * (-1.0 / 39916800.0))))
        )
    )


def cosine_series(x):
    s = x * x
    return 1.0 + s * (
        -1.0 / 2.0
        + s * (1.0 / 24.0 + s * (-1.0 / 720.0 + s * (1.0 / 40320.0 + s * (-1.0 / 3628800.0))))
    )


def sine_cosine(x):
    turns = x * (2.0 / PI)
    quarter = int(turns - 0.5 if turns < 0.0 else turns + 0.5)
    rest = x - float(quarter) * (PI / 2.0)
    s = sine_series(rest)
    c = cosine_series(rest)
    quarter &= 3
    if quarter == 0:
        return s, c
    if quarter == 1:
        return c, -s
    if quarter == 2:
        return -s, -c
    return -c, s


def arc_tangent_series(x):
    base = 0.0
    if x > 0.41421356237309503:
        base = PI / 4.0
        x = (x - 1.0) / (x + 1.0)
    s = x * x
    total = 0.0
    for k in range(23, 0, -2):
        total = 1.0 / float(k) - s * total
    return base + x * total


def arc_tangent2(y, x):
    ay = -y if y < 0.0 else y
    ax = -x if x < 0.0 else x
    if ax == 0.0 and ay == 0.0:
        return 0.0
    if ay > ax:
        angle = PI / 2.0 - arc_tangent_series(ax / ay)
    else:
        angle = arc_tangent_series(ay / ax)
    if x < 0.0:
        angle = PI - angle
    return -angle if y < 0.0 else angle


def distance(a, b):
    ca = sine_cosine(a[0])[1]
    cb = sine_cosine(b[0])[1]
    s1 = sine_cosine((b[0] - a[0]) * 0.5)[0]
    s2 = sine_cosine((b[1] - a[1]) * 0.5)[0]
    h = s1 * s1 + ca * cb * s2 * s2
    return 2.0 * EARTH_RADIUS * arc_tangent2(square_root(h), square_root(1.0 - h))


def bearing(a, b):
    sa, ca = sine_cosine(a[0])
    sb, cb = sine_cosine(b[0])
    sd, cd = sine_cosine(b[1] - a[1])
    return arc_tangent2(sd * cb, ca * sb - sa * cb * cd)


def destination(start, course, metres):
    sa, ca = sine_cosine(start[0])
    sc, cc = sine_cosine(course)
    sd, cd = sine_cosine(metres / EARTH_RADIUS)
    sine = sa * cd + ca * sd * cc
    cosine = square_root(1.0 - sine * sine)
    return arc_tangent2(sine, cosine), start[1] + arc_tangent2(sc * sd * ca, cd - sa * sine)


def run(n):
    state = 31
    total = 0
    track = [(0.0, 0.0)] * POINTS
    for _ in range(n):
        for i in range(POINTS):
            state = next_random(state)
            north = float(signed(state) >> 8) / 8388608.0
            state = next_random(state)
            east = float(signed(state) >> 8) / 8388608.0
            track[i] = (47.0 + 0.3 * north) * (PI / 180.0), (8.0 + 0.4 * east) * (PI / 180.0)
        for i in range(POINTS - 1):
            metres = distance(track[i], track[i + 1])
            course = bearing(track[i], track[i + 1])
            latitude, longitude = destination(track[i], course, 0.25 * metres)
            total = fold(total, int(metres * 1000.0))
            total = fold(total, int(course * 1e8))
            total = fold(total, int(latitude * 1e9))
            total = fold(total, int(longitude * 1e9))
    return signed(total)
