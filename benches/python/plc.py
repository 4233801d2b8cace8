SCANS = 25

END = 0
LD = 1
LDN = 2
AND = 3
ANDN = 4
OR = 5
ORN = 6
XOR = 7
ST = 8
SET = 9
RESET = 10
TIMER = 11
COUNTER = 12
LOAD = 13
CONSTANT = 14
ADD = 15
SUB = 16
MUL = 17
GREATER = 18
LESS = 19
STORE = 20
JUMP_NOT = 21

program = (
    (LD, 0, 0), (ANDN, 1, 0), (OR, 16, 0), (ANDN, 2, 0),
    (ST, 16, 0), (LOAD, 0, 0), (CONSTANT, 0, 700), (GREATER, 0, 0),
    (ST, 17, 0), (LOAD, 0, 0), (CONSTANT, 0, 200), (LESS, 0, 0),
    (ST, 18, 0), (LD, 16, 0), (AND, 18, 0), (OR, 8, 0),
    (ANDN, 17, 0), (AND, 16, 0), (ST, 8, 0), (LD, 16, 0),
    (AND, 17, 0), (TIMER, 0, 5), (ST, 9, 0), (LD, 9, 0),
    (COUNTER, 0, 3), (SET, 10, 0), (LD, 3, 0), (RESET, 10, 0),
    (LD, 16, 0), (JUMP_NOT, 0, 8), (LOAD, 1, 0), (LOAD, 8, 0),
    (SUB, 0, 0), (STORE, 9, 0), (LOAD, 9, 0), (CONSTANT, 0, 3),
    (MUL, 0, 0), (STORE, 4, 0), (LOAD, 1, 0), (STORE, 8, 0),
    (LDN, 4, 0), (XOR, 5, 0), (ORN, 6, 0), (TIMER, 1, 2),
    (ST, 11, 0), (LOAD, 10, 0), (CONSTANT, 0, 1), (ADD, 0, 0),
    (STORE, 10, 0), (END, 0, 0),
)


class Machine:
    def __init__(self):
        self.bits = bytearray(32)
        self.words = [0] * 16
        self.timers = [0] * 4
        self.counters = [0] * 4
        self.edges = [0] * 4
        self.executed = 0


def scan(m):
    bits = m.bits
    words = m.words
    stack = []
    bit = 0
    at = 0
    while True:
        operation, operand, value = program[at]
        at += 1
        m.executed += 1
        if operation == LD:
            bit = bits[operand]
        elif operation == LDN:
            bit = bits[operand] ^ 1
        elif operation == AND:
            bit &= bits[operand]
        elif operation == ANDN:
            bit &= bits[operand] ^ 1
        elif operation == OR:
            bit |= bits[operand]
        elif operation == ORN:
            bit |= bits[operand] ^ 1
        elif operation == XOR:
            bit ^= bits[operand]
        elif operation == ST:
            bits[operand] = bit
        elif operation == SET:
            if bit:
                bits[operand] = 1
        elif operation == RESET:
            if bit:
                bits[operand] = 0
        elif operation == TIMER:
            if not bit:
                m.timers[operand] = 0
            elif m.timers[operand] < value:
                m.timers[operand] += 1
            bit = 1 if m.timers[operand] >= value else 0
        elif operation == COUNTER:
            if bit and not m.edges[operand]:
                m.counters[operand] += 1
            m.edges[operand] = bit
            bit = 1 if m.counters[operand] >= value else 0
            if bit:
                m.counters[operand] = 0
        elif operation == LOAD:
            stack.append(words[operand])
        elif operation == CONSTANT:
            stack.append(value)
        elif operation == ADD:
            top = stack.pop()
            stack[-1] += top
        elif operation == SUB:
            top = stack.pop()
            stack[-1] -= top
        elif operation == MUL:
            top = stack.pop()
            stack[-1] *= top
        elif operation == GREATER:
            top = stack.pop()
            bit = 1 if stack.pop() > top else 0
        elif operation == LESS:
            top = stack.pop()
            bit = 1 if stack.pop() < top else 0
        elif operation == STORE:
            words[operand] = stack.pop()
        elif operation == JUMP_NOT:
            if not bit:
                at += value
        else:
            return


def simulate(m, random):
    bits = m.bits
    words = m.words
    bits[0] = 1 if random & 7 == 0 else 0
    bits[1] = 1 if random & 0x1F8 == 0 else 0
    bits[2] = 1 if random & 0xFE00 == 0 else 0
    bits[3] = 1 if random & 0x70000 == 0 else 0
    for i in range(4, 8):
        bits[i] = random >> 16 + i & 1
    words[0] += 60 if bits[8] else 0
    words[0] -= 150 if bits[9] else random >> 28
    if words[0] < 0:
        words[0] = 0
    words[1] = words[0] * 2 + (random >> 24 & 15)


def run(n):
    state = 32
    total = 0
    m = Machine()
    for _ in range(n):
        for _ in range(SCANS):
            state = next_random(state)
            simulate(m, state)
            scan(m)
            outputs = 0
            for i in range(8, 16):
                outputs = outputs << 1 | m.bits[i]
            total = fold(total, outputs)
        total = fold(total, m.words[4])
        total = fold(total, m.executed)
    return signed(total)
