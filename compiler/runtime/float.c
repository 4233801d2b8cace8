// IEEE-754 binary32 and binary64 in integer arithmetic: what translated code calls where the core
// has no instruction of its own. Compiled to WebAssembly, embedded in the compiler, translated like
// any module, and added to an image function by function (README.md).
//
// Values travel as their bits. Every operation rounds to nearest, ties to even; subnormals are
// numbers like others. Whatever is not a number comes out of arithmetic as the one positive quiet NaN,
// which is what WebAssembly asks if the operands are, and allows if they are not; promotion and
// demotion make it quiet and keep the rest.
//
// The cores have 32-bit registers, a 32 x 32 -> 64 multiplication and most a 32 / 32 division. So:
//
// - A significand of binary64 is a pair of words, shifted by constants or by amounts below 32 where
//   that is possible: a shift of 64 bits by any amount is a long sequence.
// - Bits below the significand stand in a word of their own, `rest`, whose top bit is worth half a
//   unit in the last place, and whose lowest bit is set if anything nonzero was lost below it.
// - Packing *adds* the exponent less one to a significand that still has its leading bit, so a
//   significand that rounds up to the next power of two carries into the exponent, up to infinity,
//   and a subnormal one (exponent 1, no leading bit) gets the field 0.
// - No function touches memory, globals or tables: no arrays, no addresses. A function calls only
//   exported ones, and itself only as its last act, which is a loop.

#include <stdbool.h>
#include <stdint.h>

typedef int32_t i32;
typedef int64_t i64;
typedef uint32_t u32;
typedef uint64_t u64;

// Values by their bits.
typedef u32 f32;
typedef u64 f64;

#define TOP 0x80000000u

#define F32_INFINITY 0x7f800000u
#define F32_NAN 0x7fc00000u
#define F32_QUIET 0x00400000u
#define F32_LEADING 0x00800000u
#define F32_FRACTION 0x007fffffu

#define F64_SIGN 0x8000000000000000u
#define F64_INFINITY 0x7ff0000000000000u
#define F64_NAN 0x7ff8000000000000u
#define F64_LEADING 0x0010000000000000u
#define F64_FRACTION 0x000fffffffffffffu

// Of the high word.
#define HIGH_INFINITY 0x7ff00000u
#define HIGH_QUIET 0x00080000u
#define HIGH_LEADING 0x00100000u
#define HIGH_FRACTION 0x000fffffu

#define F32_BIAS 127
#define F64_BIAS 1023

// Of `compare`.
#define LESS (-1)
#define EQUAL 0
#define GREATER 1
#define UNORDERED 2

// Of the checks before a truncation.
#define IN_RANGE 0
#define NOT_A_NUMBER 1
#define OUT_OF_RANGE 2

#define inline static inline __attribute__((always_inline))

inline u32 high(u64 x) { return (u32)(x >> 32); }
inline u32 low(u64 x) { return (u32)x; }
inline u64 words(u32 high, u32 low) { return (u64)high << 32 | low; }

// The same word, of which clang does not know where it comes from. It would put words together for one
// operation of 64 bits, which is two on the cores, and do without a branch at the cost of more.
inline u32 word(u32 x)
{
    __asm__("" : "+r"(x));
    return x;
}
inline u32 high_word(u64 x) { return word(high(x)); }
inline u32 low_word(u64 x) { return word(low(x)); }

// Twice as much, for behind a branch: clang would shift by the condition.
inline u64 doubled(u64 x)
{
    x <<= 1;
    return words(high_word(x), low_word(x));
}

inline u64 product(u32 x, u32 y) { return (u64)word(x) * word(y); }
inline u32 high_product(u32 x, u32 y) { return high_word(product(x, y)); }

// Less a product, of which only what fits two words counts.
inline u64 less_product(u64 from, u32 x, u64 y)
{
    return from - product(x, low(y)) - words(word(x * high_word(y)), 0);
}

inline u32 leading_zeros(u32 x) { return (u32)__builtin_clz(x); }

// A double word that is not 0 with its topmost bit set; says how far it was shifted.
inline u64 shifted_up(u64 x, u32 *distance)
{
    u32 upper = high_word(x);
    u32 lower = low_word(x);
    if (upper == 0) {
        u32 zeros = leading_zeros(word(lower));
        *distance = zeros + 32;
        return words(word(lower << zeros), 0);
    }
    u32 zeros = word(leading_zeros(upper)) & 31;
    *distance = zeros;
    return words(word(upper << zeros | lower >> 1 >> (zeros ^ 31)), word(lower << zeros));
}

inline u32 f32_exponent(f32 x) { return x >> 23 & 0xff; }
inline u32 f64_exponent(f64 x) { return high_word(x) >> 20 & 0x7ff; }

// Whether an exponent is that of a normal number.
inline bool f32_is_normal(u32 exponent) { return word(exponent - 1) < 0xfe; }
inline bool f64_is_normal(u32 exponent) { return word(exponent - 1) < 0x7fe; }

inline u32 f32_magnitude(f32 x) { return x & ~TOP; }
inline u64 f64_magnitude(f64 x) { return words(high_word(x) & ~TOP, low(x)); }

