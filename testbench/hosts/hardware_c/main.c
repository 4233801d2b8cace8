/* Firmware in plain C that gives a module hardware: every function of the w2m_hardware, simulated. Compared by the test
 * with `expected.txt`.
 */
#include <string.h>

#include "board.h"
#include "wasm2mcu_host.h"

IMAGE(hardware_c);

#define INTERRUPT_WORDS 64
#define STACK_BYTES 2048

/* The board: time passes when somebody waits, and a little with every look at the clock. */
struct simulated {
    uint64_t now;
    uint32_t led;
    uint32_t button;       /* the level of pin 6 */
    uint64_t button_rises; /* when it goes high */
    char key[32], value[64];
    size_t key_bytes, value_bytes;
    const char *received;
};

static struct simulated simulated = {.button_rises = UINT64_MAX, .received = "ping"};
static w2m_image image;
static w2m_instance instance;
static w2m_host host;
static uint64_t ram[160];

static uint64_t clock_now(void *user)
{
    struct simulated *board = user;
    return board->now += 100;
}

static uint64_t clock_resolution(void *user)
{
    (void)user;
    return 100;
}

static uint32_t button(struct simulated *board)
{
    if (board->now >= board->button_rises)
        board->button = 1;
    return board->button;
}

static void clock_wait(void *user, w2m_events *events, uint64_t until)
{
    struct simulated *board = user;
    w2m_source sources[4];
    size_t count = w2m_events_sources(events, sources, 4);
    uint64_t next = board->button_rises > board->now && board->button_rises < until ? board->button_rises : until;
    if (next > board->now)
        board->now = next;
    for (size_t i = 0; i < count && i < 4; i++)
        if (sources[i].kind == W2M_KIND_GPIO)
            w2m_events_pin(events, sources[i].number, button(board), board->now);
}

static int32_t randomise(void *user, uint8_t *bytes, size_t length)
{
    (void)user;
    memset(bytes, 0x2a, length); /* not random at all: the test knows it */
    return 0;
}

static void say_log(void *user, uint32_t level, const char *context, size_t context_bytes,
                    const char *message, size_t message_bytes)
{
    char line[64];
    (void)user;
    memcpy(line, context, context_bytes);
    line[context_bytes] = ' ';
    memcpy(line + context_bytes + 1, message, message_bytes);
    line[context_bytes + 1 + message_bytes] = 0;
    say("  log, level %u: %s", (unsigned)level, line);
}

static int32_t gpio_configure(void *user, uint32_t pin, uint32_t direction, uint32_t pull)
{
    (void)user;
    say("  pin %u: direction %u, pull %u", (unsigned)pin, (unsigned)direction, (unsigned)pull);
    return 0;
}

static int32_t gpio_read(void *user, uint32_t pin)
{
    struct simulated *board = user;
    return pin == 5 ? (int32_t)board->led : pin == 6 ? (int32_t)button(board) : W2M_E_NOT_FOUND;
}

static int32_t gpio_write(void *user, uint32_t pin, uint32_t level)
{
    struct simulated *board = user;
    board->led = level;
    say("  pin %u: %u", (unsigned)pin, (unsigned)level);
    return 0;
}

static int32_t i2c_transaction(void *user, uint32_t bus, uint16_t address,
                               const w2m_operation *operations, size_t count)
{
    (void)user;
    for (size_t i = 0; i < count; i++) {
        say("  i2c %u %x: %u written, %u read", (unsigned)bus, address, (unsigned)operations[i].write_bytes,
            (unsigned)operations[i].read_bytes);
        for (size_t k = 0; k < operations[i].read_bytes; k++)
            operations[i].read[k] = (uint8_t)(0x10 + k);
    }
    return 0;
}

static int32_t spi_configure(void *user, uint32_t device, uint32_t mode, uint32_t hertz)
{
    (void)user;
    say("  spi %u: mode %u, %u Hz", (unsigned)device, (unsigned)mode, (unsigned)hertz);
    return 0;
}

/* Sends back what it gets, each byte complemented, and ff where it gets none. */
static int32_t spi_transaction(void *user, uint32_t device, const w2m_operation *operations, size_t count)
{
    (void)user;
    for (size_t i = 0; i < count; i++) {
        say("  spi %u: %u written, %u read", (unsigned)device, (unsigned)operations[i].write_bytes,
            (unsigned)operations[i].read_bytes);
        for (size_t k = 0; k < operations[i].read_bytes; k++)
            operations[i].read[k] = k < operations[i].write_bytes ? (uint8_t)~operations[i].write[k] : 0xff;
    }
    return 0;
}

