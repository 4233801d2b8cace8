/* A programmable logic controller: an instruction list over bits, words, timers
 * and counters (in the manner of IEC 61131-3), interpreted scan by scan. */
#include "app.h"

#define SCANS 25

enum operation {
    END, LD, LDN, AND, ANDN, OR, ORN, XOR, ST, SET, RESET,
    TIMER, COUNTER, LOAD, CONSTANT, ADD, SUB, MUL, GREATER, LESS, STORE, JUMP_NOT,
};

struct instruction {
    uint8_t operation, operand;
    int16_t value;
};

struct machine {
    uint8_t bits[32];      /* 0-7 inputs, 8-15 outputs, then flags */
    int32_t words[16];     /* 0-3 inputs, 4-7 outputs, then variables */
    uint16_t timers[4];
    uint16_t counters[4];
    uint8_t edges[4];
    uint32_t executed;
};

/* A tank with two pumps: level control, an alarm that latches, a dose counter. */
static const struct instruction program[] = {
    { LD, 0, 0 },           { ANDN, 1, 0 },        { OR, 16, 0 },         { ANDN, 2, 0 },
    { ST, 16, 0 },          /* running: start, not stop, holds itself, no emergency */
    { LOAD, 0, 0 },         { CONSTANT, 0, 700 },  { GREATER, 0, 0 },     { ST, 17, 0 },
    { LOAD, 0, 0 },         { CONSTANT, 0, 200 },  { LESS, 0, 0 },        { ST, 18, 0 },
    { LD, 16, 0 },          { AND, 18, 0 },        { OR, 8, 0 },          { ANDN, 17, 0 },
    { AND, 16, 0 },         { ST, 8, 0 },          /* filling pump */
    { LD, 16, 0 },          { AND, 17, 0 },        { TIMER, 0, 5 },       { ST, 9, 0 },
    { LD, 9, 0 },           { COUNTER, 0, 3 },     { SET, 10, 0 },        /* alarm */
    { LD, 3, 0 },           { RESET, 10, 0 },
    { LD, 16, 0 },          { JUMP_NOT, 0, 8 },
    { LOAD, 1, 0 },         { LOAD, 8, 0 },        { SUB, 0, 0 },         { STORE, 9, 0 },
    { LOAD, 9, 0 },         { CONSTANT, 0, 3 },    { MUL, 0, 0 },         { STORE, 4, 0 },
    { LOAD, 1, 0 },         { STORE, 8, 0 },
    { LDN, 4, 0 },          { XOR, 5, 0 },         { ORN, 6, 0 },         { TIMER, 1, 2 },
    { ST, 11, 0 },          { LOAD, 10, 0 },       { CONSTANT, 0, 1 },    { ADD, 0, 0 },
    { STORE, 10, 0 },       { END, 0, 0 },
};

static struct machine machine;

/* One scan; the word on top of the stack, or the last bit, says little: outputs do. */
EXPORT(scan) void scan(struct machine *m, const struct instruction *at)
{
    int32_t stack[4] = { 0 };
    uint32_t depth = 0;
    uint8_t bit = 0;
    for (;; at++) {
        m->executed++;
        switch (at->operation) {
        case LD: bit = m->bits[at->operand]; break;
        case LDN: bit = !m->bits[at->operand]; break;
        case AND: bit &= m->bits[at->operand]; break;
        case ANDN: bit &= !m->bits[at->operand]; break;
        case OR: bit |= m->bits[at->operand]; break;
        case ORN: bit |= !m->bits[at->operand]; break;
        case XOR: bit ^= m->bits[at->operand]; break;
        case ST: m->bits[at->operand] = bit; break;
        case SET:
            if (bit)
                m->bits[at->operand] = 1;
            break;
        case RESET:
            if (bit)
                m->bits[at->operand] = 0;
            break;
        case TIMER:
            if (!bit)
                m->timers[at->operand] = 0;
            else if (m->timers[at->operand] < at->value)
                m->timers[at->operand]++;
            bit = m->timers[at->operand] >= at->value;
            break;
        case COUNTER:
            if (bit && !m->edges[at->operand])
                m->counters[at->operand]++;
            m->edges[at->operand] = bit;
            bit = m->counters[at->operand] >= at->value;
            if (bit)
                m->counters[at->operand] = 0;
            break;
        case LOAD: stack[depth++ & 3] = m->words[at->operand]; break;
        case CONSTANT: stack[depth++ & 3] = at->value; break;
        case ADD:
            depth--;
            stack[(depth - 1) & 3] += stack[depth & 3];
            break;
        case SUB:
            depth--;
            stack[(depth - 1) & 3] -= stack[depth & 3];
            break;
        case MUL:
            depth--;
            stack[(depth - 1) & 3] *= stack[depth & 3];
            break;
        case GREATER:
            depth -= 2;
            bit = stack[depth & 3] > stack[(depth + 1) & 3];
            break;
        case LESS:
            depth -= 2;
            bit = stack[depth & 3] < stack[(depth + 1) & 3];
            break;
        case STORE: m->words[at->operand] = stack[--depth & 3]; break;
        case JUMP_NOT:
            if (!bit)
                at += at->value;
            break;
        default:
            return;
        }
    }
}

/* The process: the level rises with the pump and falls with the outlet. */
static void simulate(struct machine *m, uint32_t *state)
{
    uint32_t random = next_random(state);
    m->bits[0] = (random & 7) == 0;
    m->bits[1] = (random & 0x1f8) == 0;
    m->bits[2] = (random & 0xfe00) == 0;
    m->bits[3] = (random & 0x70000) == 0;
    for (int i = 4; i < 8; i++)
        m->bits[i] = random >> (16 + i) & 1;
    m->words[0] += m->bits[8] ? 60 : 0;
    m->words[0] -= m->bits[9] ? 150 : (int32_t)(random >> 28);
    if (m->words[0] < 0)
        m->words[0] = 0;
    m->words[1] = m->words[0] * 2 + (int32_t)(random >> 24 & 15);
}

int32_t run(int32_t n)
{
    uint32_t state = 32, sum = 0;
    for (int32_t round = 0; round < n; round++) {
        for (int i = 0; i < SCANS; i++) {
            simulate(&machine, &state);
            scan(&machine, program);
            uint32_t outputs = 0;
            for (int bit = 8; bit < 16; bit++)
                outputs = outputs << 1 | machine.bits[bit];
            sum = fold(sum, outputs);
        }
        sum = fold(sum, (uint32_t)machine.words[4]);
        sum = fold(sum, machine.executed);
    }
    return (int32_t)sum;
}
