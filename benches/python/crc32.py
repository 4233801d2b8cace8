table = []


def make_table():
    for i in range(256):
        c = i
        for _ in range(8):
            c = 0xEDB88320 ^ c >> 1 if c & 1 else c >> 1
        table.append(c)


def crc32(data):
    c = 0xFFFFFFFF
    for byte in data:
        c = table[(c ^ byte) & 0xFF] ^ c >> 8
    return c ^ 0xFFFFFFFF


def run(n):
    state = 1
    total = 0
    if not table:
        make_table()
    message = bytearray(4096)
    for i in range(4096):
        state = next_random(state)
        message[i] = state & 0xFF
    for r in range(n):
        message[r & 4095] ^= r & 0xFF
        total = fold(total, crc32(message))
    return signed(total)