// With the leading bit of a normal number.
inline u32 f32_significand(f32 x) { return (x & F32_FRACTION) | F32_LEADING; }
inline u64 f64_significand(f64 x)
{
    return words((high_word(x) & HIGH_FRACTION) | HIGH_LEADING, low(x));
}

inline bool f32_is_nan(f32 x) { return x << 1 > F32_INFINITY << 1; }
inline bool f64_is_nan(f64 x) { return f64_magnitude(x) > F64_INFINITY; }

// A significand with its leading bit and the bits below, as a value. The head is the sign and the
// exponent less one, at most that of the largest number. Half a unit rounds up, and then down to an
// even number if it was just half.
inline f32 f32_pack(u32 head, u32 significand, u32 rest)
{
    significand += rest >> 31;
    if (rest == TOP)
        significand &= ~1u;
    return head + significand;
}

inline f64 f64_pack(u32 head, u64 significand, u32 rest)
{
    significand += rest >> 31;
    u32 lower = word(low(significand));
    if (rest == TOP)
        lower &= ~1u;
    return words(head + high_word(significand), lower);
}

inline u32 f32_head(u32 sign, u32 scale) { return sign + (scale << 23); }
inline u32 f64_head(u32 sign, u32 scale) { return sign + (scale << 20); }

// The same, with the exponent less one as it comes: beyond that of normal numbers, and any.
inline f32 f32_beyond(u32 sign, i32 scale, u32 significand, u32 rest)
{
    if (scale >= 0)
        return sign | F32_INFINITY;
    u32 distance = (u32)-scale;
    if (distance > 24)
        return sign;
    rest = significand << (32 - distance) | (rest != 0);
    return f32_pack(sign, significand >> distance, rest);
}

inline f32 f32_finish(u32 sign, i32 scale, u32 significand, u32 rest)
{
    if ((u32)scale < 0xfe)
        return f32_pack(f32_head(sign, (u32)scale), significand, rest);
    return f32_beyond(sign, scale, significand, rest);
}

inline f64 f64_beyond(u32 sign, i32 scale, u64 significand, u32 rest)
{
    if (scale >= 0)
        return words(sign | HIGH_INFINITY, 0);
    u32 distance = (u32)-scale;
    if (distance > 53)
        return words(sign, 0);
    u64 below = significand << (64 - distance);
    rest = high_word(below) | (low_word(below) != 0) | (rest != 0);
    return f64_pack(sign, significand >> distance, rest);
}

inline f64 f64_finish(u32 sign, i32 scale, u64 significand, u32 rest)
{
    if ((u32)scale < 0x7fe)
        return f64_pack(f64_head(sign, (u32)scale), significand, rest);
    return f64_beyond(sign, scale, significand, rest);
}

// A significand whose number has the exponent field 0, with its leading bit in place.
inline u32 f32_normalize(u32 significand, i32 *exponent)
{
    u32 distance = leading_zeros(significand) - 8;
    *exponent = 1 - (i32)distance;
    return significand << distance;
}

inline u64 f64_normalize(u64 significand, i32 *exponent)
{
    u32 distance;
    significand = shifted_up(significand, &distance) >> 11;
    *exponent = 12 - (i32)distance;
    return significand;
}

// Below 2^63 / (x + 1) for an x with its top bit set, by 12 at most: the core divides for 15 bits,
// one step of Newton's iteration doubles them.
inline u32 reciprocal(u32 x)
{
    u32 estimate = 0xffffffffu / ((x >> 16) + 1) << 15;
    u32 missing = 0x7ffffffeu - high_product(x, estimate);
    return estimate + (high_product(estimate, missing) << 1);
}

// The square root of x in [2^28, 2^30), times 2^16: less by 1 to 4.
inline u32 root(u32 x)
{
    // Odd, that they are seen not to be zero.
    u32 first = (((x >> 14) * 0x5555 >> 16) + 11469) | 1;
    u32 second = (first + x / first) >> 1 | 1;
    u32 estimate = (second + x / second) >> 1;
    u32 quotient = x / estimate;
    u32 left = x - quotient * estimate;
    return (estimate << 15) + (quotient << 15) + ((left << 16) / estimate >> 1) - 3;
}

// Addition and subtraction.

