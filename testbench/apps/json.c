/* JSON (RFC 8259) scanner without memory of its own: checks a text and folds
 * its tokens, one function per syntactic element. Numbers: the integer part is
 * folded, fraction and exponent are only checked. */
#include "app.h"

struct scanner {
    const uint8_t *at, *end;
    uint32_t tokens, sum, depth;
};

#define MAX_DEPTH 16

static char text[2048];
static uint32_t text_length;

static int value(struct scanner *s);

static void skip_space(struct scanner *s)
{
    while (s->at < s->end && (*s->at == ' ' || *s->at == '\n' || *s->at == '\r' || *s->at == '\t'))
        s->at++;
}

static int accept(struct scanner *s, uint8_t byte)
{
    skip_space(s);
    if (s->at == s->end || *s->at != byte)
        return 0;
    s->at++;
    return 1;
}

static void token(struct scanner *s, uint32_t kind, uint32_t content)
{
    s->tokens++;
    s->sum = fold(fold(s->sum, kind), content);
}

static int is_digit(uint8_t byte)
{
    return (uint8_t)(byte - '0') < 10;
}

static int hex_digit(uint8_t byte)
{
    if (is_digit(byte))
        return byte - '0';
    byte |= 0x20;
    return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

static int string(struct scanner *s)
{
    uint32_t hash = 0;
    while (s->at < s->end) {
        uint8_t byte = *s->at++;
        if (byte == '"') {
            token(s, 's', hash);
            return 1;
        }
        if (byte < 0x20)
            return 0;
        uint32_t c = byte;
        if (byte == '\\') {
            if (s->at == s->end)
                return 0;
            switch (*s->at++) {
            case '"': c = '"'; break;
            case '\\': c = '\\'; break;
            case '/': c = '/'; break;
            case 'b': c = '\b'; break;
            case 'f': c = '\f'; break;
            case 'n': c = '\n'; break;
            case 'r': c = '\r'; break;
            case 't': c = '\t'; break;
            case 'u':
                c = 0;
                for (int i = 0; i < 4; i++) {
                    int digit = s->at < s->end ? hex_digit(*s->at++) : -1;
                    if (digit < 0)
                        return 0;
                    c = c << 4 | (uint32_t)digit;
                }
                break;
            default:
                return 0;
            }
        }
        hash = hash * 31 + c;
    }
    return 0;
}

static int digits(struct scanner *s, uint32_t *number)
{
    const uint8_t *first = s->at;
    while (s->at < s->end && is_digit(*s->at))
        *number = *number * 10 + (uint32_t)(*s->at++ - '0');
    return s->at > first;
}

static int number(struct scanner *s)
{
    uint32_t integer = 0, ignored = 0;
    int negative = s->at < s->end && *s->at == '-';
    if (negative)
        s->at++;
    if (s->at < s->end && *s->at == '0')
        s->at++;
    else if (!digits(s, &integer))
        return 0;
    if (s->at < s->end && *s->at == '.') {
        s->at++;
        if (!digits(s, &ignored))
            return 0;
    }
    if (s->at < s->end && (*s->at | 0x20) == 'e') {
        s->at++;
        if (s->at < s->end && (*s->at == '+' || *s->at == '-'))
            s->at++;
        if (!digits(s, &ignored))
            return 0;
    }
    token(s, 'n', negative ? -integer : integer);
    return 1;
}

static int word(struct scanner *s, const char *rest, uint32_t kind)
{
    for (; *rest; rest++)
        if (s->at == s->end || *s->at++ != (uint8_t)*rest)
            return 0;
    token(s, kind, 0);
    return 1;
}

static int object(struct scanner *s)
{
    token(s, '{', s->depth);
    if (accept(s, '}'))
        return 1;
    do {
        if (!accept(s, '"') || !string(s) || !accept(s, ':') || !value(s))
            return 0;
    } while (accept(s, ','));
    return accept(s, '}');
}

static int array(struct scanner *s)
{
    token(s, '[', s->depth);
    if (accept(s, ']'))
        return 1;
    do {
        if (!value(s))
            return 0;
    } while (accept(s, ','));
    return accept(s, ']');
}

static int value(struct scanner *s)
{
    int ok;
    skip_space(s);
    if (s->at == s->end || s->depth == MAX_DEPTH)
        return 0;
    s->depth++;
    switch (*s->at) {
    case '{': s->at++; ok = object(s); break;
    case '[': s->at++; ok = array(s); break;
    case '"': s->at++; ok = string(s); break;
    case 't': s->at++; ok = word(s, "rue", 't'); break;
    case 'f': s->at++; ok = word(s, "alse", 'f'); break;
    case 'n': s->at++; ok = word(s, "ull", '0'); break;
    default: ok = number(s); break;
    }
    s->depth--;
    return ok;
}

/* Buffer of 2048 bytes that a caller may fill before calling `tokenize`. */
EXPORT(buffer) char *buffer(void)
{
    return text;
}

/* Number of tokens of one JSON text, or minus the offset of the error less one. */
EXPORT(tokenize) int32_t tokenize(const char *bytes, uint32_t length)
{
    const uint8_t *start = (const uint8_t *)bytes;
    struct scanner s = { start, start + length, 0, 0, 0 };
    if (!value(&s))
        return -1 - (int32_t)(s.at - start);
    skip_space(&s);
    return s.at == s.end ? (int32_t)s.tokens : -1 - (int32_t)(s.at - start);
}

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

int32_t run(int32_t n)
{
    uint32_t state = 6, sum = 0;
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
        uint32_t length = (round & 7) == 7 ? text_length - 2 : text_length;
        sum = fold(sum, (uint32_t)tokenize(text, length));
        sum = fold(sum, text_length);
    }
    return (int32_t)sum;
}
