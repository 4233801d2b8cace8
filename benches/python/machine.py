IDLE = 0
LENGTH = 1
COMMAND = 2
PAYLOAD = 3
ESCAPED = 4
CHECKSUM = 5
COMPLETE = 6
BROKEN = 7

FLAG = 0x7E
ESCAPE = 0x7D
MAX_PAYLOAD = 16


class Link:
    def __init__(self):
        self.state = IDLE
        self.length = 0
        self.command = 0
        self.received = 0
        self.checksum = 0
        self.payload = bytearray(MAX_PAYLOAD)
        self.registers = [0] * 8
        self.frames = 0
        self.errors = 0


def nop(link):
    return link.frames


def write_register(link):
    value = 0
    for i in range(1, link.length):
        value = (value << 8 | link.payload[i]) & 0xFFFFFFFF
    link.registers[link.payload[0] & 7] = value
    return value


def read_register(link):
    return link.registers[link.payload[0] & 7]


def sum_payload(link):
    total = 0
    for i in range(link.length):
        total += link.payload[i]
    return total


def swap_registers(link):
    a = link.payload[0] & 7
    b = link.payload[0] >> 4 & 7
    registers = link.registers
    registers[a], registers[b] = registers[b], registers[a]
    return registers[a] - registers[b] & 0xFFFFFFFF


def reset(link):
    link.registers[0] = link.errors
    link.errors = 0
    return 1


handlers = (
    nop,
    write_register,
    read_register,
    sum_payload,
    swap_registers,
    reset,
    nop,
    sum_payload,
)


def store(link, byte):
    link.payload[link.received] = byte
    link.received += 1
    link.checksum = link.checksum + byte & 0xFF


def receive(link, byte):
    state = link.state
    if state == IDLE:
        if byte == FLAG:
            link.state = LENGTH
    elif state == LENGTH:
        link.length = byte
        link.received = 0
        link.checksum = byte
        link.state = COMMAND if 1 <= byte <= MAX_PAYLOAD else BROKEN
    elif state == COMMAND:
        link.command = byte
        link.checksum = link.checksum + byte & 0xFF
        link.state = PAYLOAD
    elif state == PAYLOAD:
        if byte == ESCAPE:
            link.state = ESCAPED
        elif byte == FLAG:
            link.state = BROKEN
        else:
            store(link, byte)
            if link.received == link.length:
                link.state = CHECKSUM
    elif state == ESCAPED:
        store(link, byte ^ 0x20)
        link.state = CHECKSUM if link.received == link.length else PAYLOAD
    elif state == CHECKSUM:
        link.state = COMPLETE if byte == link.checksum else BROKEN


def feed(link, byte):
    receive(link, byte)
    if link.state == COMPLETE:
        link.frames += 1
        link.state = IDLE
        return handlers[link.command & 7](link)
    if link.state == BROKEN:
        link.errors += 1
        link.state = IDLE
    return 0


def run(n):
    state = 4
    total = 0
    link = Link()
    for _ in range(n):
        for _ in range(32):
            state = next_random(state)
            length = 1 + (state & 7)
            state = next_random(state)
            command = state & 0xFF
            checksum = length + command
            total = fold(total, feed(link, FLAG))
            total = fold(total, feed(link, length))
            total = fold(total, feed(link, command))
            for _ in range(length):
                state = next_random(state)
                byte = state >> 8 & 0xFF
                checksum += byte
                if byte == FLAG or byte == ESCAPE:
                    total = fold(total, feed(link, ESCAPE))
                    byte ^= 0x20
                total = fold(total, feed(link, byte))
            state = next_random(state)
            if state & 15 == 0:
                checksum += 1
            total = fold(total, feed(link, checksum & 0xFF))
    return signed(fold(total, link.frames * 31 + link.errors))
