composite = bytearray(8192)


@micropython.viper
def primes(limit: int, composite: ptr8) -> int:
    count = 0
    for i in range(limit):
        composite[i] = 0
    for i in range(2, limit):
        if not composite[i]:
            count += 1
            multiple = 2 * i
            while multiple < limit:
                composite[multiple] = 1
                multiple += i
    return count


def run(n):
    total = 0
    for r in range(n):
        total = fold(total, primes(8192 - r, composite))
    return signed(total)
