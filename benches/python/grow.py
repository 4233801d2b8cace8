# A tree of objects: the interpreter's own heap is what grows.


class Node:
    def __init__(self, key, r):
        self.key = key
        self.count = 1
        self.left = None
        self.right = None
        self.seen = [r, 0, 0, 0]


def insert(root, key, r):
    node = root
    while True:
        if node.key == key:
            node.seen[node.count & 3] = r
            node.count += 1
            return
        if key < node.key:
            if node.left is None:
                node.left = Node(key, r)
                return
            node = node.left
        else:
            if node.right is None:
                node.right = Node(key, r)
                return
            node = node.right


def walk(node, total):
    if node is None:
        return total
    total = walk(node.left, total)
    total = fold(fold(total, node.key + node.count), node.seen[0])
    return walk(node.right, total)


def run(n):
    state = 13
    root = None
    for i in range(n * 256):
        state = next_random(state)
        if root is None:
            root = Node(state & 0xFFF, i)
        else:
            insert(root, state & 0xFFF, i)
    return signed(walk(root, 0))
