/* Firmware in plain C that does everything that the C API offers, and says what comes of it. Compared by the
 * test with `expected.txt`.
 */
#include <string.h>

#include "board.h"
#include "host.h"
#include "wasm2mcu.h"

IMAGE(device);
IMAGE(start);
IMAGE(signed);

/* Public halves: of a key that nobody signed with, then of the one that the test signed with. */
static const w2m_key keys[] = {
    {{0x81, 0x39, 0x77, 0x0e, 0xa8, 0x7d, 0x17, 0x5f, 0x56, 0xa3, 0x54,
      0x66, 0xc3, 0x4c, 0x7e, 0xcc, 0xcb, 0x8d, 0x8a, 0x91, 0xb4, 0xee,
      0x37, 0xa2, 0x5d, 0xf6, 0x0f, 0x5b, 0x8f, 0xc9, 0xb3, 0x94}},
    {{0x8a, 0x88, 0xe3, 0xdd, 0x74, 0x09, 0xf1, 0x95, 0xfd, 0x52, 0xdb,
      0x2d, 0x3c, 0xba, 0x5d, 0x72, 0xca, 0x67, 0x09, 0xbf, 0x1d, 0x94,
      0x12, 0x1b, 0xf3, 0x74, 0x88, 0x01, 0xb4, 0x0f, 0x6f, 0x5c}},
};
/* What the test gave to the signed image. */
#define COUNTER 3

/* Of the main stack: below the modules' limit, and for host functions above it. */
#define INTERRUPT_WORDS 64
#define HOST_BYTES 1024

struct state {
    w2m_instance *instance;
    w2m_function *add;
    unsigned prints;
};

static w2m_image image;
static w2m_instance instance, second;
static uint64_t ram[64], second_ram[64];
static uint64_t copy[1024];
static w2m_grant grant;

static void board_print(w2m_caller *caller, uint32_t address, uint32_t length)
{
    struct state *state = w2m_caller_data(caller);
    const char *text = w2m_caller_range(caller, address, length);
    char line[32];
    if (!text || length >= sizeof line) {
        w2m_caller_trap(caller, text ? W2M_TRAP_HOST : W2M_TRAP_MEMORY_OUT_OF_BOUNDS);
        return;
    }
    memcpy(line, text, length);
    line[length] = 0;
    state->prints++;
    say("  module: %s", line);
}

static double board_mix(w2m_caller *caller, int32_t a, int64_t b, float c, double d)
{
    (void)caller;
    return a + (double)b + (double)c + d;
}

/* A module that calls a host function that calls the module. */
static int32_t board_call_back(w2m_caller *caller)
{
    struct state *state = w2m_caller_data(caller);
    uint32_t words[2] = {1, 2};
    w2m_result refused = w2m_call(state->instance, state->add, words, 2);
    if (w2m_memory(state->instance, NULL) || w2m_drop(state->instance) != refused)
        return -1;
    return refused;
}

static const w2m_host_function hosts[] = {
    W2M_HOST("board", "print", "v(ii)", board_print),
    W2M_HOST("board", "mix", "F(iIfF)", board_mix),
    W2M_HOST("board", "call_back", "i()", board_call_back),
};
#define HOSTS (sizeof hosts / sizeof *hosts)

static w2m_function found(const char *name, const char *signature)
{
    w2m_function function;
    w2m_result result = w2m_find(&instance, name, signature, &function);
    if (result) {
        say("%s: %s", name, w2m_error_text(result));
        quit(1);
    }
    return function;
}

