/* A serial link: frames `7e length command payload checksum`, with `7d` as
 * escape byte, arrive byte by byte. The receiver is a switch over its state; a
 * complete frame is dispatched through a table of command handlers. */
#include "app.h"

enum state { IDLE, LENGTH, COMMAND, PAYLOAD, ESCAPED, CHECKSUM, COMPLETE, BROKEN };

#define FLAG 0x7e
#define ESCAPE 0x7d
#define MAX_PAYLOAD 16

struct link {
    enum state state;
    uint8_t length, command, received, checksum;
    uint8_t payload[MAX_PAYLOAD];
    uint32_t registers[8];
    uint32_t frames, errors;
};

typedef uint32_t handler(struct link *link);

static uint32_t nop(struct link *link)
{
    return link->frames;
}

static uint32_t write_register(struct link *link)
{
    uint32_t value = 0;
    for (uint32_t i = 1; i < link->length; i++)
        value = (value << 8) | link->payload[i];
    return link->registers[link->payload[0] & 7] = value;
}

static uint32_t read_register(struct link *link)
{
    return link->registers[link->payload[0] & 7];
}

static uint32_t sum_payload(struct link *link)
{
    uint32_t sum = 0;
    for (uint32_t i = 0; i < link->length; i++)
        sum += link->payload[i];
    return sum;
}

static uint32_t swap_registers(struct link *link)
{
    uint32_t *a = &link->registers[link->payload[0] & 7];
    uint32_t *b = &link->registers[link->payload[0] >> 4 & 7];
    uint32_t value = *a;
    *a = *b;
    *b = value;
    return *a - *b;
}

static uint32_t reset(struct link *link)
{
    link->registers[0] = link->errors;
    link->errors = 0;
    return 1;
}

static handler *const handlers[8] = {
    nop, write_register, read_register, sum_payload, swap_registers, reset, nop, sum_payload,
};

static struct link the_link;

static void receive(struct link *link, uint8_t byte)
{
    switch (link->state) {
    case IDLE:
        if (byte == FLAG)
            link->state = LENGTH;
        break;
    case LENGTH:
        link->length = byte;
        link->received = 0;
        link->checksum = byte;
        link->state = byte >= 1 && byte <= MAX_PAYLOAD ? COMMAND : BROKEN;
        break;
    case COMMAND:
        link->command = byte;
        link->checksum += byte;
        link->state = PAYLOAD;
        break;
    case PAYLOAD:
        if (byte == ESCAPE) {
            link->state = ESCAPED;
            break;
        }
        if (byte == FLAG) {
            link->state = BROKEN;
            break;
        }
        link->payload[link->received++] = byte;
        link->checksum += byte;
        if (link->received == link->length)
            link->state = CHECKSUM;
        break;
    case ESCAPED:
        byte ^= 0x20;
        link->payload[link->received++] = byte;
        link->checksum += byte;
        link->state = link->received == link->length ? CHECKSUM : PAYLOAD;
        break;
    case CHECKSUM:
        link->state = byte == link->checksum ? COMPLETE : BROKEN;
        break;
    case COMPLETE:
    case BROKEN:
        break;
    }
}

/* Feeds one byte; the handler's answer when it completed a frame, else 0. */
EXPORT(feed) uint32_t feed(uint32_t byte)
{
    struct link *link = &the_link;
    receive(link, (uint8_t)byte);
    if (link->state == COMPLETE) {
        link->frames++;
        link->state = IDLE;
        return handlers[link->command & 7](link);
    }
    if (link->state == BROKEN) {
        link->errors++;
        link->state = IDLE;
    }
    return 0;
}

int32_t run(int32_t n)
{
    uint32_t state = 4, sum = 0;
    for (int32_t round = 0; round < n; round++) {
        for (int frame = 0; frame < 32; frame++) {
            uint8_t length = 1 + (next_random(&state) & 7);
            uint8_t command = (uint8_t)next_random(&state);
            uint8_t checksum = length + command;
            sum = fold(sum, feed(FLAG));
            sum = fold(sum, feed(length));
            sum = fold(sum, feed(command));
            for (uint8_t i = 0; i < length; i++) {
                uint8_t byte = (uint8_t)(next_random(&state) >> 8);
                checksum += byte;
                if (byte == FLAG || byte == ESCAPE) {
                    sum = fold(sum, feed(ESCAPE));
                    byte ^= 0x20;
                }
                sum = fold(sum, feed(byte));
            }
            /* One frame in sixteen arrives damaged. */
            if ((next_random(&state) & 15) == 0)
                checksum++;
            sum = fold(sum, feed(checksum));
        }
    }
    return (int32_t)fold(sum, the_link.frames * 31 + the_link.errors);
}
