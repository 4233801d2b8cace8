/*
 * wasm2mcu.h: checks, places and runs wasm2mcu images (.w2m) in firmware written in C.
 *
 *   w2m_image_open ─▶ w2m_image          w2m_find ─▶ w2m_function ─┐
 *                        │                   │                     │
 *   RAM, hosts ── w2m_instantiate ─▶ w2m_instance ──────────── w2m_call ─▶ results, or a trap
 *
 *   static w2m_image image;
 *   static w2m_instance instance;
 *   static uint64_t ram[1024];
 *
 *   static int32_t read_sensor(w2m_caller *caller, int32_t channel) { ... }
 *   static const w2m_host_function hosts[] = {W2M_HOST("board", "read_sensor", "i(i)", read_sensor)};
 *
 *   static const w2m_key keys[] = {{{0xd7, 0x5a, ...}}};
 *
 *   w2m_policy policy = {sizeof policy, stored_counter(), keys, 1, NULL, NULL};
 *   w2m_grant grant = {ram, sizeof ram, stack_bottom + 512, W2M_ARM_V8M | W2M_ARM_DSP, 0};
 *   w2m_function step;
 *   int32_t result;
 *   if (w2m_image_open(&image, flash, flash_bytes, &policy, NULL) == W2M_OK
 *       && w2m_instantiate(&instance, &image, &grant, hosts, 1, NULL) == W2M_OK
 *       && w2m_find(&instance, "step", "i(if)", &step) == W2M_OK
 *       && w2m_callv(&instance, &step, &result, 7, 0.5f) == W2M_OK) { ... }
 *
 * Memory. Nothing is allocated and there is no global state. All structs are the caller's, as are the
 * image's bytes and the RAM; an instance refers to its image's bytes and to its RAM, a w2m_image to its bytes.
 * They stay where they are and unchanged while instances live. A w2m_image and a w2m_function are plain
 * data and may be copied; of a w2m_instance there is one, or its copies would share one RAM.
 *
 * Tasks. Different instances may be used by different tasks and interrupt handlers at the same time, also
 * instances of one image. One instance is used by one task at a time: who shares one, locks. A w2m_image and a
 * w2m_function may be read by everybody at once. Module code runs on the stack of the task that calls, down to
 * the grant's stack limit; so a task that calls an instance is the one whose stack the limit is of. An
 * interrupt may come at any time; if its handlers use the FPU, they save it, as the hardware does by itself
 * (lazy stacking) and every RTOS does. The library owns no interrupt or fault vector.
 *
 * Code that was written just now, to flash or RAM, needs what the core asks for before it can be fetched:
 * barriers on a Cortex-M33, cleaned and invalidated caches where there are any. That is the caller's.
 *
 * A task may be deleted or suspended in the middle of a call. An instance whose task was deleted is running
 * for ever; w2m_instantiate makes it anew, in the same struct and RAM, from the same w2m_image.
 *
 * Traps end the call and nothing else. After one, calls return W2M_TRAPPED until w2m_reset.
 *
 * Trust. The hash in an image finds broken flash. It says nothing about who made the image, and machine code
 * is run as it is: a policy with keys sees to it that a compiler that you trust has made it.
 */
#ifndef WASM2MCU_H
#define WASM2MCU_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Results ------------------------------------------------------------------------------------------ */

/* What functions return: W2M_OK, or why not. */
typedef int32_t w2m_result;

enum {
    W2M_OK = 0,

    /* w2m_image_open */
    W2M_MAGIC = 1,                /* the bytes are no image at all */
    W2M_FORMAT_VERSION = 2,       /* detail.needed: the image's */
    W2M_ABI_VERSION = 3,          /* detail.needed: the image's */
    W2M_UNKNOWN_ARCHITECTURE = 4, /* detail.needed: the image's */
    W2M_TRUNCATED = 5,            /* detail.needed, .given: bytes */
    W2M_MALFORMED = 6,            /* detail.offset: where in the image */
    W2M_HASH = 7,                 /* the content is not what the compiler wrote */
    W2M_POLICY = 8,               /* this build of the library has no signatures, the policy has keys */
    W2M_UNSIGNED = 9,             /* the policy has keys, the image no signature */
    W2M_UNKNOWN_KEY = 10,         /* none of the keys is the one that is said to have signed */
    W2M_SIGNATURE = 11,           /* the signature is wrong */
    W2M_ROLLBACK = 12,            /* detail.needed, .given: the least counter and the image's */