f32 f32_add(f32 a, f32 b)
{
    if (a << 1 < b << 1)
        return f32_add(b, a);
    u32 sign = a & TOP;
    bool opposite = (a ^ b) >> 31;
    u32 exponent = f32_exponent(a);
    u32 distance = exponent - f32_exponent(b);
    u32 smaller = (b & F32_FRACTION) | F32_LEADING;
    if (exponent == 0xff) {
        bool none = f32_is_nan(a) || (opposite && distance == 0);
        return none ? F32_NAN : a;
    }
    if (f32_exponent(b) == 0) {
        if (exponent == 0) {
            u32 magnitude = a & ~TOP;
            if (!opposite)
                return a + (b & ~TOP);
            magnitude -= b & ~TOP;
            return magnitude ? sign | magnitude : 0;
        }
        smaller ^= F32_LEADING;
        distance -= 1;
    }
    if (distance > 25)
        return a;
    u32 significand = (a & F32_FRACTION) | F32_LEADING;
    distance = word(distance) & 31;
    u32 rest = smaller << 1 << (distance ^ 31);
    smaller >>= distance;
    if (!opposite) {
        significand += smaller;
        if (significand >> 24) {
            rest = significand << 31 | rest >> 1 | (rest & 1);
            significand >>= 1;
            exponent += 1;
            if (exponent == 0xff)
                return sign | F32_INFINITY;
        }
    } else {
        significand -= smaller + (rest != 0);
        rest = 0 - rest;
        if (significand >> 23 == 0) {
            // Where more than one bit is cancelled, the distance was at most 1: nothing rounds.
            significand = significand << 1 | rest >> 31;
            rest <<= 1;
            if (significand == 0)
                return 0;
            u32 zeros = leading_zeros(significand) - 8;
            if (zeros + 1 >= exponent)
                return sign | significand << (exponent - 1) >> 1;
            significand <<= zeros;
            exponent -= zeros + 1;
        }
    }
    return f32_pack(f32_head(sign, exponent - 1), significand, rest);
}

f32 f32_sub(f32 a, f32 b)
{
    return f32_add(a, b ^ TOP);
}

f64 f64_add(f64 a, f64 b)
{
    if (f64_magnitude(a) < f64_magnitude(b))
        return f64_add(b, a);
    u32 a_high = high_word(a);
    u32 b_high = high_word(b);
    bool opposite = (a_high ^ b_high) >> 31;
    u32 exponent = a_high >> 20 & 0x7ff;
    u32 b_exponent = b_high >> 20 & 0x7ff;
    u32 distance = exponent - b_exponent;
    u32 upper = (b_high & HIGH_FRACTION) | HIGH_LEADING;
    u32 lower = low(b);
    if (exponent == 0x7ff) {
        bool none = f64_is_nan(a) || (opposite && distance == 0);
        return none ? F64_NAN : a;
    }
    if (b_exponent == 0) {
        if (exponent == 0) {
            if (!opposite)
                return a + f64_magnitude(b);
            u64 magnitude = f64_magnitude(a) - f64_magnitude(b);
            return magnitude ? words(a_high & TOP, 0) | magnitude : 0;
        }
        upper ^= HIGH_LEADING;
        distance -= 1;
    }
    if (distance > 54)
        return a;
    u32 head = f64_head(a_high & TOP, exponent - 1);
    u64 significand = words((a_high & HIGH_FRACTION) | HIGH_LEADING, low(a));
    u32 rest;
    if (distance < 32) {
        distance = word(distance) & 31;
        u32 left = distance ^ 31;
        rest = lower << 1 << left;
        lower = lower >> distance | upper << 1 << left;
        upper >>= distance;
    } else {
        distance = word(distance) & 31;
        u32 left = distance ^ 31;
        bool lost = lower << 1 << left;
        rest = lower >> distance | upper << 1 << left | lost;
        lower = upper >> distance;
        upper = 0;
    }
    u64 smaller = words(word(upper), word(lower));
    if (!opposite) {
        significand += smaller;
        if (high_word(significand) >= 2 * HIGH_LEADING) {
            rest = low(significand) << 31 | rest >> 1 | (rest & 1);
            significand >>= 1;
            head += HIGH_LEADING;
            if (exponent == 0x7fe)
                return words(head + HIGH_LEADING, 0);
        }
    } else {
        significand -= smaller;
        significand -= rest != 0;
        rest = 0 - rest;
        if (high_word(significand) < HIGH_LEADING) {
            // Where more than one bit is cancelled, the distance was at most 1: nothing rounds.
            significand = significand << 1 | rest >> 31;
            rest <<= 1;
            if (significand == 0)
                return 0;
            u32 zeros;
            u64 shifted = shifted_up(significand, &zeros);
            zeros -= 10;
            if (zeros >= exponent)
                return words(a_high & TOP, 0) | significand << (exponent - 1) >> 1;
            significand = shifted >> 11;
            head -= zeros << 20;
        }
    }
    return f64_pack(head, significand, rest);
}

f64 f64_sub(f64 a, f64 b)
{
    return f64_add(a, b ^ F64_SIGN);
}

// Multiplication.

// A number below the normal ones takes from the exponent of the other what makes it a normal one:
// that leaves the product as it is. If the other has not as much, the product is below all numbers.

f32 f32_mul(f32 a, f32 b)
{
    u32 sign = (a ^ b) & TOP;
    u32 a_exponent = f32_exponent(a);
    u32 b_exponent = f32_exponent(b);
    if (!f32_is_normal(a_exponent) || !f32_is_normal(b_exponent)) {
        if (f32_magnitude(a) < f32_magnitude(b))
            return f32_mul(b, a);
        u32 fraction = f32_magnitude(b);
        if (a_exponent == 0xff) {
            bool none = f32_is_nan(a) || fraction == 0;
            return none ? F32_NAN : sign | F32_INFINITY;
        }
        if (fraction == 0)
            return sign;
        u32 distance = leading_zeros(fraction) - 8;
        if (a_exponent <= distance)
            return sign;
        return f32_mul((f32_magnitude(a) | sign) - (distance << 23), fraction << distance);
    }
    i32 scale = (i32)(a_exponent + b_exponent) - F32_BIAS;
    u64 exact = product(f32_significand(a) << 8, f32_significand(b));
    if (exact < (u64)F32_LEADING << 32) {
        exact = doubled(exact);
        scale -= 1;
    }
    return f32_finish(sign, scale, high(exact), low(exact));
}

