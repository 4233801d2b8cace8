# What every program here shares, as app.h in C. It stands in front of each of them.


def next_random(x):
    x ^= x << 13 & 0xFFFFFFFF
    x ^= x >> 17
    return x ^ x << 5 & 0xFFFFFFFF


def fold(total, word):
    return ((total << 5 | total >> 27) ^ word) * 0x9E3779B1 & 0xFFFFFFFF


def signed(word):
    return word - 0x100000000 if word & 0x80000000 else word