static void images(void)
{
    w2m_detail detail;
    w2m_requirements needs;
    w2m_policy policy = {sizeof policy, 1, NULL, 0, NULL, NULL};
    const size_t bytes = IMAGE_BYTES(device);

    say("images");
    say("  not opened: %s", w2m_error_text(w2m_image_requirements(&image, &needs)));
    say("  no image: %s", w2m_error_text(w2m_image_open(&image, image_device + 4, bytes - 4, NULL, NULL)));
    say("  short: %s", w2m_error_text(w2m_image_open(&image, image_device, bytes - 4, NULL, &detail)));
    say("  needed and given: %s", detail.needed == bytes && detail.given == bytes - 4 ? "right" : "wrong");

    memcpy(copy, image_device, bytes);
    ((uint8_t *)copy)[112] = 1; /* reserved */
    say("  broken: %s", w2m_error_text(w2m_image_open(&image, copy, sizeof copy, NULL, &detail)));
    say("  at offset %u", (unsigned)detail.offset);
    memcpy(copy, image_device, bytes);
    ((uint8_t *)copy)[200] ^= 1; /* code */
    say("  flipped: %s", w2m_error_text(w2m_image_open(&image, copy, sizeof copy, NULL, NULL)));
    say("  counter: %s", w2m_error_text(w2m_image_open(&image, image_device, bytes, &policy, NULL)));

    policy.min_counter = 0;
    say("  sound: %s", w2m_error_text(w2m_image_open(&image, image_device, bytes, &policy, NULL)));
    w2m_image_requirements(&image, &needs);
    say("  memory %u to %u bytes, RAM %s context and memory, stack %s", (unsigned)needs.memory_min,
        (unsigned)needs.memory_max,
        needs.ram_bytes == needs.context_bytes + needs.memory_min ? "is" : "is not",
        needs.stack_bytes > 0 && needs.stack_bytes < 512 ? "small" : "large");
}

static unsigned hashes, checks;

/* A crypto block that finds no hash. */
static void no_hash(const uint8_t *message, size_t length, uint8_t *digest)
{
    (void)message, (void)length;
    memset(digest, 0, 32);
    hashes++;
}

/* A crypto block that finds every signature right. */
static int32_t any_signature(const uint8_t *key, const uint8_t *message, size_t length, const uint8_t *signature)
{
    checks += length == 32 && memcmp(key, keys[1].ed25519, 32) == 0 && message && signature;
    return 1;
}

static w2m_result opened(const uint8_t *bytes, size_t length, uint32_t min_counter, size_t key_count)
{
    const w2m_policy policy = {sizeof policy, min_counter, keys, key_count, NULL, NULL};
    return w2m_image_open(&image, bytes, length, &policy, NULL);
}

static void signatures(void)
{
    const size_t bytes = IMAGE_BYTES(signed);
    w2m_policy policy = {sizeof policy, 0, keys, 2, no_hash, NULL};

    say("signatures");
    say("  signed: %s", w2m_error_text(opened(image_signed, bytes, COUNTER, 2)));
    say("  newer asked for: %s", w2m_error_text(opened(image_signed, bytes, COUNTER + 1, 2)));
    say("  another key: %s", w2m_error_text(opened(image_signed, bytes, 0, 1)));
    say("  no key: %s", w2m_error_text(opened(image_signed, bytes, 0, 0)));
    say("  not signed: %s", w2m_error_text(opened(image_device, IMAGE_BYTES(device), 0, 2)));
    memcpy(copy, image_signed, bytes);
    ((uint8_t *)copy)[bytes - 1] ^= 1;
    say("  flipped: %s", w2m_error_text(opened((uint8_t *)copy, bytes, 0, 2)));
    say("  own hash: %s", w2m_error_text(w2m_image_open(&image, image_signed, bytes, &policy, NULL)));
    policy.sha256 = NULL;
    policy.ed25519 = any_signature;
    say("  own check: %s", w2m_error_text(w2m_image_open(&image, copy, bytes, &policy, NULL)));
    say("  asked %u and %u times", hashes, checks);
    policy.size--;
    say("  of another size: %s", w2m_error_text(w2m_image_open(&image, copy, bytes, &policy, NULL)));
    /* All that follows runs what was signed. */
    opened(image_signed, bytes, COUNTER, 2);
}

