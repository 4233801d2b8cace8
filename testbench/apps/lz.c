/* LZ4 block format: a decompressor that checks its bounds, and a greedy
 * compressor that makes its input. */
#include "app.h"

#define PLAIN 4096
#define PACKED 5120
#define HASH_BITS 8

static uint8_t plain[PLAIN], packed[PACKED], unpacked[PLAIN];
static uint16_t heads[1 << HASH_BITS];

static uint32_t load32(const uint8_t *p)
{
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static uint8_t *put_length(uint8_t *out, uint32_t rest)
{
    for (; rest >= 255; rest -= 255)
        *out++ = 255;
    *out++ = (uint8_t)rest;
    return out;
}

static uint8_t *put_sequence(uint8_t *out, const uint8_t *literals, uint32_t count,
                             uint32_t distance, uint32_t match)
{
    uint8_t *token = out++;
    *token = (uint8_t)((count < 15 ? count : 15) << 4);
    if (count >= 15)
        out = put_length(out, count - 15);
    while (count--)
        *out++ = *literals++;
    if (match) {
        *out++ = (uint8_t)distance;
        *out++ = (uint8_t)(distance >> 8);
        match -= 4;
        *token |= match < 15 ? match : 15;
        if (match >= 15)
            out = put_length(out, match - 15);
    }
    return out;
}

/* Bytes written to `to`, which must hold `length + length / 255 + 16`. */
EXPORT(compress) uint32_t compress(uint8_t *to, const uint8_t *from, uint32_t length)
{
    uint8_t *out = to;
    uint32_t anchor = 0, i = 0;
    for (uint32_t h = 0; h < 1 << HASH_BITS; h++)
        heads[h] = 0;
    /* The format keeps the last 12 bytes free of match starts, the last 5 literal. */
    while (i + 12 < length) {
        uint32_t word = load32(from + i);
        uint16_t *head = &heads[(word * 2654435761u) >> (32 - HASH_BITS)];
        uint32_t candidate = *head;
        *head = (uint16_t)i;
        if (candidate >= i || load32(from + candidate) != word) {
            i++;
            continue;
        }
        uint32_t match = 4;
        while (i + match < length - 5 && from[candidate + match] == from[i + match])
            match++;
        out = put_sequence(out, from + anchor, i - anchor, i - candidate, match);
        i += match;
        anchor = i;
    }
    out = put_sequence(out, from + anchor, length - anchor, 0, 0);
    return (uint32_t)(out - to);
}

/* Bytes written to `to`, or -1 when the block is broken or does not fit. */
EXPORT(decompress) int32_t decompress(uint8_t *to, uint32_t room, const uint8_t *from, uint32_t length)
{
    const uint8_t *in = from, *in_end = from + length;
    uint8_t *out = to, *out_end = to + room;
    while (in < in_end) {
        uint32_t token = *in++, byte;
        uint32_t literals = token >> 4, match = token & 15;
        if (literals == 15)
            do {
                if (in == in_end)
                    return -1;
                literals += byte = *in++;
            } while (byte == 255);
        if (literals > (uint32_t)(in_end - in) || literals > (uint32_t)(out_end - out))
            return -1;
        while (literals--)
            *out++ = *in++;
        if (in == in_end)
            return (int32_t)(out - to);
        if (in_end - in < 2)
            return -1;
        uint32_t distance = in[0] | (uint32_t)in[1] << 8;
        in += 2;
        if (match == 15)
            do {
                if (in == in_end)
                    return -1;
                match += byte = *in++;
            } while (byte == 255);
        match += 4;
        if (distance == 0 || distance > (uint32_t)(out - to) || match > (uint32_t)(out_end - out))
            return -1;
        const uint8_t *source = out - distance;
        while (match--)
            *out++ = *source++;
    }
    return -1;
}

int32_t run(int32_t n)
{
    uint32_t state = 8, sum = 0;
    /* Words of a small vocabulary, so that there is something to find. */
    for (uint32_t i = 0; i < PLAIN;) {
        uint32_t word = next_random(&state) >> 27, length = 3 + (word & 7);
        for (uint32_t j = 0; j < length && i < PLAIN; j++)
            plain[i++] = (uint8_t)('a' + (word * 7 + j * 5) % 26);
    }
    uint32_t size = compress(packed, plain, PLAIN);
    sum = fold(sum, size);
    for (int32_t round = 0; round < n; round++) {
        int32_t length = decompress(unpacked, PLAIN, packed, size);
        sum = fold(sum, (uint32_t)length);
        for (uint32_t i = 0; i < PLAIN; i += 4) {
            if (load32(unpacked + i) != load32(plain + i))
                return -1;
            sum = fold(sum, load32(unpacked + i));
        }
    }
    /* A block that ends early is refused, not overrun. */
    return (int32_t)fold(sum, (uint32_t)decompress(unpacked, PLAIN, packed, size - 3));
}
