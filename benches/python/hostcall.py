def print_i32(value):
    pass


def run(n):
    state = 12
    total = 0
    printed = 0
    for _ in range(n):
        balance = 0
        for _ in range(10):
            state = next_random(state)
            amount = state % 2000 - 1000
            balance += amount
            print_i32(amount)
            printed += 1
        print_i32(balance)
        total = fold(total, balance)
    return signed(fold(total, printed))
