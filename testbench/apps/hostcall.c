/* Calls its host: a statement printed line by line through an import. */
#include "app.h"

IMPORT(spectest, print_i32) void print_i32(int32_t value);

static uint32_t printed;

EXPORT(countdown) uint32_t countdown(int32_t from)
{
    while (from > 0)
        print_i32(from--);
    return printed;
}

int32_t run(int32_t n)
{
    uint32_t state = 12, sum = 0;
    for (int32_t round = 0; round < n; round++) {
        int32_t balance = 0;
        for (int line = 0; line < 10; line++) {
            int32_t amount = (int32_t)(next_random(&state) % 2000) - 1000;
            balance += amount;
            print_i32(amount);
            printed++;
        }
        print_i32(balance);
        sum = fold(sum, (uint32_t)balance);
    }
    return (int32_t)fold(sum, printed);
}
