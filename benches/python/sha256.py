from array import array

M = 0xFFFFFFFF
k = array("I", [
    0x428A2F98, 0x71374491, 0xB5C0FBCF, 0xE9B5DBA5, 0x3956C25B, 0x59F111F1, 0x923F82A4, 0xAB1C5ED5,
    0xD807AA98, 0x12835B01, 0x243185BE, 0x550C7DC3, 0x72BE5D74, 0x80DEB1FE, 0x9BDC06A7, 0xC19BF174,
    0xE49B69C1, 0xEFBE4786, 0x0FC19DC6, 0x240CA1CC, 0x2DE92C6F, 0x4A7484AA, 0x5CB0A9DC, 0x76F988DA,
    0x983E5152, 0xA831C66D, 0xB00327C8, 0xBF597FC7, 0xC6E00BF3, 0xD5A79147, 0x06CA6351, 0x14292967,
    0x27B70A85, 0x2E1B2138, 0x4D2C6DFC, 0x53380D13, 0x650A7354, 0x766A0ABB, 0x81C2C92E, 0x92722C85,
    0xA2BFE8A1, 0xA81A664B, 0xC24B8B70, 0xC76C51A3, 0xD192E819, 0xD6990624, 0xF40E3585, 0x106AA070,
    0x19A4C116, 0x1E376C08, 0x2748774C, 0x34B0BCB5, 0x391C0CB3, 0x4ED8AA4A, 0x5B9CCA4F, 0x682E6FF3,
    0x748F82EE, 0x78A5636F, 0x84C87814, 0x8CC70208, 0x90BEFFFA, 0xA4506CEB, 0xBEF9A3F7, 0xC67178F2,
])
initial = (
    0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A, 0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19,
)


def rotate(x, by):
    return (x >> by | x << 32 - by) & M


def compress(h, block, at):
    w = array("I", [0] * 64)
    for i in range(16):
        j = at + 4 * i
        w[i] = block[j] << 24 | block[j + 1] << 16 | block[j + 2] << 8 | block[j + 3]
    for i in range(16, 64):
        x = w[i - 15]
        y = w[i - 2]
        s0 = rotate(x, 7) ^ rotate(x, 18) ^ x >> 3
        s1 = rotate(y, 17) ^ rotate(y, 19) ^ y >> 10
        w[i] = w[i - 16] + s0 + w[i - 7] + s1 & M
    a, b, c, d, e, f, g, last = h
    for i in range(64):
        s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)
        t1 = last + s1 + (e & f ^ (e ^ M) & g) + k[i] + w[i]
        s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)
        t2 = s0 + (a & b ^ a & c ^ b & c)
        last = g
        g = f
        f = e
        e = d + t1 & M
        d = c
        c = b
        b = a
        a = t1 + t2 & M
    h[0] = h[0] + a & M
    h[1] = h[1] + b & M
    h[2] = h[2] + c & M
    h[3] = h[3] + d & M
    h[4] = h[4] + e & M
    h[5] = h[5] + f & M
    h[6] = h[6] + g & M
    h[7] = h[7] + last & M


def sha256(digest, message, length):
    h = list(initial)
    at = 0
    while length - at >= 64:
        compress(h, message, at)
        at += 64
    block = bytearray(64)
    i = 0
    while at < length:
        block[i] = message[at]
        i += 1
        at += 1
    block[i] = 0x80
    i += 1
    if i > 56:
        compress(h, block, 0)
        i = 0
    while i < 60:
        block[i] = 0
        i += 1
    bits = length << 3
    for i in range(60, 64):
        block[i] = bits >> 24 & 0xFF
        bits <<= 8
    compress(h, block, 0)
    for i in range(32):
        digest[i] = h[i // 4] >> 24 - 8 * (i % 4) & 0xFF


def run(n):
    state = 7
    total = 0
    message = bytearray(1024)
    digest = bytearray(32)
    for i in range(1024):
        state = next_random(state)
        message[i] = state & 0xFF
    for r in range(n):
        sha256(digest, message, 1024 - (r & 63))
        for i in range(32):
            message[i] ^= digest[i]
            total = fold(total, digest[i])
    return signed(total)
