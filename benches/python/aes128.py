sbox = bytearray(256)
round_keys = bytearray(176)


def times2(x):
    return (x << 1 ^ (x >> 7) * 0x1B) & 0xFF


def rotate(x, by):
    return (x << by | x >> 8 - by) & 0xFF


def make_sbox():
    p = 1
    q = 1
    while True:
        p ^= times2(p)
        q ^= q << 1 & 0xFF
        q ^= q << 2 & 0xFF
        q ^= q << 4 & 0xFF
        if q & 0x80:
            q ^= 0x09
        sbox[p] = q ^ rotate(q, 1) ^ rotate(q, 2) ^ rotate(q, 3) ^ rotate(q, 4) ^ 0x63
        if p == 1:
            break
    sbox[0] = 0x63


def expand_key(key):
    constant = 1
    if sbox[0] == 0:
        make_sbox()
    for i in range(16):
        round_keys[i] = key[i]
    for i in range(16, 176, 4):
        t = round_keys[i - 4 : i]
        if i % 16 == 0:
            first = t[0]
            t[0] = sbox[t[1]] ^ constant
            t[1] = sbox[t[2]]
            t[2] = sbox[t[3]]
            t[3] = sbox[first]
            constant = times2(constant)
        for j in range(4):
            round_keys[i + j] = round_keys[i - 16 + j] ^ t[j]


def add_key(s, at):
    for i in range(16):
        s[i] ^= round_keys[at + i]


def substitute_and_shift(s):
    t = bytearray(16)
    for i in range(16):
        t[i] = sbox[s[i + 4 * (i & 3) & 15]]
    for i in range(16):
        s[i] = t[i]


def mix_columns(s):
    for i in range(0, 16, 4):
        first = s[i]
        every = s[i] ^ s[i + 1] ^ s[i + 2] ^ s[i + 3]
        for j in range(i, i + 3):
            s[j] ^= every ^ times2(s[j] ^ s[j + 1])
        s[i + 3] ^= every ^ times2(s[i + 3] ^ first)


def encrypt(block):
    add_key(block, 0)
    for r in range(1, 10):
        substitute_and_shift(block)
        mix_columns(block)
        add_key(block, 16 * r)
    substitute_and_shift(block)
    add_key(block, 160)


def run(n):
    state = 10
    total = 0
    data = bytearray(512)
    block = bytearray(16)
    for i in range(512):
        state = next_random(state)
        data[i] = state & 0xFF
    expand_key(bytearray(range(16)))
    for r in range(n):
        for at in range(0, 512, 16):
            for i in range(16):
                block[i] = (r >> 8 * i if i < 4 else at + i) & 0xFF
            encrypt(block)
            for i in range(16):
                data[at + i] ^= block[i]
                total = fold(total, data[at + i])
    return signed(total)
