/* An arena that asks for another page when it is full, and a binary search tree
 * that lives in it. `run(n)` starts over with an empty arena each time. */
#include "app.h"

#define PAGE 65536u

#ifdef __wasm__
extern uint8_t __heap_base;
#define ARENA_START (&__heap_base)
#define grow_pages(pages) __builtin_wasm_memory_grow(0, pages)
#define arena_end() ((uint8_t *)(__builtin_wasm_memory_size(0) * PAGE))
#else
/* Elsewhere the arena is an array of as many pages as the module may have. */
static uint8_t arena[3 * PAGE];
static uint32_t arena_pages = 1;
#define ARENA_START arena
#define arena_end() (arena + arena_pages * PAGE)
static int32_t grow_pages(uint32_t pages)
{
    if (arena_pages + pages > sizeof arena / PAGE)
        return -1;
    arena_pages += pages;
    return (int32_t)(arena_pages - pages);
}
#endif

struct node {
    uint32_t key, count;
    struct node *left, *right;
    uint32_t seen[4];      /* the last four rounds in which the key came */
};

static uint8_t *arena_top;

static void *allocate(uint32_t bytes)
{
    bytes = (bytes + 7) & ~7u;
    if ((uint32_t)(arena_end() - arena_top) < bytes && (int32_t)grow_pages(1) < 0)
        return 0;
    uint8_t *p = arena_top;
    arena_top += bytes;
    return p;
}

static int insert(struct node **at, uint32_t key, uint32_t round)
{
    while (*at) {
        if ((*at)->key == key) {
            (*at)->seen[(*at)->count++ & 3] = round;
            return 1;
        }
        at = key < (*at)->key ? &(*at)->left : &(*at)->right;
    }
    struct node *node = allocate(sizeof *node);
    if (!node)
        return 0;
    node->key = key;
    node->count = 1;
    node->seen[0] = round;
    node->left = node->right = 0;
    *at = node;
    return 1;
}

static uint32_t walk(const struct node *node, uint32_t sum)
{
    if (!node)
        return sum;
    sum = walk(node->left, sum);
    sum = fold(fold(sum, node->key + node->count), node->seen[0]);
    return walk(node->right, sum);
}

/* The old size in pages, or -1: what `memory.grow` says. */
EXPORT(grow) int32_t grow(int32_t pages)
{
    return (int32_t)grow_pages((uint32_t)pages);
}

int32_t run(int32_t n)
{
    uint32_t state = 13;
    struct node *root = 0;
    arena_top = ARENA_START + 7;
    arena_top -= (uintptr_t)arena_top & 7;
    for (int32_t i = 0; i < n * 256; i++)
        if (!insert(&root, next_random(&state) & 0xfff, (uint32_t)i))
            return -1;
    return (int32_t)walk(root, 0);
}
