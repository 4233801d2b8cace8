/* CRC-32 (ISO-HDLC, as in zip and Ethernet), one table lookup per byte. */
#include "app.h"

static uint32_t table[256];
static uint8_t message[4096];

static void make_table(void)
{
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t c = i;
        for (int bit = 0; bit < 8; bit++)
            c = (c & 1) ? 0xedb88320u ^ (c >> 1) : c >> 1;
        table[i] = c;
    }
}

/* Buffer of 4096 bytes that a caller may fill before calling `crc32`. */
EXPORT(buffer) uint8_t *buffer(void)
{
    return message;
}

EXPORT(crc32) uint32_t crc32(const uint8_t *bytes, uint32_t length)
{
    if (table[1] == 0)
        make_table();
    uint32_t c = 0xffffffffu;
    while (length--)
        c = table[(c ^ *bytes++) & 0xff] ^ (c >> 8);
    return ~c;
}

int32_t run(int32_t n)
{
    uint32_t state = 1, sum = 0;
    for (uint32_t i = 0; i < sizeof message; i++)
        message[i] = (uint8_t)next_random(&state);
    for (int32_t round = 0; round < n; round++) {
        message[round & 4095] ^= (uint8_t)round;
        sum = fold(sum, crc32(message, sizeof message));
    }
    return (int32_t)sum;
}
