from array import array

table = array("i", [0] * 256)


def make_table():
    for i in range(256):
        c = i
        for _ in range(8):
            c = 0xEDB88320 ^ c >> 1 if c & 1 else c >> 1
        table[i] = signed(c)


@micropython.viper
def crc32(data: ptr8, length: int, table: ptr32) -> int:
    c = -1
    for i in range(length):
        c = table[(c ^ data[i]) & 0xFF] ^ (c >> 8 & 0xFFFFFF)
    return ~c


def run(n):
    state = 1
    total = 0
    make_table()
    message = bytearray(4096)
    for i in range(4096):
        state = next_random(state)
        message[i] = state & 0xFF
    for r in range(n):
        message[r & 4095] ^= r & 0xFF
        total = fold(total, crc32(message, 4096, table))
    return signed(total)