static int32_t uart_read(void *user, uint32_t port, uint8_t *bytes, size_t length)
{
    struct simulated *board = user;
    size_t count = strlen(board->received);
    (void)port;
    if (count > length)
        count = length;
    memcpy(bytes, board->received, count);
    board->received += count;
    return (int32_t)count;
}

static int32_t uart_write(void *user, uint32_t port, const uint8_t *bytes, size_t length)
{
    (void)user;
    say("  uart %u: %u bytes, the first %x", (unsigned)port, (unsigned)length, bytes[0]);
    return (int32_t)length;
}

static int32_t adc_read_microvolts(void *user, uint32_t channel, uint32_t *microvolts)
{
    (void)user;
    *microvolts = 1000000 + channel * 100;
    return 0;
}

static int32_t adc_resolution(void *user, uint32_t channel)
{
    (void)user;
    (void)channel;
    return 12;
}

static int32_t pwm_max_duty(void *user, uint32_t channel)
{
    (void)user;
    (void)channel;
    return 1000;
}

static int32_t pwm_set_duty(void *user, uint32_t channel, uint16_t duty)
{
    (void)user;
    say("  pwm %u: %u", (unsigned)channel, duty);
    return 0;
}

static int32_t sensor_read(void *user, uint32_t sensor, float *value)
{
    (void)user;
    (void)sensor;
    *value = 55.5f;
    return 0;
}

static int32_t sensor_describe(void *user, uint32_t sensor, w2m_description *description)
{
    (void)user;
    (void)sensor;
    *description = (w2m_description){1, 0, 100, 0.5f};
    return 0;
}

/* A store of one key. */
static int has(const struct simulated *board, const char *key, size_t key_bytes)
{
    return board->key_bytes == key_bytes && !memcmp(board->key, key, key_bytes);
}

static int32_t store_get(void *user, const char *key, size_t key_bytes, uint8_t *value, size_t length)
{
    struct simulated *board = user;
    if (!has(board, key, key_bytes))
        return W2M_E_NOT_FOUND;
    if (board->value_bytes > length)
        return W2M_E_NO_SPACE;
    memcpy(value, board->value, board->value_bytes);
    return (int32_t)board->value_bytes;
}

static int32_t store_length(void *user, const char *key, size_t key_bytes)
{
    struct simulated *board = user;
    return has(board, key, key_bytes) ? (int32_t)board->value_bytes : W2M_E_NOT_FOUND;
}

static int32_t store_set(void *user, const char *key, size_t key_bytes, const uint8_t *value,
                         size_t length, uint32_t quota)
{
    struct simulated *board = user;
    if (key_bytes + length > quota || length > sizeof board->value)
        return W2M_E_NO_SPACE;
    memcpy(board->key, key, key_bytes);
    memcpy(board->value, value, length);
    board->key_bytes = key_bytes;
    board->value_bytes = length;
    return 0;
}

static int32_t store_delete(void *user, const char *key, size_t key_bytes)
{
    struct simulated *board = user;
    if (has(board, key, key_bytes))
        board->key_bytes = 0;
    return 0;
}

static int32_t stream_write(void *user, uint32_t stream, const uint8_t *bytes, size_t length)
{
    (void)user;
    say("  stream %u: %u bytes, the first %x", (unsigned)stream, (unsigned)length, bytes[0]);
    return (int32_t)length;
}

/* Without uart_available and pwm_set_frequency. */
static const w2m_hardware board = {
    .size = sizeof board,
    .now = clock_now,
    .resolution = clock_resolution,
    .wait = clock_wait,
    .random = randomise,
    .log = say_log,
    .gpio_configure = gpio_configure,
    .gpio_read = gpio_read,
    .gpio_write = gpio_write,
    .i2c_transaction = i2c_transaction,
    .spi_configure = spi_configure,
    .spi_transaction = spi_transaction,
    .uart_read = uart_read,
    .uart_write = uart_write,
    .adc_read_microvolts = adc_read_microvolts,
    .adc_resolution = adc_resolution,
    .pwm_max_duty = pwm_max_duty,
    .pwm_set_duty = pwm_set_duty,
    .sensor_read = sensor_read,
    .sensor_describe = sensor_describe,
    .store_get = store_get,
    .store_length = store_length,
    .store_set = store_set,
    .store_delete = store_delete,
    .stream_write = stream_write,
};

static const w2m_capability policy[] = {
    W2M_GPIO(5, W2M_INPUT | W2M_OUTPUT), W2M_GPIO(6, W2M_INPUT), W2M_I2C(1, W2M_ANY), W2M_SPI(0), W2M_UART(2),
    W2M_ADC(3), W2M_PWM(0), W2M_SENSOR(0), W2M_KEY_VALUE(64),
};
#define POLICY (sizeof policy / sizeof *policy)

