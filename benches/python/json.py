MAX_DEPTH = 16
escapes = {34: 34, 92: 92, 47: 47, 98: 8, 102: 12, 110: 10, 114: 13, 116: 9}


class Scanner:
    def __init__(self, text, end):
        self.text = text
        self.at = 0
        self.end = end
        self.tokens = 0
        self.total = 0
        self.depth = 0


def skip_space(s):
    while s.at < s.end and s.text[s.at] in b" \n\r\t":
        s.at += 1


def accept(s, byte):
    skip_space(s)
    if s.at == s.end or s.text[s.at] != byte:
        return False
    s.at += 1
    return True


def token(s, kind, content):
    s.tokens += 1
    s.total = fold(fold(s.total, kind), content)


def is_digit(byte):
    return 48 <= byte <= 57


def hex_digit(byte):
    if is_digit(byte):
        return byte - 48
    byte |= 0x20
    return byte - 97 + 10 if 97 <= byte <= 102 else -1


def string(s):
    digest = 0
    while s.at < s.end:
        byte = s.text[s.at]
        s.at += 1
        if byte == 34:
            token(s, 115, digest)
            return True
        if byte < 0x20:
            return False
        c = byte
        if byte == 92:
            if s.at == s.end:
                return False
            byte = s.text[s.at]
            s.at += 1
            if byte == 117:
                c = 0
                for _ in range(4):
                    digit = -1
                    if s.at < s.end:
                        digit = hex_digit(s.text[s.at])
                        s.at += 1
                    if digit < 0:
                        return False
                    c = c << 4 | digit
            else:
                c = escapes.get(byte, -1)
                if c < 0:
                    return False
        digest = digest * 31 + c & 0xFFFFFFFF
    return False


def digits(s):
    number = 0
    first = s.at
    while s.at < s.end and is_digit(s.text[s.at]):
        number = number * 10 + s.text[s.at] - 48 & 0xFFFFFFFF
        s.at += 1
    return number if s.at > first else -1


def number(s):
    integer = 0
    negative = s.at < s.end and s.text[s.at] == 45
    if negative:
        s.at += 1
    if s.at < s.end and s.text[s.at] == 48:
        s.at += 1
    else:
        integer = digits(s)
        if integer < 0:
            return False
    if s.at < s.end and s.text[s.at] == 46:
        s.at += 1
        if digits(s) < 0:
            return False
    if s.at < s.end and s.text[s.at] | 0x20 == 101:
        s.at += 1
        if s.at < s.end and s.text[s.at] in b"+-":
            s.at += 1
        if digits(s) < 0:
            return False
    token(s, 110, -integer if negative else integer)
    return True


def word(s, rest, kind):
    for byte in rest:
        if s.at == s.end or s.text[s.at] != byte:
            return False
        s.at += 1
    token(s, kind, 0)
    return True


def members(s):
    token(s, 123, s.depth)
    if accept(s, 125):
        return True
    while True:
        if not (accept(s, 34) and string(s) and accept(s, 58) and value(s)):
            return False
        if not accept(s, 44):
            return accept(s, 125)


def elements(s):
    token(s, 91, s.depth)
    if accept(s, 93):
        return True
    while True:
        if not value(s):
            return False
        if not accept(s, 44):
            return accept(s, 93)


def value(s):
    skip_space(s)
    if s.at == s.end or s.depth == MAX_DEPTH:
        return False
    s.depth += 1
    byte = s.text[s.at]
    if byte in b'{["tfn':
        s.at += 1
        if byte == 123:
            ok = members(s)
        elif byte == 91:
            ok = elements(s)
        elif byte == 34:
            ok = string(s)
        elif byte == 116:
            ok = word(s, b"rue", 116)
        elif byte == 102:
            ok = word(s, b"alse", 102)
        else:
            ok = word(s, b"ull", 48)
    else:
        ok = number(s)
    s.depth -= 1
    return ok


def tokenize(text, length):
    s = Scanner(text, length)
    if not value(s):
        return -1 - s.at
    skip_space(s)
    return s.tokens if s.at == s.end else -1 - s.at


def put(text, length, what):
    for byte in what:
        text[length] = byte
        length += 1
    return length


def put_number(text, length, n):
    if n >= 10:
        length = put_number(text, length, n // 10)
    text[length] = 48 + n % 10
    return length + 1


def run(n):
    state = 6
    total = 0
    text = bytearray(2048)
    for r in range(n):
        length = put(
            text,
            0,
            b'{"device": "pump\\u00e9 \\"3\\"", "ok": true, "error": null,\r\n\t"samples": [',
        )
        for i in range(24):
            length = put(text, length, b', {"t": ' if i else b'{"t": ')
            length = put_number(text, length, r * 24 + i)
            length = put(text, length, b', "raw": -')
            state = next_random(state)
            length = put_number(text, length, state >> 12)
            state = next_random(state)
            length = put(
                text,
                length,
                b'.25e-3, "valid": false}' if state & 1 else b', "valid": true}',
            )
        length = put(text, length, b'], "empty": [{}, []]}')
        total = fold(total, tokenize(text, length - 2 if r & 7 == 7 else length))
        total = fold(total, length)
    return signed(total)
