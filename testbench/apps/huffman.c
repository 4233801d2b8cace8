/* Huffman coding of 1 KiB of sensor log: histogram, tree, codes, packing of bits,
 * and the way back, bit by bit down the tree. */
#include "app.h"

#define SYMBOLS 64
#define NODES (2 * SYMBOLS - 1)
#define LENGTH 1024

struct node {
    uint32_t weight;
    int16_t parent, left, right;
};

static struct node nodes[NODES];
static uint32_t codes[SYMBOLS];
static uint8_t lengths[SYMBOLS];
static uint8_t plain[LENGTH], packed[LENGTH], unpacked[LENGTH];

/* The lightest node without a parent, among the first `count`. */
static int lightest(int count)
{
    int best = -1;
    for (int i = 0; i < count; i++)
        if (nodes[i].parent < 0 && nodes[i].weight > 0 &&
            (best < 0 || nodes[i].weight < nodes[best].weight))
            best = i;
    return best;
}

/* Builds the tree over the symbols in use; the index of its root. */
static int build_tree(const uint8_t *bytes, uint32_t count)
{
    for (int i = 0; i < NODES; i++)
        nodes[i] = (struct node){ 0, -1, -1, -1 };
    for (uint32_t i = 0; i < count; i++)
        nodes[bytes[i] & (SYMBOLS - 1)].weight++;
    for (int next = SYMBOLS;; next++) {
        int left = lightest(next);
        nodes[left].parent = (int16_t)next;
        int right = lightest(next);
        if (right < 0) {
            nodes[left].parent = -1;
            return left;
        }
        nodes[right].parent = (int16_t)next;
        nodes[next].weight = nodes[left].weight + nodes[right].weight;
        nodes[next].left = (int16_t)left;
        nodes[next].right = (int16_t)right;
    }
}

static void make_codes(void)
{
    for (int symbol = 0; symbol < SYMBOLS; symbol++) {
        uint32_t code = 0, length = 0;
        for (int at = symbol; nodes[at].parent >= 0; at = nodes[at].parent) {
            if (nodes[nodes[at].parent].right == at)
                code |= 1u << length;
            length++;
        }
        codes[symbol] = code;
        lengths[symbol] = (uint8_t)length;
    }
}

/* Number of bits. */
static uint32_t encode(const uint8_t *bytes, uint32_t count, uint8_t *out)
{
    uint32_t pending = 0, held = 0, total = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t length = lengths[bytes[i]];
        pending = pending << length | codes[bytes[i]];
        held += length;
        total += length;
        while (held >= 8) {
            held -= 8;
            *out++ = (uint8_t)(pending >> held);
        }
    }
    if (held)
        *out = (uint8_t)(pending << (8 - held));
    return total;
}

static uint32_t decode(const uint8_t *in, uint32_t bits, int root, uint8_t *out)
{
    uint32_t count = 0;
    int at = root;
    for (uint32_t i = 0; i < bits; i++) {
        uint32_t bit = in[i >> 3] >> (7 - (i & 7)) & 1;
        at = bit ? nodes[at].right : nodes[at].left;
        if (nodes[at].left < 0) {
            out[count++] = (uint8_t)at;
            at = root;
        }
    }
    return count;
}

int32_t run(int32_t n)
{
    uint32_t state = 27, sum = 0;
    for (int32_t round = 0; round < n; round++) {
        /* Differences of a slow signal: small values are frequent. */
        for (uint32_t i = 0; i < LENGTH; i++) {
            uint32_t bits = next_random(&state);
            plain[i] = (uint8_t)((bits & 7) + (bits >> 3 & 7) * (bits >> 6 & 7));
        }
        int root = build_tree(plain, LENGTH);
        make_codes();
        uint32_t bits = encode(plain, LENGTH, packed);
        if (decode(packed, bits, root, unpacked) != LENGTH)
            return -1;
        for (uint32_t i = 0; i < LENGTH; i++)
            if (unpacked[i] != plain[i])
                return -2;
        sum = fold(sum, bits);
        for (uint32_t i = 0; i < bits / 8; i += 16)
            sum = fold(sum, packed[i]);
    }
    return (int32_t)sum;
}
