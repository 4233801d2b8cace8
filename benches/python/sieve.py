LIMIT = 8192
composite = bytearray(LIMIT)


def primes(limit):
    count = 0
    for i in range(limit):
        composite[i] = 0
    for i in range(2, limit):
        if composite[i]:
            continue
        count += 1
        for multiple in range(2 * i, limit, i):
            composite[multiple] = 1
    return count


def run(n):
    total = 0
    for r in range(n):
        total = fold(total, primes(LIMIT - r))
    return signed(total)
