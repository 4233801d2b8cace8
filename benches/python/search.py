TEXT = 4096
words = (
    b"error", b"warning", b"sensor", b"timeout", b"battery", b"voltage", b"connected", b"retry",
    b"channel", b"packet", b"dropped", b"restart", b"watchdog", b"value", b"offset", b"calibration",
)
text = bytearray(TEXT)
shifts = bytearray(256)


def write_log(state):
    at = 0
    while at < TEXT - 1:
        state = next_random(state)
        choice = state
        for byte in words[choice & 15]:
            if at >= TEXT - 1:
                break
            text[at] = byte
            at += 1
        if choice & 0x70 == 0 and at < TEXT - 4:
            text[at] = 61
            text[at + 1] = 48 + (choice >> 8) % 10
            text[at + 2] = 48 + (choice >> 16) % 10
            at += 3
        if at < TEXT:
            text[at] = 32 if choice & 0x180 else 10
            at += 1
    text[TEXT - 1] = 10
    return state


def find(at, word, length):
    while at + length <= TEXT:
        i = length
        while i > 0 and text[at + i - 1] == word[i - 1]:
            i -= 1
        if i == 0:
            return at
        at += shifts[text[at + length - 1]]
    return TEXT


def occurrences(word):
    length = len(word)
    at = 0
    found = 0
    total = 0
    for i in range(256):
        shifts[i] = length
    for i in range(length - 1):
        shifts[word[i]] = length - 1 - i
    while True:
        at = find(at, word, length)
        if at == TEXT:
            return fold(total, found)
        at += length
        total = fold(total, at)
        found += 1


def matches(start, length, pattern):
    at = 0
    p = 0
    star = -1
    resume = 0
    end = len(pattern)
    while at < length:
        if p < end and pattern[p] == 42:
            p += 1
            star = p
            resume = at
        elif p < end and (pattern[p] == 63 or pattern[p] == text[start + at]):
            p += 1
            at += 1
        elif star >= 0:
            p = star
            resume += 1
            at = resume
        else:
            return False
    while p < end and pattern[p] == 42:
        p += 1
    return p == end


def matching_lines(pattern):
    start = 0
    found = 0
    for at in range(TEXT):
        if text[at] == 10:
            if matches(start, at - start, pattern):
                found += 1
            start = at + 1
    return found


def run(n):
    state = 28
    total = 0
    for r in range(n):
        state = write_log(state)
        for i in range(0, 16, 4):
            total = fold(total, occurrences(words[i + r & 15]))
        total = fold(total, matching_lines(b"*sensor*=?5*"))
    return signed(total)