static void refusals(void)
{
    w2m_host_function few[HOSTS], lies[HOSTS], broken[HOSTS];
    w2m_detail detail;
    w2m_image at_odds;
    w2m_grant little = grant, crooked = grant;
    uint32_t words[2];

    say("refusals");
    memcpy(few, hosts, sizeof hosts);
    few[1].name = "other";
    say("  %s", w2m_error_text(w2m_instantiate(&instance, &image, &grant, few, HOSTS, &detail)));
    say("  it is %s", detail.module_bytes == 5 && memcmp(detail.module, "board", 5) == 0
                              && detail.name_bytes == 3 && memcmp(detail.name, "mix", 3) == 0
                          ? "board.mix"
                          : "another");
    memcpy(lies, hosts, sizeof hosts);
    lies[0].signature = "v(iI)";
    say("  %s", w2m_error_text(w2m_instantiate(&instance, &image, &grant, lies, HOSTS, NULL)));
    memcpy(broken, hosts, sizeof hosts);
    broken[2].signature = "i(";
    say("  %s", w2m_error_text(w2m_instantiate(&instance, &image, &grant, broken, HOSTS, NULL)));
    little.ram_bytes = 64;
    say("  %s", w2m_error_text(w2m_instantiate(&instance, &image, &little, hosts, HOSTS, &detail)));
    say("  given %u", (unsigned)detail.given);
    crooked.ram = (uint8_t *)ram + 4;
    say("  %s", w2m_error_text(w2m_instantiate(&instance, &image, &crooked, hosts, HOSTS, NULL)));
    say("  %s", w2m_error_text(w2m_reset(&instance)));
    say("  %s", w2m_error_text(w2m_global(&instance, "calls", 'I', words)));

    w2m_image_open(&at_odds, image_start, IMAGE_BYTES(start), NULL, NULL);
    say("  start: %s", w2m_error_text(w2m_instantiate(&instance, &at_odds, &grant, NULL, 0, &detail)));
    say("  start: %s", w2m_trap_text(detail.trap.code));
}

/* Of the same function, and of none. */
static const char *const spellings[] = {"v()", "()", "v(v)", "vv()", "", "v", "v(", "v)(", "v()v", "x()"};

static void calls(void)
{
    say("calls");
    say("  %s", w2m_error_text(w2m_instantiate(&instance, &image, &grant, hosts, HOSTS, NULL)));
    w2m_function add = found("add", "i(ii)"), multiply = found("multiply", "I(II)");
    w2m_function mean = found("mean", "f(ff)"), hypotenuse = found("hypotenuse", "F(FF)");
    w2m_function swap = found("swap", "Ii(iI)"), mixed = found("mixed", "F(iIfF)");
    w2m_function greet = found("greet", "v()"), back = found("back", "i()"), other;
    struct state state = {&instance, &add, 0};
    uint32_t words[3] = {7, 0x89abcdef, 0x01234567};
    int32_t sum = 0;
    int64_t product = 0;
    float half = 0;
    double root = 0;
    size_t length;

    w2m_set_host_data(&instance, &state);
    w2m_callv(&instance, &add, &sum, 40, 2);
    say("  add %d", (int)sum);
    w2m_callv(&instance, &multiply, &product, (int64_t)-3, (int64_t)1 << 40);
    say("  multiply %s", product == -((int64_t)3 << 40) ? "right" : "wrong");
    w2m_callv(&instance, &mean, &half, 1.0, 2.0);
    say("  mean %s", half == 1.5f ? "right" : "wrong");
    w2m_callv(&instance, &hypotenuse, &root, 3.0, 4.0);
    say("  hypotenuse %s", root == 5.0 ? "right" : "wrong");
    w2m_callv(&instance, &mixed, &root, -1, (int64_t)1 << 33, 0.25, 0.5);
    say("  mixed %s", root == 8589934591.75 ? "right" : "wrong");
    say("  swap: %s", w2m_error_text(w2m_call(&instance, &swap, words, 2)));
    say("  swap: %s", w2m_error_text(w2m_call(&instance, &swap, words, 3)));
    say("  swap %x %x %x", (unsigned)words[0], (unsigned)words[1], (unsigned)words[2]);
    w2m_callv(&instance, &greet, NULL);
    w2m_callv(&instance, &greet, NULL);
    say("  printed %u times", state.prints);
    w2m_global(&instance, "calls", 'I', words);
    say("  global %x %x; %s", (unsigned)words[1], (unsigned)words[0],
        w2m_error_text(w2m_global(&instance, "calls", 'i', words)));
    w2m_callv(&instance, &back, &sum);
    say("  called back: %s", w2m_error_text(sum));

    memcpy(w2m_range(&instance, 16, 5), "HELLO", 5);
    w2m_callv(&instance, &greet, NULL);
    w2m_memory(&instance, &length);
    say("  memory of %u bytes; the last one %s, one more %s, all around %s", (unsigned)length,
        w2m_range(&instance, 63, 1) ? "inside" : "outside",
        w2m_range(&instance, 63, 2) ? "inside" : "outside",
        w2m_range(&instance, 16, UINT32_MAX) ? "inside" : "outside");
    say("  %s; %s; %s", w2m_error_text(w2m_find(&instance, "nothing", "v()", &other)),
        w2m_error_text(w2m_find(&instance, "memory", "v()", &other)),
        w2m_error_text(w2m_find(&instance, "add", "i(iI)", &other)));
    say("  %s", w2m_error_text(w2m_call(&instance, &other, NULL, 0)));
    for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++)
        say("  \"%s\": %s", spellings[i],
            w2m_error_text(w2m_find(&instance, "greet", spellings[i], &other)));
}