    /* w2m_instantiate */
    W2M_ARCHITECTURE = 32,     /* detail.needed, .given: the image's and the core's */
    W2M_FEATURES = 33,         /* detail.needed: the bits that are missing, as in abi/IMAGE.md, section 3 */
    W2M_GUARD_ZONE = 34,       /* detail.needed, .given: bytes */
    W2M_NOT_MAPPED = 35,
    W2M_IMAGE_ALIGNMENT = 36,  /* detail.given: the address, which must be a multiple of 4 */
    W2M_RAM_ADDRESS = 37,      /* detail.given: the address, which must be a multiple of 8 */
    W2M_RAM_SIZE = 38,         /* detail.needed, .given: bytes */
    W2M_IMPORT_MISSING = 39,   /* detail.module, .name: the import */
    W2M_IMPORT_KIND = 40,      /* the same; it is no function */
    W2M_IMPORT_SIGNATURE = 41, /* the same */
    W2M_IMPORT_CLOSED = 42,

    /* w2m_host_open, in wasm2mcu_host.h */
    W2M_MANIFEST = 43,
    W2M_NOT_GRANTED = 44,

    /* Calls; also w2m_instantiate and w2m_reset, which run the start function */
    W2M_TRAP = 64,             /* detail.trap and w2m_last_trap say which */
    W2M_TRAPPED = 65,          /* an earlier call trapped: reset first */
    W2M_RUNNING = 66,          /* the instance is in use, by a call further up this stack */
    W2M_NO_EXPORT = 67,
    W2M_EXPORT_KIND = 68,      /* the export is no function, or no global */
    W2M_EXPORT_SIGNATURE = 69, /* the export has another type */
    W2M_EXPORT_CLOSED = 70,
    W2M_WORDS = 71,            /* fewer words than parameters or results take */
    W2M_CORE = 72,
    W2M_OTHER_IMAGE = 73,      /* the w2m_function is of an image at another place */

    /* Mistakes of the caller, as far as they can be seen */
    W2M_ARGUMENT = 96,         /* null, not aligned, no signature, or no function */
    W2M_NOT_LIVE = 97          /* the image was not opened, or the instance not made */
};

/* The text of a result: one line in English, in flash. Never null. */
const char *w2m_error_text(w2m_result result);

/* Trap codes. */
enum {
    W2M_TRAP_UNREACHABLE = 1,
    W2M_TRAP_MEMORY_OUT_OF_BOUNDS = 2,
    W2M_TRAP_TABLE_OUT_OF_BOUNDS = 3,
    W2M_TRAP_UNDEFINED_ELEMENT = 4,
    W2M_TRAP_UNINITIALIZED_ELEMENT = 5,
    W2M_TRAP_INDIRECT_CALL_TYPE_MISMATCH = 6,
    W2M_TRAP_INTEGER_DIVIDE_BY_ZERO = 7,
    W2M_TRAP_INTEGER_OVERFLOW = 8,
    W2M_TRAP_INVALID_CONVERSION_TO_INTEGER = 9,
    W2M_TRAP_STACK_EXHAUSTED = 10,
    W2M_TRAP_HOST = 11,
    W2M_TRAP_INTERRUPTED = 12
};

/* The text of a trap code, in flash. Never null. */
const char *w2m_trap_text(uint32_t code);

/* In w2m_trap.function: the trap happened in no function of the module. */
#define W2M_NO_FUNCTION UINT32_MAX

/*
 * A trap. What a device logs of it, for `wasm2mcu explain IMAGE.map RECORD` to say function and line, is
 *
 *   printf("w2m-trap:%" PRIu32 ":%" PRIx32 ":%08" PRIx32, trap.code, trap.text_offset, trap.image);
 */
typedef struct w2m_trap {
    uint32_t code;        /* W2M_TRAP_..., 0 if there was none */
    uint32_t function;    /* index in the module, imports included, or W2M_NO_FUNCTION */
    uint32_t text_offset; /* bytes from the start of the text to just behind the trap; 0 outside of it */
    uint32_t image;       /* how the image's hash begins: which map to take */
} w2m_trap;

