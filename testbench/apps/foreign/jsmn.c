/* Drives jsmn (a JSON tokenizer by Serge Zaitsev, MIT) from its Debian package. */
#include "../app.h"
#include <jsmn.h>

static jsmntok_t tokens[256];
static char text[2048];
static uint32_t text_length;

static void put(const char *s)
{
    while (*s)
        text[text_length++] = *s++;
}

static void put_number(uint32_t n)
{
    if (n >= 10)
        put_number(n / 10);
    text[text_length++] = (char)('0' + n % 10);
}

/* Buffer of 2048 bytes that a caller may fill before calling `parse`. */
EXPORT(buffer) char *buffer(void)
{
    return text;
}

/* Number of tokens, or jsmn's negative error. */
EXPORT(parse) int32_t parse(const char *bytes, uint32_t length)
{
    jsmn_parser parser;
    jsmn_init(&parser);
    return jsmn_parse(&parser, bytes, length, tokens, sizeof tokens / sizeof *tokens);
}

int32_t run(int32_t n)
{
    uint32_t state = 14, sum = 0;
    for (int32_t round = 0; round < n; round++) {
        text_length = 0;
        put("{\"device\": \"pump\\u00e9 \\\"3\\\"\", \"ok\": true, \"error\": null,\r\n\t\"samples\": [");
        for (int i = 0; i < 24; i++) {
            put(i ? ", {\"t\": " : "{\"t\": ");
            put_number((uint32_t)(round * 24 + i));
            put(", \"raw\": -");
            put_number(next_random(&state) >> 12);
            put(next_random(&state) & 1 ? ".25e-3, \"valid\": false}" : ", \"valid\": true}");
        }
        put("], \"empty\": [{}, []]}");
        /* One text in eight is cut short. */
        int32_t count = parse(text, (round & 7) == 7 ? text_length - 2 : text_length);
        sum = fold(sum, (uint32_t)count);
        for (int32_t i = 0; i < count; i++) {
            sum = fold(sum, (uint32_t)tokens[i].type);
            sum = fold(sum, (uint32_t)tokens[i].start << 16 | (uint32_t)tokens[i].end);
            sum = fold(sum, (uint32_t)tokens[i].size);
        }
    }
    return (int32_t)sum;
}
