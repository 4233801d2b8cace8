/* The C that wasm2c made of a module, called by the benches, and the runtime that it needs: a small
 * one in place of wabt's own, which wants mmap.
 *
 *   load()        instantiate
 *   run(rounds)   the module's function
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "module.h"

#define PAGE_BYTES 65536u

const char *failure;
uint32_t wasm_rt_call_stack_depth;
static Z_module_instance_t instance;

int load(void)
{
    wasm_rt_init();
    Z_module_init_module();
#ifdef HAS_SPECTEST
    Z_module_instantiate(&instance, NULL);
#else
    Z_module_instantiate(&instance);
#endif
    return 0;
}

int32_t run(int32_t rounds)
{
    return (int32_t)Z_moduleZ_run(&instance, (u32)rounds);
}

/* Imported functions do nothing, as natively. */
struct Z_spectest_instance_t;

void Z_spectestZ_print_i32(struct Z_spectest_instance_t *host, u32 value)
{
    (void)host;
    (void)value;
}

void wasm_rt_init(void) {}

bool wasm_rt_is_initialized(void)
{
    return true;
}

/* No workload traps: a trap ends the program, and the emulator says where. */
void wasm_rt_trap(wasm_rt_trap_t code)
{
    (void)code;
    abort();
}

void wasm_rt_allocate_memory(wasm_rt_memory_t *memory, uint32_t pages, uint32_t max_pages)
{
    memory->data = calloc(pages, PAGE_BYTES);
    memory->size = pages * PAGE_BYTES;
    memory->pages = pages;
    memory->max_pages = max_pages;
    if (pages && !memory->data)
        abort();
}

uint32_t wasm_rt_grow_memory(wasm_rt_memory_t *memory, uint32_t pages)
{
    uint32_t before = memory->pages;
    uint32_t after = before + pages;
    if (after < before || after > memory->max_pages)
        return UINT32_MAX;
    uint8_t *data = realloc(memory->data, after * PAGE_BYTES);
    if (!data)
        return UINT32_MAX;
    memset(data + before * PAGE_BYTES, 0, pages * PAGE_BYTES);
    memory->data = data;
    memory->pages = after;
    memory->size = after * PAGE_BYTES;
    return before;
}

void wasm_rt_free_memory(wasm_rt_memory_t *memory)
{
    free(memory->data);
}

void wasm_rt_allocate_funcref_table(wasm_rt_funcref_table_t *table, uint32_t size,
                                    uint32_t max_size)
{
    table->data = calloc(size, sizeof *table->data);
    table->size = size;
    table->max_size = max_size;
    if (size && !table->data)
        abort();
}

void wasm_rt_free_funcref_table(wasm_rt_funcref_table_t *table)
{
    free(table->data);
}

/* Equal signatures get equal numbers: a signature is a string of its types. */
uint32_t wasm_rt_register_func_type(uint32_t params, uint32_t results, ...)
{
    enum { TYPES = 64, LENGTH = 16 };
    static char known[TYPES][LENGTH];
    char name[LENGTH] = {0};
    if (params + results + 1 >= LENGTH)
        abort();
    va_list types;
    va_start(types, results);
    for (uint32_t i = 0; i < params + results; i++)
        /* The enumeration is shorter than an int where enumerations are short. */
        name[i + (i >= params)] = (char)('0' + va_arg(types, int));
    va_end(types);
    name[params] = results ? '>' : '.';
    for (uint32_t i = 0; i < TYPES; i++) {
        if (!known[i][0])
            memcpy(known[i], name, LENGTH);
        if (!memcmp(known[i], name, LENGTH))
            return i + 1;
    }
    abort();
}
