/* Drives zlib (Jean-loup Gailly and Mark Adler, zlib licence): deflate and
 * inflate of a text, with the smallest window and a bump allocator. */
#include "../app.h"
#include <zlib.h>

#define PLAIN 4096

static uint32_t arena[9000];
static uint32_t arena_used;
static uint8_t plain[PLAIN], packed[PLAIN], unpacked[PLAIN];

static voidpf allocate(voidpf opaque, uInt items, uInt size)
{
    (void)opaque;
    uint32_t words = (items * size + 7) / 8 * 2;
    if (words > sizeof arena / sizeof *arena - arena_used)
        return Z_NULL;
    voidpf p = arena + arena_used;
    arena_used += words;
    return p;
}

static void release(voidpf opaque, voidpf p)
{
    (void)opaque;
    (void)p;
}

static z_stream *stream(const uint8_t *in, uint32_t length, uint8_t *out, uint32_t room)
{
    static z_stream z;
    z.zalloc = allocate;
    z.zfree = release;
    z.next_in = (Bytef *)in;
    z.avail_in = length;
    z.next_out = out;
    z.avail_out = room;
    arena_used = 0;
    return &z;
}

/* Bytes written to `out` in zlib format, or zlib's negative error. */
EXPORT(pack) int32_t pack(uint8_t *out, uint32_t room, const uint8_t *in, uint32_t length, int32_t level)
{
    z_stream *z = stream(in, length, out, room);
    int result = deflateInit2(z, level, Z_DEFLATED, 9, 1, Z_DEFAULT_STRATEGY);
    if (result != Z_OK)
        return result;
    result = deflate(z, Z_FINISH);
    return result == Z_STREAM_END ? (int32_t)z->total_out : Z_BUF_ERROR;
}

/* Bytes written to `out`, or zlib's negative error. */
EXPORT(unpack) int32_t unpack(uint8_t *out, uint32_t room, const uint8_t *in, uint32_t length)
{
    z_stream *z = stream(in, length, out, room);
    int result = inflateInit2(z, 9);
    if (result != Z_OK)
        return result;
    result = inflate(z, Z_FINISH);
    return result == Z_STREAM_END ? (int32_t)z->total_out : result < 0 ? result : Z_BUF_ERROR;
}

int32_t run(int32_t n)
{
    uint32_t state = 15, sum = 0;
    for (uint32_t i = 0; i < PLAIN;) {
        uint32_t word = next_random(&state) >> 27, length = 3 + (word & 7);
        for (uint32_t j = 0; j < length && i < PLAIN; j++)
            plain[i++] = (uint8_t)('a' + (word * 7 + j * 5) % 26);
    }
    for (int32_t round = 0; round < n; round++) {
        plain[round & (PLAIN - 1)] ^= 1;
        int32_t size = pack(packed, sizeof packed, plain, PLAIN, 1 + round % 9);
        sum = fold(sum, (uint32_t)size);
        if (size < 0 || unpack(unpacked, sizeof unpacked, packed, (uint32_t)size) != PLAIN)
            return -1;
        for (uint32_t i = 0; i < PLAIN; i++) {
            if (unpacked[i] != plain[i])
                return -1;
            sum = fold(sum, unpacked[i]);
        }
        /* Damaged data are an error, never a crash. */
        packed[size / 2] ^= 0x55;
        sum = fold(sum, (uint32_t)unpack(unpacked, sizeof unpacked, packed, (uint32_t)size));
    }
    return (int32_t)sum;
}
