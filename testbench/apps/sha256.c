/* SHA-256 (FIPS 180-4) of a message in memory. */
#include "app.h"

static const uint32_t k[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static const uint32_t initial[8] = {
    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
};

static uint8_t message[1024];
static uint8_t digest[32];

static uint32_t rotate(uint32_t x, int by)
{
    return x >> by | x << (32 - by);
}

static void compress(uint32_t h[8], const uint8_t block[64])
{
    uint32_t w[64];
    for (int i = 0; i < 16; i++)
        w[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16
             | (uint32_t)block[4 * i + 2] << 8 | block[4 * i + 3];
    for (int i = 16; i < 64; i++) {
        uint32_t s0 = rotate(w[i - 15], 7) ^ rotate(w[i - 15], 18) ^ w[i - 15] >> 3;
        uint32_t s1 = rotate(w[i - 2], 17) ^ rotate(w[i - 2], 19) ^ w[i - 2] >> 10;
        w[i] = w[i - 16] + s0 + w[i - 7] + s1;
    }
    uint32_t a = h[0], b = h[1], c = h[2], d = h[3], e = h[4], f = h[5], g = h[6], last = h[7];
    for (int i = 0; i < 64; i++) {
        uint32_t s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
        uint32_t t1 = last + s1 + ((e & f) ^ (~e & g)) + k[i] + w[i];
        uint32_t s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
        uint32_t t2 = s0 + ((a & b) ^ (a & c) ^ (b & c));
        last = g;
        g = f;
        f = e;
        e = d + t1;
        d = c;
        c = b;
        b = a;
        a = t1 + t2;
    }
    h[0] += a;
    h[1] += b;
    h[2] += c;
    h[3] += d;
    h[4] += e;
    h[5] += f;
    h[6] += g;
    h[7] += last;
}

/* Buffer of 1024 bytes that a caller may fill before calling `sha256`. */
EXPORT(buffer) uint8_t *buffer(void)
{
    return message;
}

/* Writes the 32 bytes of the digest; `length` below 2^29. */
EXPORT(sha256) void sha256(uint8_t *out, const uint8_t *bytes, uint32_t length)
{
    uint32_t h[8];
    uint8_t block[64];
    uint32_t left = length;
    for (int i = 0; i < 8; i++)
        h[i] = initial[i];
    for (; left >= 64; left -= 64, bytes += 64)
        compress(h, bytes);
    uint32_t i = 0;
    for (; i < left; i++)
        block[i] = bytes[i];
    block[i++] = 0x80;
    if (i > 56) {
        while (i < 64)
            block[i++] = 0;
        compress(h, block);
        i = 0;
    }
    while (i < 60)
        block[i++] = 0;
    uint32_t bits = length << 3;
    for (; i < 64; i++, bits <<= 8)
        block[i] = (uint8_t)(bits >> 24);
    compress(h, block);
    for (i = 0; i < 32; i++)
        out[i] = (uint8_t)(h[i / 4] >> (24 - 8 * (i % 4)));
}

int32_t run(int32_t n)
{
    uint32_t state = 7, sum = 0;
    for (uint32_t i = 0; i < sizeof message; i++)
        message[i] = (uint8_t)next_random(&state);
    for (int32_t round = 0; round < n; round++) {
        sha256(digest, message, sizeof message - ((uint32_t)round & 63));
        for (uint32_t i = 0; i < 32; i++) {
            message[i] ^= digest[i];
            sum = fold(sum, digest[i]);
        }
    }
    return (int32_t)sum;
}
