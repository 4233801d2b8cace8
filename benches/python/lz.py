from array import array

PLAIN = 4096
PACKED = 5120
HASH_BITS = 8

plain = bytearray(PLAIN)
packed = bytearray(PACKED)
unpacked = bytearray(PLAIN)
heads = array("H", [0] * (1 << HASH_BITS))


def load32(p, at):
    return p[at] | p[at + 1] << 8 | p[at + 2] << 16 | p[at + 3] << 24


def put_length(to, out, rest):
    while rest >= 255:
        to[out] = 255
        out += 1
        rest -= 255
    to[out] = rest
    return out + 1


def put_sequence(to, out, source, at, count, distance, match):
    token = out
    out += 1
    to[token] = (count if count < 15 else 15) << 4
    if count >= 15:
        out = put_length(to, out, count - 15)
    for i in range(at, at + count):
        to[out] = source[i]
        out += 1
    if match:
        to[out] = distance & 0xFF
        to[out + 1] = distance >> 8
        out += 2
        match -= 4
        to[token] |= match if match < 15 else 15
        if match >= 15:
            out = put_length(to, out, match - 15)
    return out


def compress(to, source, length):
    out = 0
    anchor = 0
    i = 0
    for h in range(1 << HASH_BITS):
        heads[h] = 0
    while i + 12 < length:
        word = load32(source, i)
        head = (word * 2654435761 & 0xFFFFFFFF) >> 32 - HASH_BITS
        candidate = heads[head]
        heads[head] = i
        if candidate >= i or load32(source, candidate) != word:
            i += 1
            continue
        match = 4
        while i + match < length - 5 and source[candidate + match] == source[i + match]:
            match += 1
        out = put_sequence(to, out, source, anchor, i - anchor, i - candidate, match)
        i += match
        anchor = i
    return put_sequence(to, out, source, anchor, length - anchor, 0, 0)


def decompress(to, room, source, length):
    at = 0
    out = 0
    while at < length:
        token = source[at]
        at += 1
        literals = token >> 4
        match = token & 15
        if literals == 15:
            while True:
                if at == length:
                    return -1
                byte = source[at]
                at += 1
                literals += byte
                if byte != 255:
                    break
        if literals > length - at or literals > room - out:
            return -1
        for _ in range(literals):
            to[out] = source[at]
            out += 1
            at += 1
        if at == length:
            return out
        if length - at < 2:
            return -1
        distance = source[at] | source[at + 1] << 8
        at += 2
        if match == 15:
            while True:
                if at == length:
                    return -1
                byte = source[at]
                at += 1
                match += byte
                if byte != 255:
                    break
        match += 4
        if distance == 0 or distance > out or match > room - out:
            return -1
        for _ in range(match):
            to[out] = to[out - distance]
            out += 1
    return -1


def run(n):
    state = 8
    total = 0
    i = 0
    while i < PLAIN:
        state = next_random(state)
        word = state >> 27
        length = 3 + (word & 7)
        for j in range(length):
            if i == PLAIN:
                break
            plain[i] = 97 + (word * 7 + j * 5) % 26
            i += 1
    size = compress(packed, plain, PLAIN)
    total = fold(total, size)
    for _ in range(n):
        total = fold(total, decompress(unpacked, PLAIN, packed, size))
        for i in range(0, PLAIN, 4):
            if load32(unpacked, i) != load32(plain, i):
                return -1
            total = fold(total, load32(unpacked, i))
    return signed(fold(total, decompress(unpacked, PLAIN, packed, size - 3)))
