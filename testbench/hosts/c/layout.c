/* Whether the header's structs and numbers are the library's: the list of `loader/c/src/layout.rs`, made
   from the header. */
#include "wasm2mcu.h"

#include "host.h"

#define FIELD(type, field) offsetof(type, field)

_Static_assert(sizeof(w2m_image) == W2M_IMAGE_BYTES, "no padding");
_Static_assert(sizeof(w2m_instance) == W2M_INSTANCE_BYTES, "no padding");
_Static_assert(sizeof(w2m_function) == W2M_FUNCTION_BYTES, "no padding");
_Static_assert(_Alignof(w2m_image) == 8 && _Alignof(w2m_instance) == 8, "what Rust needs at most");

static const uint32_t header[] = {
    W2M_IMAGE_BYTES, W2M_INSTANCE_BYTES, W2M_FUNCTION_BYTES,

    sizeof(w2m_policy), FIELD(w2m_policy, size), FIELD(w2m_policy, min_counter),
    FIELD(w2m_policy, keys), FIELD(w2m_policy, key_count), FIELD(w2m_policy, sha256),
    FIELD(w2m_policy, ed25519),

    sizeof(w2m_key), FIELD(w2m_key, ed25519),

    sizeof(w2m_requirements), FIELD(w2m_requirements, ram_bytes),
    FIELD(w2m_requirements, context_bytes), FIELD(w2m_requirements, globals_bytes),
    FIELD(w2m_requirements, tables_bytes), FIELD(w2m_requirements, memory_min),
    FIELD(w2m_requirements, memory_max), FIELD(w2m_requirements, stack_bytes),
    FIELD(w2m_requirements, guard_zone), FIELD(w2m_requirements, features),

    sizeof(w2m_grant), FIELD(w2m_grant, ram), FIELD(w2m_grant, ram_bytes),
    FIELD(w2m_grant, stack_limit), FIELD(w2m_grant, features), FIELD(w2m_grant, host_stack),

    sizeof(w2m_host_function), FIELD(w2m_host_function, module), FIELD(w2m_host_function, name),
    FIELD(w2m_host_function, signature), FIELD(w2m_host_function, function),

    FIELD(w2m_function, signature),

    sizeof(w2m_trap), FIELD(w2m_trap, code), FIELD(w2m_trap, function), FIELD(w2m_trap, text_offset),
    FIELD(w2m_trap, image),

    sizeof(w2m_detail), FIELD(w2m_detail, offset), FIELD(w2m_detail, needed),
    FIELD(w2m_detail, given), FIELD(w2m_detail, module), FIELD(w2m_detail, module_bytes),
    FIELD(w2m_detail, name), FIELD(w2m_detail, name_bytes), FIELD(w2m_detail, trap),

    W2M_TRAP_HOST, W2M_TRAP_INTERRUPTED /* the last one: there are so many */, W2M_NO_FUNCTION,
    W2M_ARM_DSP, W2M_ARM_FPU, W2M_ARM_FPU_DOUBLE, W2M_ARM_V8M, W2M_RISCV_F, W2M_RISCV_MISALIGNED,

    W2M_OK, W2M_MAGIC, W2M_FORMAT_VERSION, W2M_ABI_VERSION, W2M_UNKNOWN_ARCHITECTURE, W2M_TRUNCATED,
    W2M_MALFORMED, W2M_HASH, W2M_POLICY, W2M_UNSIGNED, W2M_UNKNOWN_KEY, W2M_SIGNATURE, W2M_ROLLBACK, W2M_ARCHITECTURE, W2M_FEATURES, W2M_GUARD_ZONE,
    W2M_NOT_MAPPED, W2M_IMAGE_ALIGNMENT, W2M_RAM_ADDRESS, W2M_RAM_SIZE, W2M_IMPORT_MISSING,
    W2M_IMPORT_KIND, W2M_IMPORT_SIGNATURE, W2M_IMPORT_CLOSED, W2M_TRAP, W2M_TRAPPED, W2M_RUNNING,
    W2M_NO_EXPORT, W2M_EXPORT_KIND, W2M_EXPORT_SIGNATURE, W2M_EXPORT_CLOSED, W2M_WORDS, W2M_CORE, W2M_OTHER_IMAGE,
    W2M_ARGUMENT, W2M_NOT_LIVE,
};

/* The library's list, and how many words it has. */
extern const uint32_t w2m_layout[];
extern const uint32_t w2m_layout_words;

int layout_differs(void)
{
    const uint32_t words = sizeof header / sizeof *header;
    if (words != w2m_layout_words)
        return -1;
    for (uint32_t i = 0; i < words; i++)
        if (header[i] != w2m_layout[i])
            return (int)i + 1;
    return 0;
}
