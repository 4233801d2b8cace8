/* Whether the header's structs and numbers are the library's: the list of `loader/c/src/layout.rs`, made
   from the header. */
#include "wasm2mcu.h"
#include "wasm2mcu_host.h"

#include "host.h"

#define FIELD(type, field) offsetof(type, field)

_Static_assert(sizeof(w2m_image) == W2M_IMAGE_BYTES, "no padding");
_Static_assert(sizeof(w2m_instance) == W2M_INSTANCE_BYTES, "no padding");
_Static_assert(sizeof(w2m_function) == W2M_FUNCTION_BYTES, "no padding");
_Static_assert(sizeof(w2m_host) == W2M_HOST_BYTES, "no padding");
_Static_assert(_Alignof(w2m_host) == 8, "what Rust needs at most");
_Static_assert(_Alignof(w2m_image) == 8 && _Alignof(w2m_instance) == 8, "what Rust needs at most");

static const uint32_t header[] = {
    W2M_IMAGE_BYTES, W2M_INSTANCE_BYTES, W2M_FUNCTION_BYTES, W2M_HOST_BYTES,

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

    sizeof(w2m_capability), FIELD(w2m_capability, kind), FIELD(w2m_capability, rights),
    FIELD(w2m_capability, number), FIELD(w2m_capability, detail),

    sizeof(w2m_hardware), FIELD(w2m_hardware, size),
    FIELD(w2m_hardware, now), FIELD(w2m_hardware, resolution),
    FIELD(w2m_hardware, wait), FIELD(w2m_hardware, interrupted),
    FIELD(w2m_hardware, realtime), FIELD(w2m_hardware, random),
    FIELD(w2m_hardware, log), FIELD(w2m_hardware, gpio_configure),
    FIELD(w2m_hardware, gpio_read), FIELD(w2m_hardware, gpio_write),
    FIELD(w2m_hardware, i2c_transaction), FIELD(w2m_hardware, spi_configure),
    FIELD(w2m_hardware, spi_transaction), FIELD(w2m_hardware, uart_configure),
    FIELD(w2m_hardware, uart_read), FIELD(w2m_hardware, uart_write),
    FIELD(w2m_hardware, uart_available), FIELD(w2m_hardware, adc_read),
    FIELD(w2m_hardware, adc_read_microvolts), FIELD(w2m_hardware, adc_resolution),
    FIELD(w2m_hardware, pwm_max_duty), FIELD(w2m_hardware, pwm_set_duty),
    FIELD(w2m_hardware, pwm_set_frequency), FIELD(w2m_hardware, sensor_read),
    FIELD(w2m_hardware, sensor_describe), FIELD(w2m_hardware, store_get),
    FIELD(w2m_hardware, store_length), FIELD(w2m_hardware, store_set),
    FIELD(w2m_hardware, store_delete), FIELD(w2m_hardware, stream_write),
    FIELD(w2m_hardware, stream_read),

    sizeof(w2m_operation), FIELD(w2m_operation, write), FIELD(w2m_operation, write_bytes),
    FIELD(w2m_operation, read), FIELD(w2m_operation, read_bytes),

    sizeof(w2m_description), FIELD(w2m_description, quantity), FIELD(w2m_description, minimum),
    FIELD(w2m_description, maximum), FIELD(w2m_description, resolution),

    sizeof(w2m_source), FIELD(w2m_source, kind), FIELD(w2m_source, number),

    W2M_TRAP_HOST, W2M_TRAP_INTERRUPTED /* the last one: there are so many */, W2M_NO_FUNCTION,
    W2M_ARM_DSP, W2M_ARM_FPU, W2M_ARM_FPU_DOUBLE, W2M_ARM_V8M, W2M_RISCV_F, W2M_RISCV_MISALIGNED,
    W2M_KIND_GPIO, W2M_KIND_I2C, W2M_KIND_SPI, W2M_KIND_UART, W2M_KIND_ADC, W2M_KIND_PWM, W2M_KIND_SENSOR,
    W2M_KIND_KEY_VALUE, -W2M_E_TIMEOUT, -W2M_E_IO /* the last one */,
    W2M_RISCV_HARD_FLOAT_ABI, W2M_RISCV_SOFT_FLOAT_ABI, W2M_FORMAT, W2M_ABI, W2M_TARGET,
    W2M_TARGET_FEATURES,

    W2M_OK, W2M_MAGIC, W2M_FORMAT_VERSION, W2M_ABI_VERSION, W2M_UNKNOWN_ARCHITECTURE, W2M_TRUNCATED,
    W2M_MALFORMED, W2M_HASH, W2M_POLICY, W2M_UNSIGNED, W2M_UNKNOWN_KEY, W2M_SIGNATURE, W2M_ROLLBACK, W2M_ARCHITECTURE, W2M_FEATURES, W2M_GUARD_ZONE,
    W2M_NOT_MAPPED, W2M_IMAGE_ALIGNMENT, W2M_RAM_ADDRESS, W2M_RAM_SIZE, W2M_IMPORT_MISSING,
    W2M_IMPORT_KIND, W2M_IMPORT_SIGNATURE, W2M_IMPORT_CLOSED, W2M_MANIFEST,
    W2M_NOT_GRANTED, W2M_TRAP, W2M_TRAPPED, W2M_RUNNING,
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
