/* String search in 4 KiB of log: Horspool's method for words, and a matcher of
 * patterns with `*` and `?` line by line. */
#include "app.h"

#define TEXT 4096

static const char *const words[16] = {
    "error",   "warning", "sensor",  "timeout", "battery", "voltage", "connected", "retry",
    "channel", "packet",  "dropped", "restart", "watchdog", "value",  "offset",    "calibration",
};

static uint8_t text[TEXT];
static uint8_t shifts[256];

static uint32_t length_of(const char *s)
{
    uint32_t length = 0;
    while (s[length])
        length++;
    return length;
}

/* A log of lines of words, `=` and numbers. */
static void write_log(uint32_t *state)
{
    uint32_t at = 0;
    while (at < TEXT - 1) {
        uint32_t choice = next_random(state);
        const char *word = words[choice & 15];
        for (uint32_t i = 0; word[i] && at < TEXT - 1; i++)
            text[at++] = (uint8_t)word[i];
        if ((choice & 0x70) == 0 && at < TEXT - 4) {
            text[at++] = '=';
            text[at++] = (uint8_t)('0' + (choice >> 8) % 10);
            text[at++] = (uint8_t)('0' + (choice >> 16) % 10);
        }
        if (at < TEXT)
            text[at++] = (choice & 0x180) ? ' ' : '\n';
    }
    text[TEXT - 1] = '\n';
}

/* Where the word stands first, or `count`. */
static uint32_t find(const uint8_t *bytes, uint32_t count, const char *word, uint32_t length)
{
    uint32_t at = 0;
    while (at + length <= count) {
        uint32_t i = length;
        while (i > 0 && bytes[at + i - 1] == (uint8_t)word[i - 1])
            i--;
        if (i == 0)
            return at;
        at += shifts[bytes[at + length - 1]];
    }
    return count;
}

/* How often the word stands in the text, and where: folded. */
EXPORT(occurrences) uint32_t occurrences(const char *word)
{
    uint32_t length = length_of(word), at = 0, found = 0, sum = 0;
    for (uint32_t i = 0; i < 256; i++)
        shifts[i] = (uint8_t)length;
    for (uint32_t i = 0; i + 1 < length; i++)
        shifts[(uint8_t)word[i]] = (uint8_t)(length - 1 - i);
    for (;;) {
        uint32_t offset = find(text + at, TEXT - at, word, length);
        if (offset == TEXT - at)
            return fold(sum, found);
        at += offset + length;
        sum = fold(sum, at);
        found++;
    }
}

/* Whether the line matches the whole pattern; `*` is any run, `?` one byte. */
static int matches(const uint8_t *line, uint32_t length, const char *pattern)
{
    uint32_t at = 0, p = 0, star = 0, resume = 0;
    int starred = 0;
    while (at < length) {
        if (pattern[p] == '*') {
            starred = 1;
            star = ++p;
            resume = at;
        } else if (pattern[p] && (pattern[p] == '?' || (uint8_t)pattern[p] == line[at])) {
            p++;
            at++;
        } else if (starred) {
            p = star;
            at = ++resume;
        } else {
            return 0;
        }
    }
    while (pattern[p] == '*')
        p++;
    return pattern[p] == 0;
}

static uint32_t matching_lines(const char *pattern)
{
    uint32_t start = 0, found = 0;
    for (uint32_t at = 0; at < TEXT; at++)
        if (text[at] == '\n') {
            found += (uint32_t)matches(text + start, at - start, pattern);
            start = at + 1;
        }
    return found;
}

int32_t run(int32_t n)
{
    uint32_t state = 28, sum = 0;
    for (int32_t round = 0; round < n; round++) {
        write_log(&state);
        for (uint32_t i = 0; i < 16; i += 4)
            sum = fold(sum, occurrences(words[(i + (uint32_t)round) & 15]));
        sum = fold(sum, matching_lines("*sensor*=?5*"));
    }
    return (int32_t)sum;
}