f64 f64_mul(f64 a, f64 b)
{
    u32 sign = (high_word(a) ^ high_word(b)) & TOP;
    u32 a_exponent = f64_exponent(a);
    u32 b_exponent = f64_exponent(b);
    if (!f64_is_normal(a_exponent) || !f64_is_normal(b_exponent)) {
        if (f64_magnitude(a) < f64_magnitude(b))
            return f64_mul(b, a);
        u64 fraction = f64_magnitude(b);
        if (a_exponent == 0x7ff) {
            bool none = f64_is_nan(a) || fraction == 0;
            return none ? F64_NAN : words(sign | HIGH_INFINITY, 0);
        }
        if (fraction == 0)
            return words(sign, 0);
        u32 distance;
        fraction = shifted_up(fraction, &distance) >> 11;
        distance -= 11;
        if (a_exponent <= distance)
            return words(sign, 0);
        u32 upper = high(f64_magnitude(a)) | sign;
        return f64_mul(words(upper - (distance << 20), low(a)), fraction);
    }
    i32 scale = (i32)(a_exponent + b_exponent) - F64_BIAS;
    u32 x_high = (high_word(a) & HIGH_FRACTION) | HIGH_LEADING;
    x_high = x_high << 11 | low_word(a) >> 21;
    u32 x_low = low_word(a) << 11;
    u32 y_high = (high_word(b) & HIGH_FRACTION) | HIGH_LEADING;
    u32 y_low = low_word(b);
    u64 first = product(x_low, y_low);
    u64 second = product(x_low, y_high) + high(first);
    u64 third = product(x_high, y_low) + low_word(second);
    u64 significand = product(x_high, y_high) + high(second) + high(third);
    u32 rest = low_word(third) | (low_word(first) != 0);
    if (high_word(significand) < HIGH_LEADING) {
        significand = significand << 1 | rest >> 31;
        rest <<= 1;
        scale -= 1;
    }
    return f64_finish(sign, scale, significand, rest);
}

// Division. The quotient is found with one bit below the significand. That bit alone rounds a normal
// result: an exact quotient with one bit more than a significand times a significand has more bits
// than a significand. Only where a result is subnormal does the remainder count.

f32 f32_div(f32 a, f32 b)
{
    u32 sign = (a ^ b) & TOP;
    i32 a_exponent = (i32)f32_exponent(a);
    i32 b_exponent = (i32)f32_exponent(b);
    u32 x = f32_significand(a);
    u32 y = f32_significand(b);
    if (!f32_is_normal((u32)a_exponent) || !f32_is_normal((u32)b_exponent)) {
        a = f32_magnitude(a);
        b = f32_magnitude(b);
        if (a > F32_INFINITY || b > F32_INFINITY)
            return F32_NAN;
        if (a == b && (a == 0 || a == F32_INFINITY))
            return F32_NAN;
        if (a == F32_INFINITY || b == 0)
            return sign | F32_INFINITY;
        if (b == F32_INFINITY || a == 0)
            return sign;
        if (a_exponent == 0)
            x = f32_normalize(a, &a_exponent);
        if (b_exponent == 0)
            y = f32_normalize(b, &b_exponent);
    }
    i32 scale = a_exponent - b_exponent + F32_BIAS - 1;
    if (x < y) {
        x = word(x << 1);
        scale -= 1;
    }
    // Eight bits at a time, after the leading one. The divisor is seen not to be zero.
    y = word(y) | F32_LEADING;
    u32 left = (x - y) << 8;
    u32 quotient = 0x100 | left / y;
    left = left % y << 8;
    quotient = quotient << 8 | left / y;
    left = left % y << 8;
    quotient = quotient << 8 | left / y;
    if ((u32)scale < 0xfe)
        return f32_head(sign, (u32)scale) + ((quotient + 1) >> 1);
    return f32_beyond(sign, scale, quotient >> 1, quotient << 31 | (left % y != 0));
}

