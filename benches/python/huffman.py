SYMBOLS = 64
NODES = 2 * SYMBOLS - 1
LENGTH = 1024


class Tree:
    def __init__(self):
        self.weight = [0] * NODES
        self.parent = [-1] * NODES
        self.left = [-1] * NODES
        self.right = [-1] * NODES


def lightest(tree, count):
    best = -1
    weight = tree.weight
    parent = tree.parent
    for i in range(count):
        if parent[i] < 0 and weight[i] > 0 and (best < 0 or weight[i] < weight[best]):
            best = i
    return best


def build_tree(tree, data):
    for byte in data:
        tree.weight[byte & SYMBOLS - 1] += 1
    next_node = SYMBOLS
    while True:
        left = lightest(tree, next_node)
        tree.parent[left] = next_node
        right = lightest(tree, next_node)
        if right < 0:
            tree.parent[left] = -1
            return left
        tree.parent[right] = next_node
        tree.weight[next_node] = tree.weight[left] + tree.weight[right]
        tree.left[next_node] = left
        tree.right[next_node] = right
        next_node += 1


def make_codes(tree, codes, lengths):
    for symbol in range(SYMBOLS):
        code = 0
        length = 0
        at = symbol
        while tree.parent[at] >= 0:
            if tree.right[tree.parent[at]] == at:
                code |= 1 << length
            length += 1
            at = tree.parent[at]
        codes[symbol] = code
        lengths[symbol] = length


def encode(codes, lengths, data, out):
    pending = 0
    held = 0
    total = 0
    at = 0
    for byte in data:
        length = lengths[byte]
        pending = (pending << length | codes[byte]) & 0xFFFFFF
        held += length
        total += length
        while held >= 8:
            held -= 8
            out[at] = pending >> held & 0xFF
            at += 1
    if held:
        out[at] = pending << 8 - held & 0xFF
    return total


def decode(tree, data, bits, root, out):
    count = 0
    at = root
    left = tree.left
    right = tree.right
    for i in range(bits):
        bit = data[i >> 3] >> 7 - (i & 7) & 1
        at = right[at] if bit else left[at]
        if left[at] < 0:
            out[count] = at
            count += 1
            at = root
    return count


def run(n):
    state = 27
    total = 0
    plain = bytearray(LENGTH)
    packed = bytearray(LENGTH)
    unpacked = bytearray(LENGTH)
    codes = [0] * SYMBOLS
    lengths = [0] * SYMBOLS
    for _ in range(n):
        for i in range(LENGTH):
            state = next_random(state)
            plain[i] = (state & 7) + (state >> 3 & 7) * (state >> 6 & 7)
        tree = Tree()
        root = build_tree(tree, plain)
        make_codes(tree, codes, lengths)
        bits = encode(codes, lengths, plain, packed)
        if decode(tree, packed, bits, root, unpacked) != LENGTH:
            return -1
        for i in range(LENGTH):
            if unpacked[i] != plain[i]:
                return -2
        total = fold(total, bits)
        for i in range(0, bits // 8, 16):
            total = fold(total, packed[i])
    return signed(total)
