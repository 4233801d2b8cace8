/* What every guest app shares: fixed-width types, the export mark and a
 * repeatable source of input bytes.
 *
 * The same sources are compiled to WebAssembly, to Arm (the native line of the
 * benches) and for the host (the expected checksums), so nothing here depends on
 * a C library and an export is an ordinary function everywhere.
 */
#ifndef APP_H
#define APP_H

#include <stdint.h>

#ifdef __wasm__
#define EXPORT(name) __attribute__((export_name(#name)))
#define IMPORT(module, name) __attribute__((import_module(#module), import_name(#name)))
#else
#define EXPORT(name) __attribute__((used))
#define IMPORT(module, name)
#endif

/* Every app has it: `n` rounds of work, folded into a checksum. */
EXPORT(run) int32_t run(int32_t n);

/* xorshift32 (Marsaglia 2003); `state` must not be zero. */
static inline uint32_t next_random(uint32_t *state)
{
    uint32_t x = *state;
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    return *state = x;
}

/* Order-sensitive fold of one word into a checksum. */
static inline uint32_t fold(uint32_t sum, uint32_t word)
{
    return (((sum << 5) | (sum >> 27)) ^ word) * 0x9e3779b1u;
}

#endif