f64 f64_div(f64 a, f64 b)
{
    u32 sign = (high_word(a) ^ high_word(b)) & TOP;
    i32 a_exponent = (i32)f64_exponent(a);
    i32 b_exponent = (i32)f64_exponent(b);
    u64 x = f64_significand(a);
    u64 y = f64_significand(b);
    if (!f64_is_normal((u32)a_exponent) || !f64_is_normal((u32)b_exponent)) {
        a = f64_magnitude(a);
        b = f64_magnitude(b);
        if (a > F64_INFINITY || b > F64_INFINITY)
            return F64_NAN;
        if (a == b && (a == 0 || a == F64_INFINITY))
            return F64_NAN;
        if (a == F64_INFINITY || b == 0)
            return words(sign | HIGH_INFINITY, 0);
        if (b == F64_INFINITY || a == 0)
            return words(sign, 0);
        if (a_exponent == 0)
            x = f64_normalize(a, &a_exponent);
        if (b_exponent == 0)
            y = f64_normalize(b, &b_exponent);
    }
    i32 scale = a_exponent - b_exponent + F64_BIAS - 1;
    if (x < y) {
        x = doubled(x);
        scale -= 1;
    }
    // Two digits of 27 bits, estimated from below by the leading words. What is left after each is
    // a few times the divisor at most, so the words above the two that are computed would be 0.
    u32 inverse = reciprocal((u32)(y >> 21));
    u32 first = high_product((u32)(x >> 22), inverse) >> 3;
    u64 left = less_product(x << 27, first, y);
    u32 second = high_product((u32)(left >> 24), inverse) >> 2;
    left = less_product(left << 26, second, y);
    u64 quotient = ((u64)first << 26) + second;
    while (left >= y) {
        left -= y;
        quotient += 1;
    }
    if ((u32)scale < 0x7fe)
        return words(f64_head(sign, (u32)scale), 0) + ((quotient + 1) >> 1);
    return f64_beyond(sign, scale, quotient >> 1, low(quotient) << 31 | (left != 0));
}

// Square root. It is never halfway between two numbers, and never subnormal.

f32 f32_sqrt(f32 a)
{
    i32 exponent = (i32)f32_exponent(a);
    u32 significand = (a & F32_FRACTION) | F32_LEADING;
    if (a - F32_LEADING >= F32_INFINITY - F32_LEADING) {
        if (a << 1 == 0 || a == F32_INFINITY)
            return a;
        if (a > F32_INFINITY)
            return F32_NAN;
        significand = f32_normalize(a & F32_FRACTION, &exponent);
    }
    // The exponent less its bias, halved; where it is odd the significand is twice as large.
    exponent += F32_BIAS;
    significand <<= exponent & 1;
    // As near as the estimate, or one less. All fits a word: what is left, the square does not.
    u32 nearest = (root(significand << 5) + 64) >> 7;
    i32 left = (i32)((significand << 23) - nearest * nearest);
    if (left > (i32)nearest)
        nearest += 1;
    return (((u32)(exponent >> 1) - 1) << 23) + nearest;
}

f64 f64_sqrt(f64 a)
{
    i32 exponent = (i32)f64_exponent(a);
    u64 significand = (a & F64_FRACTION) | F64_LEADING;
    if (a - F64_LEADING >= F64_INFINITY - F64_LEADING) {
        if (a << 1 == 0 || a == F64_INFINITY)
            return a;
        if (a > F64_INFINITY)
            return F64_NAN;
        significand = f64_normalize(a & F64_FRACTION, &exponent);
    }
    exponent += F64_BIAS;
    significand <<= exponent & 1;
    // 31 bits, then by half of what is left, divided by them, 22 more: as near, or one less. The
    // first may be 3 below its least value.
    u64 x = significand << 8;
    u32 first = root(high(x));
    u64 left = x - product(first, first);
    u32 second = high_product((u32)(left >> 4), reciprocal((first << 1) + 6)) >> 5;
    u64 nearest = ((u64)first << 22) + second;
    if ((i64)((significand << 52) - nearest * nearest) > (i64)nearest)
        nearest += 1;
    return words(((u32)(exponent >> 1) - 1) << 20, 0) + nearest;
}

// Rounding to an integer. What is added to round up carries into the exponent.

f32 f32_trunc(f32 a)
{
    u32 exponent = f32_exponent(a);
    if (exponent < F32_BIAS)
        return a & TOP;
    if (exponent >= F32_BIAS + 23)
        return f32_is_nan(a) ? F32_NAN : a;
    return a & ~(F32_FRACTION >> (exponent - F32_BIAS));
}

// Away from zero for one sign, towards it for the other.
inline f32 f32_directed(f32 a, u32 away)
{
    u32 exponent = f32_exponent(a);
    bool outward = (a & TOP) == away;
    if (exponent < F32_BIAS)
        return outward && a << 1 ? away | (F32_BIAS << 23) : a & TOP;
    if (exponent >= F32_BIAS + 23)
        return f32_is_nan(a) ? F32_NAN : a;
    u32 below = F32_FRACTION >> (exponent - F32_BIAS);
    if (outward)
        a += below;
    return a & ~below;
}

f32 f32_floor(f32 a)
{
    return f32_directed(a, TOP);
}

f32 f32_ceil(f32 a)
{
    return f32_directed(a, 0);
}

f32 f32_nearest(f32 a)
{
    u32 exponent = f32_exponent(a);
    if (exponent < F32_BIAS) {
        bool above_half = exponent == F32_BIAS - 1 && (a & F32_FRACTION);
        return above_half ? (a & TOP) | (F32_BIAS << 23) : a & TOP;
    }
    if (exponent >= F32_BIAS + 23)
        return f32_is_nan(a) ? F32_NAN : a;
    u32 below = F32_FRACTION >> (exponent - F32_BIAS);
    // The last bit of the integer; of 1 the lowest one of the exponent, which is odd.
    u32 last = a >> (F32_BIAS + 23 - exponent) & 1;
    return (a + (below >> 1) + last) & ~below;
}

// With a fraction that ends in the high word, or in the low one.