/* The figures of an error, beside its code. What a code does not name is 0. */
typedef struct w2m_detail {
    uint32_t offset;
    uint32_t needed;
    uint32_t given;
    const char *module; /* an import's names: in the image, without a zero at the end */
    size_t module_bytes;
    const char *name;
    size_t name_bytes;
    w2m_trap trap;
} w2m_detail;

/* ---- Images ------------------------------------------------------------------------------------------- */

#define W2M_IMAGE_BYTES 32u
#define W2M_INSTANCE_BYTES 96u
#define W2M_FUNCTION_BYTES 32u

/* An image that was found sound. */
typedef struct w2m_image {
    uint64_t opaque[W2M_IMAGE_BYTES / 8];
} w2m_image;

/* The public half of a key that images are signed with. */
typedef struct w2m_key {
    uint8_t ed25519[32];
} w2m_key;

/*
 * What an image must show besides a right hash. With keys, nothing runs that none of them has signed;
 * without, whatever is whole runs, whoever made it. There is no setting between.
 */
typedef struct w2m_policy {
    uint32_t size;        /* sizeof(w2m_policy) */
    uint32_t min_counter; /* the least security counter, which the device stores; an image without one has 0 */
    const w2m_key *keys;  /* null: no signature is asked for */
    size_t key_count;     /* 0 with keys that are not null: nothing runs */

    /* The firmware's own SHA-256, a crypto block for example; null: software. Writes 32 bytes; after a failure
       they are zeros, never the hash of something else. */
    void (*sha256)(const uint8_t *message, size_t length, uint8_t *digest);

    /* The firmware's own check of an Ed25519 signature (RFC 8032, strict: S reduced, no key of small order);
       null: software. 1 if the 64 bytes are the signature of the message by the key of 32 bytes, else 0. */
    int32_t (*ed25519)(const uint8_t *key, const uint8_t *message, size_t length, const uint8_t *signature);
} w2m_policy;

/* What an image needs, in bytes. */
typedef struct w2m_requirements {
    uint32_t ram_bytes;     /* context and memory at the start: the least for w2m_grant.ram_bytes */
    uint32_t context_bytes; /* imports, globals, tables; of which */
    uint32_t globals_bytes; /*   globals, and what the compiler keeps beside them */
    uint32_t tables_bytes;  /*   tables, with the room that they may grow into */
    uint32_t memory_min;    /* memory at the start */
    uint32_t memory_max;    /* what it may grow to, if the RAM is there */
    uint32_t stack_bytes;   /* worst depth of any call, recursion and host functions excluded */
    uint32_t guard_zone;    /* 0, but for images compiled for a host with an MPU */
    uint32_t features;      /* of the core, as in abi/IMAGE.md, section 3 */
} w2m_requirements;

/*
 * Checks versions and structure of the image that begins at `bytes`, a multiple of 4, then its hash,
 * signature and security counter; what stands behind it is ignored. No `policy` (null): the hash alone.
 * `detail` may be null. Time is proportional to the size, and that of one signature or a few.
 *
 * W2M_OK, or a code up to W2M_ROLLBACK, or W2M_ARGUMENT; then `image` holds none.
 */
w2m_result w2m_image_open(w2m_image *image, const void *bytes, size_t length,
                          const w2m_policy *policy, w2m_detail *detail);

/* W2M_OK, W2M_ARGUMENT, W2M_NOT_LIVE. */
w2m_result w2m_image_requirements(const w2m_image *image, w2m_requirements *requirements);

/* ---- Slots -------------------------------------------------------------------------------------------- */

/*
 * A slot is a part of flash that is left to an image, which `wasm2mcu link FIRMWARE.elf APP.w2m` puts there. The
 * linker script says where it is, for a slot `app` by two symbols:
 *
 *   __wasm2mcu_slot_app_start = ORIGIN(APP);
 *   __wasm2mcu_slot_app_end = ORIGIN(APP) + LENGTH(APP);
 *
 * and one source file, outside of functions, what the loader takes there:
 *
 *   W2M_SLOT(app, 4096, W2M_ARM_V8M | W2M_ARM_DSP);
 *
 *   w2m_image_open(&image, W2M_SLOT_START(app), W2M_SLOT_BYTES(app), &policy, NULL)
 *
 * so that images that do not fit are refused when they are linked. An empty slot is no image: W2M_MAGIC. The
 * alignment is a power of two, 4 or more, that both symbols are multiples of: what the flash erases at once if
 * the slot is replaced as a whole. The features are those of w2m_grant. The name has 28 characters at most. It
 * takes no flash but an empty function's, which --gc-sections takes away: the declaration stands in a section of the
 * ELF file that is not loaded. FIRMWARE.md in abi/ specifies it.
 */
