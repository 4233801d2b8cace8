/* AES-128 (FIPS 197), encryption in counter mode; the S-box is computed. */
#include "app.h"

static uint8_t sbox[256];
static uint8_t round_keys[176];
static uint8_t data[512];

static uint8_t times2(uint8_t x)
{
    return (uint8_t)(x << 1 ^ (x >> 7) * 0x1b);
}

static uint8_t rotate(uint8_t x, int by)
{
    return (uint8_t)(x << by | x >> (8 - by));
}

static void make_sbox(void)
{
    uint8_t p = 1, q = 1;
    do {
        p ^= times2(p);              /* times 3, a generator of the field */
        q ^= (uint8_t)(q << 1);      /* divided by 3 */
        q ^= (uint8_t)(q << 2);
        q ^= (uint8_t)(q << 4);
        if (q & 0x80)
            q ^= 0x09;
        sbox[p] = q ^ rotate(q, 1) ^ rotate(q, 2) ^ rotate(q, 3) ^ rotate(q, 4) ^ 0x63;
    } while (p != 1);
    sbox[0] = 0x63;
}

/* Buffer of 512 bytes that a caller may fill with a key and blocks. */
EXPORT(buffer) uint8_t *buffer(void)
{
    return data;
}

EXPORT(expand_key) void expand_key(const uint8_t key[16])
{
    uint8_t constant = 1;
    if (sbox[0] == 0)
        make_sbox();
    for (int i = 0; i < 16; i++)
        round_keys[i] = key[i];
    for (int i = 16; i < 176; i += 4) {
        uint8_t t[4];
        for (int j = 0; j < 4; j++)
            t[j] = round_keys[i - 4 + j];
        if (i % 16 == 0) {
            uint8_t first = t[0];
            t[0] = sbox[t[1]] ^ constant;
            t[1] = sbox[t[2]];
            t[2] = sbox[t[3]];
            t[3] = sbox[first];
            constant = times2(constant);
        }
        for (int j = 0; j < 4; j++)
            round_keys[i + j] = round_keys[i - 16 + j] ^ t[j];
    }
}

static void add_key(uint8_t s[16], const uint8_t *key)
{
    for (int i = 0; i < 16; i++)
        s[i] ^= key[i];
}

static void substitute_and_shift(uint8_t s[16])
{
    uint8_t t[16];
    for (int i = 0; i < 16; i++)
        t[i] = sbox[s[(i + 4 * (i & 3)) & 15]];
    for (int i = 0; i < 16; i++)
        s[i] = t[i];
}

static void mix_columns(uint8_t s[16])
{
    for (int i = 0; i < 16; i += 4) {
        uint8_t first = s[i], all = s[i] ^ s[i + 1] ^ s[i + 2] ^ s[i + 3];
        for (int j = 0; j < 3; j++)
            s[i + j] ^= all ^ times2(s[i + j] ^ s[i + j + 1]);
        s[i + 3] ^= all ^ times2(s[i + 3] ^ first);
    }
}

EXPORT(encrypt) void encrypt(uint8_t block[16])
{
    add_key(block, round_keys);
    for (int round = 1; round < 10; round++) {
        substitute_and_shift(block);
        mix_columns(block);
        add_key(block, round_keys + 16 * round);
    }
    substitute_and_shift(block);
    add_key(block, round_keys + 160);
}

int32_t run(int32_t n)
{
    uint32_t state = 10, sum = 0;
    uint8_t key[16], block[16];
    for (int i = 0; i < 16; i++)
        key[i] = (uint8_t)i;
    for (uint32_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)next_random(&state);
    expand_key(key);
    for (int32_t round = 0; round < n; round++)
        for (uint32_t at = 0; at < sizeof data; at += 16) {
            for (uint32_t i = 0; i < 16; i++)
                block[i] = (uint8_t)(i < 4 ? (uint32_t)round >> (8 * i) : at + i);
            encrypt(block);
            for (uint32_t i = 0; i < 16; i++)
                sum = fold(sum, data[at + i] ^= block[i]);
        }
    return (int32_t)sum;
}