f64 f64_trunc(f64 a)
{
    u32 upper = high_word(a);
    u32 exponent = upper >> 20 & 0x7ff;
    if (exponent < F64_BIAS)
        return words(upper & TOP, 0);
    if (exponent < F64_BIAS + 20)
        return words(upper & ~(HIGH_FRACTION >> (exponent - F64_BIAS)), 0);
    if (exponent >= F64_BIAS + 52)
        return f64_is_nan(a) ? F64_NAN : a;
    return words(upper, low(a) & ~(~0u >> (exponent - F64_BIAS - 20)));
}

inline f64 f64_directed(f64 a, u32 away)
{
    u32 upper = high_word(a);
    u32 lower = low_word(a);
    u32 exponent = upper >> 20 & 0x7ff;
    bool outward = (upper & TOP) == away;
    if (exponent < F64_BIAS) {
        bool zero = (upper << 1 | lower) == 0;
        return words(outward && !zero ? away | F64_BIAS << 20 : upper & TOP, 0);
    }
    if (exponent < F64_BIAS + 20) {
        u32 below = HIGH_FRACTION >> (exponent - F64_BIAS);
        if (outward)
            upper += below + (lower != 0);
        return words(upper & ~below, 0);
    }
    if (exponent >= F64_BIAS + 52)
        return f64_is_nan(a) ? F64_NAN : a;
    u32 below = ~0u >> (exponent - F64_BIAS - 20);
    if (outward) {
        lower += below;
        upper += lower < below;
    }
    return words(word(upper), word(lower & ~below));
}

f64 f64_floor(f64 a)
{
    return f64_directed(a, TOP);
}

f64 f64_ceil(f64 a)
{
    return f64_directed(a, 0);
}

f64 f64_nearest(f64 a)
{
    u32 upper = high_word(a);
    u32 lower = low_word(a);
    u32 exponent = upper >> 20 & 0x7ff;
    if (exponent < F64_BIAS) {
        bool above_half = exponent == F64_BIAS - 1 && ((upper & HIGH_FRACTION) | lower);
        return words(above_half ? (upper & TOP) | F64_BIAS << 20 : upper & TOP, 0);
    }
    // What is added is a half less the least there is, or a half if the integer is odd.
    if (exponent < F64_BIAS + 20) {
        u32 below = HIGH_FRACTION >> (exponent - F64_BIAS);
        bool odd = upper & (below + 1);
        upper += (below >> 1) + (lower != 0 || odd);
        return words(upper & ~below, 0);
    }
    if (exponent >= F64_BIAS + 52)
        return f64_is_nan(a) ? F64_NAN : a;
    u32 below = ~0u >> (exponent - F64_BIAS - 20);
    u32 last = word(below + 1);
    bool odd = last ? lower & last : upper & 1;
    u64 sum = words(upper, lower) + (below >> 1) + odd;
    return words(high(sum), low_word(sum) & ~below);
}

// Comparison. The bits of numbers are in order as integers with a sign, but that of two negative ones
// the larger is less.

inline u32 f32_less(f32 a, f32 b) { return ((i32)a < (i32)b) ^ word((a & b) >> 31); }
inline u32 f64_less(f64 a, f64 b)
{
    return ((i64)a < (i64)b) ^ word((high_word(a) & high_word(b)) >> 31);
}

inline bool f32_any_nan(f32 a, f32 b) { return f32_is_nan(a) || f32_is_nan(b); }
inline bool f64_any_nan(f64 a, f64 b)
{
    // Most have other exponents.
    if (high_word(a) << 1 < HIGH_INFINITY << 1 && high_word(b) << 1 < HIGH_INFINITY << 1)
        return false;
    return f64_is_nan(a) || f64_is_nan(b);
}

i32 f32_compare(f32 a, f32 b)
{
    if (f32_any_nan(a, b))
        return UNORDERED;
    if (a == b || word((a | b) << 1) == 0)
        return EQUAL;
    return GREATER - 2 * (i32)f32_less(a, b);
}

i32 f64_compare(f64 a, f64 b)
{
    if (f64_any_nan(a, b))
        return UNORDERED;
    if (a == b || ((high_word(a) | high_word(b)) << 1 | low(a) | low(b)) == 0)
        return EQUAL;
    return GREATER - 2 * (i32)f64_less(a, b);
}

f32 f32_min(f32 a, f32 b)
{
    if (f32_any_nan(a, b))
        return F32_NAN;
    return f32_less(a, b) ? a : b;
}

f32 f32_max(f32 a, f32 b)
{
    if (f32_any_nan(a, b))
        return F32_NAN;
    return f32_less(a, b) ? b : a;
}

f64 f64_min(f64 a, f64 b)
{
    if (f64_any_nan(a, b))
        return F64_NAN;
    return f64_less(a, b) ? a : b;
}

f64 f64_max(f64 a, f64 b)
{
    if (f64_any_nan(a, b))
        return F64_NAN;
    return f64_less(a, b) ? b : a;
}

// From one width to the other.

