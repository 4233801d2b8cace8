/* QEMU's mps2-an505 as far as the hosts need it: a console, an end, and the images in its flash. */
#ifndef BOARD_H
#define BOARD_H

#include <stddef.h>
#include <stdint.h>

/* Writes a line to the PC: text with %s, %d, %u and %x. In one piece, so that tasks may do it. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Ends QEMU with this status. */
_Noreturn void quit(int status);

/* An image in flash, from `images.S`. */
#define IMAGE(name) extern const uint8_t image_##name[], image_##name##_end[]
#define IMAGE_BYTES(name) ((size_t)(image_##name##_end - image_##name))

/* The main stack, from the linker script. */
extern uint64_t stack_bottom[];

/* What the core has that a library for thumbv8m.main-none-eabihf does not know of. */
#define BOARD_FEATURES (W2M_ARM_V8M | W2M_ARM_DSP)

#endif