#define W2M_SLOT(name, alignment, features)                                                                \
    extern const uint8_t __wasm2mcu_slot_##name##_start[], __wasm2mcu_slot_##name##_end[];                 \
    typedef char w2m_slot_sound_##name                                                                     \
        [sizeof #name <= 29 && (alignment) >= 4 && ((alignment) & ((alignment) - 1)) == 0 ? 1 : -1];       \
    __attribute__((used)) static void w2m_slot_##name(void)                                                \
    {                                                                                                      \
        __asm__ volatile(".pushsection .wasm2mcu.slots, \"R\", %%progbits\n\t"                             \
                         ".ascii \"W2MS\"\n\t"                                                             \
                         ".2byte 1, 64, " W2M_NUMBER(0) ", 0\n\t"                                          \
                         ".2byte " W2M_NUMBER(1) ", " W2M_NUMBER(1) "\n\t"                                 \
                         ".2byte " W2M_NUMBER(2) ", " W2M_NUMBER(2) "\n\t"                                 \
                         ".4byte " W2M_NUMBER(3) "\n\t"                                                    \
                         ".4byte __wasm2mcu_slot_" #name "_start, __wasm2mcu_slot_" #name "_end\n\t"       \
                         ".4byte " W2M_NUMBER(4) "\n\t"                                                    \
                         ".ascii \"" #name "\"\n\t"                                                        \
                         ".space " W2M_NUMBER(5) "\n\t"                                                    \
                         ".popsection"                                                                     \
                         :                                                                                 \
                         : "i"(W2M_TARGET), "i"(W2M_FORMAT), "i"(W2M_ABI),                                 \
                           "i"(W2M_TARGET_FEATURES | (features)), "i"(alignment), "i"(29 - sizeof #name)); \
    }                                                                                                      \
    struct w2m_slot_##name

/* Behind W2M_SLOT. */
#define W2M_SLOT_START(name) ((const void *)__wasm2mcu_slot_##name##_start)
#define W2M_SLOT_BYTES(name) \
    ((size_t)((uintptr_t)__wasm2mcu_slot_##name##_end - (uintptr_t)__wasm2mcu_slot_##name##_start))

/* Versions of the image format and the ABI that the library takes. */
#define W2M_FORMAT 1
#define W2M_ABI 1

/* The architecture, and the features that the library, built for the same target, knows of by itself: the numbers of
   abi/IMAGE.md, sections 2 and 3. */
#if defined(__riscv)
#define W2M_TARGET 2
/* An operand of W2M_SLOT's record as a bare number, which the assemblers' dialects write in two ways. */
#define W2M_NUMBER(operand) "%" #operand
#if defined(__riscv_mul)
#define W2M_TARGET_M (1 << 0)
#else
#define W2M_TARGET_M 0
#endif
#if defined(__riscv_atomic)
#define W2M_TARGET_A (1 << 1)
#else
#define W2M_TARGET_A 0
#endif
#if defined(__riscv_compressed)
#define W2M_TARGET_C (1 << 2)
#else
#define W2M_TARGET_C 0
#endif
#define W2M_TARGET_FEATURES (W2M_TARGET_M | W2M_TARGET_A | W2M_TARGET_C)
#else
#define W2M_TARGET 1
#define W2M_NUMBER(operand) "%c" #operand
#if defined(__ARM_PCS_VFP)
#define W2M_TARGET_FEATURES (1 << 1 | 1 << 4)
#else
#define W2M_TARGET_FEATURES (1 << 5)
#endif
#endif

/* ---- Host functions ----------------------------------------------------------------------------------- */

/* The instance that called a host function: its first argument, valid until it returns. */
typedef struct w2m_caller w2m_caller;

/*
 * A function that modules may import. A signature is the result's letter, then the parameters' in
 * brackets, without the leading caller: "i(iI)" is int32_t f(w2m_caller *, int32_t, int64_t).
 *
 *   i int32_t    I int64_t    f float    F double    e uint32_t (externref)    v nothing
 *
 * The compiler of the firmware does not compare signature and function: a row that lies is a broken call.
 */
typedef struct w2m_host_function {
    const char *module;
    const char *name;
    const char *signature;
    void (*function)(void);
} w2m_host_function;

#define W2M_HOST(module, name, signature, function) {module, name, signature, (void (*)(void))(function)}

/*
 * `length` bytes of the caller's memory from the module's address `address` on; null if they are not
 * all inside. The way to follow a pointer that the module passes. Bytes are at no particular
 * alignment. Valid until the host function returns.
 */
void *w2m_caller_range(w2m_caller *caller, uint32_t address, uint32_t length);

/* What w2m_set_host_data set; null before, so also while the start function runs for the first time. */
void *w2m_caller_data(w2m_caller *caller);

/* The call into the module ends with this trap as soon as the host function returns. */
void w2m_caller_trap(w2m_caller *caller, uint32_t code);

/* ---- Instances ---------------------------------------------------------------------------------------- */

/* A module at work. */
typedef struct w2m_instance {
    uint64_t opaque[W2M_INSTANCE_BYTES / 8];
} w2m_instance;

/* Features of the core, for w2m_grant.features; see abi/IMAGE.md, section 3. */
enum {
    W2M_ARM_DSP = 1 << 0,
    W2M_ARM_FPU = 1 << 1,
    W2M_ARM_FPU_DOUBLE = 1 << 2,
    W2M_ARM_V8M = 1 << 3,
    W2M_RISCV_F = 1 << 3,
    W2M_RISCV_MISALIGNED = 1 << 9,
    W2M_RISCV_HARD_FLOAT_ABI = 1 << 10, /* of the firmware; one of the two if images import functions */
    W2M_RISCV_SOFT_FLOAT_ABI = 1 << 11  /* with floats */
};

/* What the host gives to an instance. */
typedef struct w2m_grant {
    void *ram;               /* context and memory, a multiple of 8; the instance's alone while it lives */
    size_t ram_bytes;        /* w2m_requirements.ram_bytes or more; what is more is for memory.grow */
    const void *stack_limit; /* module code keeps the stack pointer at or above this address of the stack of
                                whoever calls. Below it: room for interrupts where they use this stack,
                                and for host functions if host_stack is 0 */
    uint32_t features;       /* what the core has beyond what the library was built for, and an FPU that is
                                on, rounds to nearest and keeps subnormal numbers */
    uint32_t host_stack;     /* bytes that the host function takes that takes most, with all that it calls: a call
                                in which one would not find them above the limit traps. 0: they have room
                                below it */
} w2m_grant;

/*
 * Makes an instance: checks what the image relies on, finds its imports in `hosts` (by module, name and
 * signature; the first row with both names counts), fills memory, globals and tables, and runs the start
 * function. `instance` may hold anything; an instance that was in it is gone. Must not be called
 * with an instance from one of its own host functions.
 *
 * W2M_OK, a code from W2M_ARCHITECTURE on, W2M_TRAP, W2M_ARGUMENT or W2M_NOT_LIVE; then `instance` holds
 * none. `detail` may be null.
 */
w2m_result w2m_instantiate(w2m_instance *instance, const w2m_image *image, const w2m_grant *grant,
                           const w2m_host_function *hosts, size_t host_count, w2m_detail *detail);

/*
 * Starts again: memory, globals and tables as the image has them, then the start function. The way out of
 * a trap. Imports and host data stay. W2M_OK, W2M_TRAP, W2M_RUNNING, W2M_NOT_LIVE, W2M_ARGUMENT.
 */
w2m_result w2m_reset(w2m_instance *instance);

/*
 * The instance's interrupt word; null if its image was not compiled with --interruptible, and while a call
 * runs, so it is asked for before. Whoever stores 1 there, from another task or an interrupt handler, ends the
 * call that runs, or else the next one, with W2M_TRAP and W2M_TRAP_INTERRUPTED. w2m_reset stores 0 again.
 * Not to be used when the instance is gone.
 */
volatile uint32_t *w2m_interrupt_word(w2m_instance *instance);

/* Ends the instance; its RAM is the caller's again. W2M_OK, W2M_RUNNING, W2M_NOT_LIVE, W2M_ARGUMENT. */
w2m_result w2m_drop(w2m_instance *instance);

/* The last trap since the instance was made; code 0 if there was none. */
w2m_result w2m_last_trap(w2m_instance *instance, w2m_trap *trap);

/* What host functions get from w2m_caller_data. */
w2m_result w2m_set_host_data(w2m_instance *instance, void *data);

/*
 * The linear memory and its size now; null while a call runs. Valid until the next call, which
 * may let the memory grow.
 */
uint8_t *w2m_memory(w2m_instance *instance, size_t *length);

/* `length` bytes of the memory from the module's address `address` on; null if they are not all inside. */
void *w2m_range(w2m_instance *instance, uint32_t address, uint32_t length);

/*
 * The words of an exported global whose type has this letter (of a signature), low word first; the second
 * is 0 where the type takes one. W2M_OK, W2M_NO_EXPORT, W2M_EXPORT_KIND, W2M_EXPORT_SIGNATURE, ...
 */
w2m_result w2m_global(w2m_instance *instance, const char *name, char letter, uint32_t words[2]);

/* ---- Calls -------------------------------------------------------------------------------------------- */

/* An exported function, found once. Good for every instance of the image that it was found in. */
typedef struct w2m_function {
    const char *signature; /* the text that it was found with */
    uint8_t opaque[W2M_FUNCTION_BYTES - sizeof(const char *)];
} w2m_function;

/*
 * Looks up an export. `signature` is checked against the export's type, may have several result letters,
 * and must last as long as `function`. W2M_OK, W2M_NO_EXPORT, W2M_EXPORT_KIND, W2M_EXPORT_SIGNATURE,
 * W2M_RUNNING, W2M_NOT_LIVE, W2M_ARGUMENT.
 */
w2m_result w2m_find(w2m_instance *instance, const char *name, const char *signature,
                    w2m_function *function);

/*
 * Calls with parameters as words, one for i, f and e, two for I and F, low word first; results
 * come in the same form from words[0] on. `count` words are there, enough for the longer of both.
 * W2M_OK, W2M_TRAP, W2M_TRAPPED, W2M_RUNNING, W2M_WORDS, W2M_OTHER_IMAGE, W2M_NOT_LIVE, W2M_ARGUMENT.
 */
w2m_result w2m_call(w2m_instance *instance, const w2m_function *function, uint32_t *words,
                    size_t count);

/* Most words of w2m_callv. */
#define W2M_CALLV_WORDS 16

/*
 * The same with parameters as C has them: int32_t, int64_t, double (for f and F) and uint32_t, after
 * the signature, which must have no more than one result and W2M_CALLV_WORDS words; the result goes
 * to `result`, an int32_t, int64_t, float, double or uint32_t, or null for none. Integer arguments
 * for I must be written as int64_t: a plain 1 is an int.
 */
static inline w2m_result w2m_callv(w2m_instance *instance, const w2m_function *function,
                                   void *result, ...)
{
    union {
        int64_t i;
        double d;
        float f;
        uint32_t words[2];
    } value;
    uint32_t words[W2M_CALLV_WORDS];
    const char *letter = function->signature;
    const char kind = *letter;
    size_t count = 0;
    va_list arguments;
    w2m_result done;
    unsigned char *out = (unsigned char *)result;
    const unsigned char *in = (const unsigned char *)words;
    size_t size;

    while (*letter && *letter != '(')
        letter++;
    va_start(arguments, result);
    for (letter += *letter == '('; *letter && *letter != ')' && *letter != 'v'; letter++) {
        size_t needed = *letter == 'I' || *letter == 'F' ? 2 : 1;
        if (count + needed > W2M_CALLV_WORDS) {
            va_end(arguments);
            return W2M_WORDS;
        }
        if (*letter == 'I')
            value.i = va_arg(arguments, int64_t);
        else if (*letter == 'F')
            value.d = va_arg(arguments, double);
        else if (*letter == 'f')
            value.f = (float)va_arg(arguments, double);
        else
            value.words[0] = va_arg(arguments, uint32_t);
        words[count++] = value.words[0];
        if (needed == 2)
            words[count++] = value.words[1];
    }
    va_end(arguments);
    done = w2m_call(instance, function, words, W2M_CALLV_WORDS);
    if (done != W2M_OK || !out || kind == 'v' || kind == '(')
        return done;
    for (size = kind == 'I' || kind == 'F' ? 8 : 4; size; size--)
        *out++ = *in++;
    return W2M_OK;
}

#ifdef __cplusplus
}
#endif

#endif