f64 f64_promote(f32 a)
{
    u32 sign = a & TOP;
    u32 exponent = f32_exponent(a);
    if (exponent - 1 < 0xfe)
        return words((sign | (a & ~TOP) >> 3) + ((F64_BIAS - F32_BIAS) << 20), a << 29);
    if (exponent == 0xff) {
        // A NaN keeps its payload, as on cores with the instruction, and becomes quiet.
        u32 quiet = f32_is_nan(a) ? HIGH_QUIET : 0;
        return words(sign | HIGH_INFINITY | quiet | (a & F32_FRACTION) >> 3, a << 29);
    }
    if (a << 1 == 0)
        return words(sign, 0);
    u32 zeros = leading_zeros(a & F32_FRACTION);
    u32 fraction = (a & F32_FRACTION) << zeros;
    exponent = F64_BIAS - F32_BIAS + 9 - zeros;
    return words(f64_head(sign, exponent - 1) + (fraction >> 11), fraction << 21);
}

f32 f32_demote(f64 a)
{
    u32 sign = high(a) & TOP;
    u32 exponent = f64_exponent(a);
    if (exponent == 0x7ff)
        return sign | F32_INFINITY |
               (f64_is_nan(a) ? F32_QUIET | ((u32)(a >> 29) & F32_FRACTION) : 0);
    u32 significand = ((u32)(a >> 29) & F32_FRACTION) | F32_LEADING;
    return f32_finish(sign, (i32)exponent - F64_BIAS + F32_BIAS - 1, significand, low(a) << 3);
}

// From integers.

inline f32 f32_from_magnitude(u32 sign, u32 x)
{
    if (x == 0)
        return 0;
    u32 zeros = leading_zeros(x);
    x <<= zeros;
    return f32_pack(f32_head(sign, F32_BIAS + 30 - zeros), x >> 8, x << 24);
}

inline f32 f32_from_magnitude_64(u32 sign, u64 x)
{
    if (x == 0)
        return 0;
    u32 zeros;
    x = shifted_up(x, &zeros);
    u32 rest = high(x) << 24 | (low(x) != 0);
    return f32_pack(f32_head(sign, F32_BIAS + 62 - zeros), high(x) >> 8, rest);
}

inline f64 f64_from_magnitude(u32 sign, u32 x)
{
    if (x == 0)
        return 0;
    u32 zeros = leading_zeros(x);
    x <<= zeros;
    return words(f64_head(sign, F64_BIAS + 30 - zeros) + (x >> 11), x << 21);
}

inline f64 f64_from_magnitude_64(u32 sign, u64 x)
{
    if (x == 0)
        return 0;
    u32 zeros;
    x = shifted_up(x, &zeros);
    return f64_pack(f64_head(sign, F64_BIAS + 62 - zeros), x >> 11, low(x) << 21);
}

inline u32 magnitude(u32 x) { return x & TOP ? 0 - x : x; }
inline u64 magnitude_64(u64 x) { return x & F64_SIGN ? 0 - x : x; }

f32 f32_from_i32(u32 x)
{
    return f32_from_magnitude(x & TOP, magnitude(x));
}

f32 f32_from_u32(u32 x)
{
    return f32_from_magnitude(0, x);
}

f32 f32_from_i64(u64 x)
{
    return f32_from_magnitude_64(high(x) & TOP, magnitude_64(x));
}

f32 f32_from_u64(u64 x)
{
    return f32_from_magnitude_64(0, x);
}

f64 f64_from_i32(u32 x)
{
    return f64_from_magnitude(x & TOP, magnitude(x));
}

f64 f64_from_u32(u32 x)
{
    return f64_from_magnitude(0, x);
}

f64 f64_from_i64(u64 x)
{
    return f64_from_magnitude_64(high(x) & TOP, magnitude_64(x));
}

f64 f64_from_u64(u64 x)
{
    return f64_from_magnitude_64(0, x);
}

// To integers, towards zero. What is out of range is the nearest integer that there is.

inline u32 f32_leading_word(f32 a) { return a << 8 | TOP; }
inline u32 f64_leading_word(f64 a) { return (u32)(a >> 21) | TOP; }

inline u32 signed_limit(u32 sign) { return sign ? TOP : ~TOP; }
inline u64 signed_limit_64(u32 sign) { return sign ? F64_SIGN : ~F64_SIGN; }

u32 i32_from_f32(f32 a)
{
    u32 exponent = f32_exponent(a);
    if (exponent < F32_BIAS)
        return 0;
    if (exponent >= F32_BIAS + 31)
        return f32_is_nan(a) ? 0 : signed_limit(a & TOP);
    u32 x = f32_leading_word(a) >> (F32_BIAS + 31 - exponent);
    return a & TOP ? 0 - x : x;
}

u32 u32_from_f32(f32 a)
{
    u32 exponent = f32_exponent(a);
    if (exponent < F32_BIAS || a & TOP)
        return 0;
    if (exponent >= F32_BIAS + 32)
        return f32_is_nan(a) ? 0 : ~0u;
    return f32_leading_word(a) >> (F32_BIAS + 31 - exponent);
}

