/* Sieve of Eratosthenes over bytes. */
#include "app.h"

#define LIMIT 8192

static uint8_t composite[LIMIT];

/* Number of primes below `limit`, which is cut to 8192. */
EXPORT(primes) uint32_t primes(uint32_t limit)
{
    uint32_t count = 0;
    if (limit > LIMIT)
        limit = LIMIT;
    for (uint32_t i = 0; i < limit; i++)
        composite[i] = 0;
    for (uint32_t i = 2; i < limit; i++) {
        if (composite[i])
            continue;
        count++;
        for (uint32_t multiple = 2 * i; multiple < limit; multiple += i)
            composite[multiple] = 1;
    }
    return count;
}

int32_t run(int32_t n)
{
    uint32_t sum = 0;
    for (int32_t round = 0; round < n; round++)
        sum = fold(sum, primes(LIMIT - (uint32_t)round));
    return (int32_t)sum;
}
