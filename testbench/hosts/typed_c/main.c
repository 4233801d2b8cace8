/* Firmware that is linked with the object of a module, and calls it through the header that the compiler made:
 * `wasm2mcu compile --emit obj` and `--emit header` of device.wat.
 */
#include "board.h"
#include "device.h"

/* Of the main stack: below the module's limit, and for host functions above it. */
#define INTERRUPT_WORDS 64
#define HOST_BYTES 1024

static device_instance device;
static uint64_t ram[(DEVICE_RAM_BYTES + 7) / 8];

void device_import_board_print(w2m_caller *caller, int32_t p0, int32_t p1)
{
    const char *text = w2m_caller_range(caller, (uint32_t)p0, (uint32_t)p1);
    char line[32] = {0};
    if (!text || (uint32_t)p1 >= sizeof line) {
        w2m_caller_trap(caller, W2M_TRAP_MEMORY_OUT_OF_BOUNDS);
        return;
    }
    memcpy(line, text, (uint32_t)p1);
    say("  %s", line);
}

double device_import_board_mix(w2m_caller *caller, int32_t p0, int64_t p1, float p2, double p3)
{
    (void)caller;
    return (double)p0 + (double)p1 + (double)p2 + p3;
}

int32_t device_import_board_call_back(w2m_caller *caller)
{
    int32_t sum = 0;
    (void)caller;
    return device_add(&device, 1, 2, &sum);
}

static void values(void)
{
    int32_t sum = 0, back = 0;
    int64_t product = 0, calls = 0;
    float half = 0;
    double root = 0, mixed = 0;
    device_swap_results swapped = {0, 0};

    say("add: %s", w2m_error_text(device_add(&device, 40, 2, &sum)));
    say("  %d", (int)sum);
    device_multiply(&device, -3, (int64_t)1 << 40, &product);
    device_mean(&device, 1, 2, &half);
    device_hypotenuse(&device, 3, 4, &root);
    device_mixed(&device, -1, (int64_t)1 << 33, 0.25f, 0.5, &mixed);
    device_swap(&device, 7, 0x0123456789abcdef, &swapped);
    say("multiply %s, mean %s, hypotenuse %s, mixed %s, swap %s",
        product == -((int64_t)3 << 40) ? "right" : "wrong", half == 1.5f ? "right" : "wrong",
        root == 5.0 ? "right" : "wrong", mixed == 8589934591.75 ? "right" : "wrong",
        swapped.r0 == 0x0123456789abcdef && swapped.r1 == 7 ? "right" : "wrong");
    device_greet(&device);
    device_global_calls(&device, &calls);
    say("calls %x %x", (unsigned)(calls >> 32), (unsigned)calls);
    device_back(&device, &back);
    say("called back: %s", w2m_error_text(back));
}

int main(void)
{
    const w2m_grant grant = {ram, sizeof ram, stack_bottom + INTERRUPT_WORDS, BOARD_FEATURES, HOST_BYTES};
    int32_t quotient = 0;

    say("instance: %s", w2m_error_text(device_instantiate(&device, DEVICE_IMAGE, DEVICE_IMAGE_BYTES, NULL,
                                                          &grant, NULL)));
    values();
    say("divide: %s", w2m_error_text(device_divide(&device, 1, 0, &quotient)));
    say("reset: %s", w2m_error_text(w2m_reset(&device.instance)));
    say("divide: %s", w2m_error_text(device_divide(&device, 7, 2, &quotient)));
    say("  %d", (int)quotient);
    return quotient == 3 ? 0 : 1;
}