u64 i64_from_f32(f32 a)
{
    u32 exponent = f32_exponent(a);
    if (exponent < F32_BIAS)
        return 0;
    if (exponent >= F32_BIAS + 63)
        return f32_is_nan(a) ? 0 : signed_limit_64(a & TOP);
    u64 x = words(f32_leading_word(a), 0) >> (F32_BIAS + 63 - exponent);
    return a & TOP ? 0 - x : x;
}

u64 u64_from_f32(f32 a)
{
    u32 exponent = f32_exponent(a);
    if (exponent < F32_BIAS || a & TOP)
        return 0;
    if (exponent >= F32_BIAS + 64)
        return f32_is_nan(a) ? 0 : ~0ull;
    return words(f32_leading_word(a), 0) >> (F32_BIAS + 63 - exponent);
}

u32 i32_from_f64(f64 a)
{
    u32 exponent = f64_exponent(a);
    if (exponent < F64_BIAS)
        return 0;
    if (exponent >= F64_BIAS + 31)
        return f64_is_nan(a) ? 0 : signed_limit(high(a) & TOP);
    u32 x = f64_leading_word(a) >> (F64_BIAS + 31 - exponent);
    return high(a) & TOP ? 0 - x : x;
}

u32 u32_from_f64(f64 a)
{
    u32 exponent = f64_exponent(a);
    if (exponent < F64_BIAS || high(a) & TOP)
        return 0;
    if (exponent >= F64_BIAS + 32)
        return f64_is_nan(a) ? 0 : ~0u;
    return f64_leading_word(a) >> (F64_BIAS + 31 - exponent);
}

u64 i64_from_f64(f64 a)
{
    u32 exponent = f64_exponent(a);
    if (exponent < F64_BIAS)
        return 0;
    if (exponent >= F64_BIAS + 63)
        return f64_is_nan(a) ? 0 : signed_limit_64(high(a) & TOP);
    u64 x = (a << 11 | F64_SIGN) >> (F64_BIAS + 63 - exponent);
    return high(a) & TOP ? 0 - x : x;
}

u64 u64_from_f64(f64 a)
{
    u32 exponent = f64_exponent(a);
    if (exponent < F64_BIAS || high(a) & TOP)
        return 0;
    if (exponent >= F64_BIAS + 64)
        return f64_is_nan(a) ? 0 : ~0ull;
    return (a << 11 | F64_SIGN) >> (F64_BIAS + 63 - exponent);
}

// Whether a truncation has a result. Most values are those of fewer bits. The bits of the others are
// in order by magnitude, below those of the first number beyond for their sign.

inline i32 f32_check(f32 a, f32 beyond, f32 beyond_negative)
{
    if (a < (a & TOP ? beyond_negative : beyond))
        return IN_RANGE;
    return f32_is_nan(a) ? NOT_A_NUMBER : OUT_OF_RANGE;
}

inline i32 f64_check(f64 a, f64 beyond, f64 beyond_negative)
{
    if (a < (a & F64_SIGN ? beyond_negative : beyond))
        return IN_RANGE;
    return f64_is_nan(a) ? NOT_A_NUMBER : OUT_OF_RANGE;
}

// Below a power of two, whatever the sign, or if there is none.
inline bool f32_below(f32 a, u32 power) { return word(a << 1) < (F32_BIAS + power) << 24; }
inline bool f64_below(f64 a, u32 power) { return word(high(a) << 1) < (F64_BIAS + power) << 21; }
inline bool f32_between(f32 a, u32 power) { return word(a) < (F32_BIAS + power) << 23; }
inline bool f64_between(f64 a, u32 power) { return high_word(a) < (F64_BIAS + power) << 20; }

i32 i32_check_f32(f32 a)
{
    if (f32_below(a, 31))
        return IN_RANGE;
    return f32_check(a, 0x4f000000, 0xcf000001); // 2^31, below -2^31
}

i32 u32_check_f32(f32 a)
{
    if (f32_between(a, 32))
        return IN_RANGE;
    return f32_check(a, 0x4f800000, 0xbf800000); // 2^32, -1
}

i32 i64_check_f32(f32 a)
{
    if (f32_below(a, 63))
        return IN_RANGE;
    return f32_check(a, 0x5f000000, 0xdf000001); // 2^63, below -2^63
}

i32 u64_check_f32(f32 a)
{
    if (f32_between(a, 64))
        return IN_RANGE;
    return f32_check(a, 0x5f800000, 0xbf800000); // 2^64, -1
}

i32 i32_check_f64(f64 a)
{
    if (f64_below(a, 31))
        return IN_RANGE;
    return f64_check(a, 0x41e0000000000000, 0xc1e0000000200000); // 2^31, -2^31 - 1
}

i32 u32_check_f64(f64 a)
{
    if (f64_between(a, 32))
        return IN_RANGE;
    return f64_check(a, 0x41f0000000000000, 0xbff0000000000000); // 2^32, -1
}

i32 i64_check_f64(f64 a)
{
    if (f64_below(a, 63))
        return IN_RANGE;
    return f64_check(a, 0x43e0000000000000, 0xc3e0000000000001); // 2^63, below -2^63
}

i32 u64_check_f64(f64 a)
{
    if (f64_between(a, 64))
        return IN_RANGE;
    return f64_check(a, 0x43f0000000000000, 0xbff0000000000000); // 2^64, -1
}