static void trap(const char *name, const char *signature, uint32_t a, uint32_t b)
{
    w2m_function function = found(name, signature);
    uint32_t words[2] = {a, b};
    w2m_trap trap;
    w2m_result result = w2m_call(&instance, &function, words, 2);
    w2m_last_trap(&instance, &trap);
    say("  %s: %s, %s; then %s", name, w2m_error_text(result), w2m_trap_text(trap.code),
        w2m_error_text(w2m_call(&instance, &function, words, 2)));
    if (trap.code != W2M_TRAP_STACK_EXHAUSTED)
        say("  in function %d, text offset %s, image %s", (int)trap.function,
            trap.text_offset && trap.text_offset < IMAGE_BYTES(device) ? "inside" : "outside",
            trap.image ? "named" : "not named");
    w2m_reset(&instance);
}

static void traps(void)
{
    w2m_function add = found("add", "i(ii)");
    struct state state = {&instance, &add, 0};
    uint32_t words[2];
    int32_t sum = 0;

    say("traps");
    w2m_set_host_data(&instance, &state);
    trap("divide", "i(ii)", 1, 0);
    trap("load", "i(i)", 61, 0);
    trap("wild", "v()", 0, 0);
    trap("deep", "i(i)", 1000000, 0);
    w2m_global(&instance, "calls", 'I', words);
    w2m_callv(&instance, &add, &sum, 1, 2);
    say("  after a reset: add %d, global %x %x, memory %s", (int)sum, (unsigned)words[1], (unsigned)words[0],
        memcmp(w2m_range(&instance, 16, 5), "hello", 5) == 0 ? "new" : "old");
}

static void several(void)
{
    w2m_function greet = found("greet", "v()"), divide = found("divide", "i(ii)");
    struct state state = {&second, NULL, 0};
    w2m_grant more = grant;
    w2m_function stranger;
    w2m_image other;
    uint32_t words[2] = {1, 0};

    say("several");
    more.ram = second_ram;
    more.ram_bytes = sizeof second_ram;
    say("  %s", w2m_error_text(w2m_instantiate(&second, &image, &more, hosts, HOSTS, NULL)));
    w2m_set_host_data(&second, &state);
    memcpy(w2m_range(&second, 16, 5), "other", 5);
    w2m_call(&instance, &divide, words, 2);
    say("  one trapped: %s, the other: %s", w2m_error_text(w2m_callv(&instance, &greet, NULL)),
        w2m_error_text(w2m_callv(&second, &greet, NULL)));
    memcpy(copy, image_device, IMAGE_BYTES(device));
    w2m_image_open(&other, copy, sizeof copy, NULL, NULL);
    say("  dropped: %s", w2m_error_text(w2m_drop(&second)));
    say("  dropped: %s", w2m_error_text(w2m_callv(&second, &greet, NULL)));
    say("  its RAM again: %s", w2m_error_text(w2m_instantiate(&second, &other, &more, hosts, HOSTS, NULL)));
    w2m_set_host_data(&second, &state);
    say("  a function of another image: %s", w2m_error_text(w2m_callv(&second, &greet, NULL)));
    w2m_find(&second, "greet", "v()", &stranger);
    say("  the image in RAM: %s", w2m_error_text(w2m_callv(&second, &stranger, NULL)));
}

int main(void)
{
    int differs = layout_differs();
    if (differs) {
        say("header and library differ at %d", differs);
        return 1;
    }
    say("header and library agree");
    grant = (w2m_grant){ram, sizeof ram, stack_bottom + INTERRUPT_WORDS, BOARD_FEATURES, HOST_BYTES};
    images();
    signatures();
    refusals();
    calls();
    traps();
    several();
    say("%s; %s", w2m_error_text(12345), w2m_trap_text(12345));
    return 0;
}
