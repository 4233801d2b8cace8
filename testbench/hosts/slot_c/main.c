/* Firmware that is built without any image: it declares two slots, `app` and `spare`, and runs what
 * `wasm2mcu link` puts into them.
 */
#include "board.h"
#include "wasm2mcu.h"

W2M_SLOT(app, 4096, BOARD_FEATURES);
W2M_SLOT(spare, 4, BOARD_FEATURES);

/* Of the main stack: below the modules' limit, and for host functions above it. */
#define INTERRUPT_WORDS 64
#define HOST_BYTES 1024

static void board_output(w2m_caller *caller, float value)
{
    (void)caller;
    say("  output %d/1000", (int)(value * 1000));
}

static const w2m_host_function hosts[] = {W2M_HOST("board", "output", "v(f)", board_output)};

static void run(const char *slot, const void *start, size_t bytes)
{
    static w2m_instance instance;
    static uint64_t ram[64];
    const w2m_grant grant = {ram, sizeof ram, stack_bottom + INTERRUPT_WORDS, BOARD_FEATURES, HOST_BYTES};
    w2m_image image;
    w2m_function step;
    float result = 0;

    w2m_result done = w2m_image_open(&image, start, bytes, NULL, NULL);
    if (done == W2M_OK)
        done = w2m_instantiate(&instance, &image, &grant, hosts, 1, NULL);
    if (done == W2M_OK)
        done = w2m_find(&instance, "step", "f(f)", &step);
    for (int i = 0; done == W2M_OK && i < 3; i++)
        done = w2m_callv(&instance, &step, &result, 1.0);
    say("%s: %s", slot, w2m_error_text(done));
}

int main(void)
{
    run("app", W2M_SLOT_START(app), W2M_SLOT_BYTES(app));
    run("spare", W2M_SLOT_START(spare), W2M_SLOT_BYTES(spare));
    return 0;
}