static w2m_result call(const char *name, const char *signature, uint32_t words[2])
{
    w2m_function function;
    w2m_result result = w2m_find(&instance, name, signature, &function);
    return result ? result : w2m_call(&instance, &function, words, 2);
}

static void show(const char *name)
{
    uint32_t words[2] = {0, 0};
    w2m_result result = call(name, "i()", words);
    if (result)
        say("%s: %s", name, w2m_error_text(result));
    else if ((int32_t)words[0] < 0 && (int32_t)words[0] >= W2M_E_IO)
        say("%s: error %d", name, -(int)words[0]);
    else
        say("%s: %x", name, (unsigned)words[0]);
}

static void refusals(void)
{
    w2m_capability refused;
    w2m_hardware broken = board;
    const w2m_capability odd[] = {{99, 0, 0, 0}};

    say("not granted: %s", w2m_error_text(w2m_host_open(&host, &image, policy, POLICY - 1, &board, &simulated, &refused)));
    say("  kind %u, %u bytes", refused.kind, (unsigned)refused.detail);
    say("odd policy: %s", w2m_error_text(w2m_host_open(&host, &image, odd, 1, &board, &simulated, NULL)));
    broken.now = NULL;
    say("no clock: %s", w2m_error_text(w2m_host_open(&host, &image, policy, POLICY, &broken, &simulated, NULL)));
    say("not open: %s", w2m_error_text(w2m_host_instantiate(&instance, &image, NULL, &host, NULL, 0, NULL)));
}

static void events(void)
{
    uint32_t words[2] = {20000000, 0};
    size_t delivered = 0;

    simulated.button_rises = simulated.now + 10000000;
    call("edge", "i(I)", words);
    say("edge: %d", (int)words[0]);
    words[0] = 1000;
    words[1] = 0;
    call("edge", "i(I)", words);
    say("no edge: error %d", -(int)words[0]);
    simulated.button = 0;
    simulated.button_rises = simulated.now + 2500000;
    show("subscribe");
    show("poll");
    show("poll");
    show("poll");
    simulated.now += 3000000;
    say("delivered: %s", w2m_error_text(w2m_host_deliver(&instance, &host, &delivered)));
    say("  %u", (unsigned)delivered);
    show("events");
    say("reset: %s", w2m_error_text(w2m_host_reset(&instance, &host)));
    show("events");
    show("poll");
}

int main(void)
{
    const w2m_grant grant = {ram, sizeof ram, stack_bottom + INTERRUPT_WORDS, BOARD_FEATURES, STACK_BYTES};
    uint32_t words[2] = {0, 0};
    w2m_detail detail;
    w2m_result result;

    result = w2m_image_open(&image, image_hardware_c, IMAGE_BYTES(hardware_c), NULL, NULL);
    say("image: %s", w2m_error_text(result));
    refusals();
    say("host: %s", w2m_error_text(w2m_host_open(&host, &image, policy, POLICY, &board, &simulated, NULL)));
    result = w2m_host_instantiate(&instance, &image, &grant, &host, NULL, 0, &detail);
    say("instance: %s", w2m_error_text(result));
    if (result)
        return 1;
    show("pins");
    show("other_pin");
    show("other_device");
    show("temperature");
    show("temperature_again");
    show("spi");
    show("spi_transaction");
    show("uart");
    show("adc");
    words[0] = 1000;
    call("pwm", "i(i)", words);
    say("pwm: %d", (int)words[0]);
    words[0] = 1001;
    call("pwm", "i(i)", words);
    say("pwm: error %d", -(int)words[0]);
    show("pwm_frequency");
    show("sensor");
    say("clock: %s, at least 2 ms: %s", w2m_error_text(call("clock", "I()", words)),
        words[0] >= 2000000 && words[0] < 2001000 && !words[1] ? "yes" : "no");
    show("store");
    show("store_too_much");
    show("store_gone");
    call("random", "I()", words);
    say("random: %x %x", (unsigned)words[1], (unsigned)words[0]);
    events();
    show("print");
    show("input");
    show("files");
    show("wild");
    say("reset: %s", w2m_error_text(w2m_host_reset(&instance, &host)));
    say("exit: %s", w2m_error_text(call("exit", "v()", words)));
    result = w2m_host_exit_status(&host, words);
    say("  status: %s, %u", w2m_error_text(result), (unsigned)words[0]);
    return 0;
}
