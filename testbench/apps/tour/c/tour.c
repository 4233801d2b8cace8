/* Every function of the hardware ABI, called once or more, with what it returned said in the log. */
#include "wasm2mcu.h"

W2M_MANIFEST("gpio 2 output\n"
             "gpio 3 input\n"
             "i2c 1 0x48\n"
             "spi 0\n");
W2M_MANIFEST("spi 1\n"
             "uart 0\n"
             "adc 3\n"
             "pwm 0\n"
             "sensor 0\n"
             "keyvalue 256\n");

/* Ends the tour on an error that nobody expects. */
#define TRY(call)                   \
    do {                            \
        int32_t tried = (call);     \
        if (tried < 0)              \
            return tried;           \
    } while (0)

static const uint64_t MS = 1000000;

static int32_t say(const char *what, int32_t number)
{
    char line[64], digits[10], *end = line, *first = digits + sizeof digits;
    while (*what)
        *end++ = *what++;
    *end++ = ' ';
    uint32_t rest = number < 0 ? -(uint32_t)number : (uint32_t)number;
    if (number < 0)
        *end++ = '-';
    do
        *--first = (char)('0' + rest % 10);
    while (rest /= 10);
    while (first < digits + sizeof digits)
        *end++ = *first++;
    w2m_log(W2M_LOG_LEVEL_INFO, NULL, 0, line, (size_t)(end - line));
    return number;
}

static void outcome(const char *what, int32_t returned)
{
    say(what, returned < 0 ? returned : 0);
}

/* The first bytes, up to four, as a number, the first one first. */
static int32_t number(const uint8_t *bytes, int count)
{
    uint32_t number = 0;
    while (count-- > 0)
        number = number << 8 | *bytes++;
    return (int32_t)number;
}

static int32_t pins(void)
{
    TRY(w2m_gpio_configure(2, W2M_GPIO_DIRECTION_OUTPUT, W2M_GPIO_PULL_NONE));
    TRY(w2m_gpio_write(2, true));
    TRY(w2m_gpio_toggle(2));
    TRY(say("output", w2m_gpio_read(2)));
    TRY(w2m_gpio_configure(3, W2M_GPIO_DIRECTION_INPUT, W2M_GPIO_PULL_DOWN));
    TRY(say("input", w2m_gpio_read(3)));
    outcome("edge", w2m_gpio_wait_for_edge(3, W2M_GPIO_EDGE_RISING, 50 * MS));
    TRY(say("input", w2m_gpio_read(3)));
    outcome("no edge", w2m_gpio_wait_for_edge(3, W2M_GPIO_EDGE_BOTH, MS));
    return 0;
}

static int32_t i2c(void)
{
    uint8_t set[] = {2, 0x12, 0x30}, low = 3, bytes[2];
    TRY(w2m_i2c_write(1, 0x48, set, sizeof set));
    TRY(w2m_i2c_read(1, 0x48, bytes, sizeof bytes));
    say("read", number(bytes, 2));
    TRY(w2m_i2c_write_read(1, 0x48, &low, 1, bytes, sizeof bytes));
    say("write-read", number(bytes, 2));
    const struct w2m_segment segments[] = {
        {W2M_DIRECTION_WRITE, set, 1},
        {W2M_DIRECTION_READ, bytes, sizeof bytes},
    };
    TRY(w2m_i2c_transaction(1, 0x48, segments, 2));
    say("transaction", number(bytes, 2));
    outcome("nobody", w2m_i2c_read(1, 0x49, bytes, sizeof bytes));
    return 0;
}

static int32_t spi(void)
{
    uint8_t identify = 0x9f, bytes[4] = {0}, sent[] = {1, 2, 3}, two[] = {5, 6}, both[] = {7, 8};
    TRY(w2m_spi_configure(0, W2M_SPI_MODE_3, 1000000));
    const struct w2m_segment identification[] = {
        {W2M_DIRECTION_WRITE, &identify, 1},
        {W2M_DIRECTION_READ, bytes, 3},
    };
    TRY(w2m_spi_transaction(0, identification, 2));
    say("identifier", number(bytes, 4));
    TRY(w2m_spi_write(1, sent, sizeof sent));
    TRY(w2m_spi_read(1, bytes, sizeof bytes));
    say("read", number(bytes, 4));
    TRY(w2m_spi_transfer(1, two, sizeof two, bytes, sizeof bytes));
    say("transfer", number(bytes, 4));
    bytes[0] = 9;
    bytes[1] = 10;
    const struct w2m_segment segments[] = {
        {W2M_DIRECTION_TRANSFER, both, sizeof both},
        {W2M_DIRECTION_TRANSFER, bytes, 2},
        {W2M_DIRECTION_READ, bytes + 2, 2},
    };
    TRY(w2m_spi_transaction(1, segments, 3));
    say("in place", number(both, 2));
    say("longer", number(bytes, 4));
    return 0;
}

static int32_t uart(void)
{
    uint8_t bytes[4] = {0};
    TRY(w2m_uart_configure(0, 9600));
    TRY(say("available", w2m_uart_available(0)));
    TRY(say("read", w2m_uart_read(0, bytes, sizeof bytes)));
    say("bytes", number(bytes, 4));
    TRY(say("written", w2m_uart_write(0, "pong", 4)));
    return 0;
}

static int32_t analog(void)
{
    uint32_t microvolts;
    TRY(say("conversion", w2m_adc_read(3)));
    TRY(w2m_adc_read_microvolts(3, &microvolts));
    say("microvolts", (int32_t)microvolts);
    TRY(say("bits", w2m_adc_resolution(3)));
    TRY(w2m_pwm_set_frequency(0, 2000));
    TRY(say("duty of", w2m_pwm_max_duty(0)));
    TRY(w2m_pwm_set_duty(0, 250));
    return 0;
}

static int32_t sensor(void)
{
    struct w2m_sensor_description description;
    struct w2m_sensor_reading reading;
    TRY(w2m_sensor_describe(0, &description));
    say("quantity", (int32_t)description.quantity);
    say("minimum", (int32_t)description.minimum);
    say("maximum", (int32_t)description.maximum);
    TRY(w2m_sensor_read(0, &reading));
    say("reading", (int32_t)(reading.value * 1000));
    say("taken", (int32_t)(reading.timestamp / MS));
    return 0;
}

static void time(void)
{
    say("resolution", (int32_t)w2m_clock_resolution());
    uint64_t begin = w2m_clock_now();
    w2m_clock_wait_for(3 * MS);
    w2m_clock_wait_until(begin + 5 * MS);
    say("slept", (int32_t)((w2m_clock_now() - begin) / MS));
}

static int32_t next_event(uint64_t timeout)
{
    struct w2m_event event;
    int32_t polled = w2m_event_poll(timeout, &event);
    if (polled == -W2M_ERROR_TIMEOUT)
        return say("no event", 0);
    TRY(polled);
    say("subscription", (int32_t)event.subscription);
    say("kind", (int32_t)event.kind);
    say("value", (int32_t)event.value);
    say("lost", (int32_t)event.lost);
    say("at", (int32_t)(event.timestamp / MS));
    return 0;
}

/* An event of a subscription, which is ended then. */
static int32_t one_event(int32_t subscription, uint64_t timeout)
{
    TRY(subscription);
    TRY(next_event(timeout));
    TRY(w2m_event_unsubscribe((uint32_t)subscription));
    return subscription;
}

static int32_t events(void)
{
    int32_t timer = one_event(w2m_event_subscribe_timer(2 * MS, 20 * MS), 10 * MS);
    TRY(timer);
    outcome("ended", w2m_event_unsubscribe((uint32_t)timer));
    TRY(one_event(w2m_event_subscribe_pin(3, W2M_GPIO_EDGE_FALLING), 100 * MS));
    TRY(one_event(w2m_event_subscribe_uart(0), 100 * MS));
    TRY(one_event(w2m_event_subscribe_sensor(0), 100 * MS));
    return next_event(MS);
}

/* Called by the host between calls of `run`. */
void w2m_on_event(uint32_t subscription, enum w2m_event_kind kind, uint32_t value, uint64_t timestamp)
{
    say("handled", (int32_t)subscription);
    say("kind", (int32_t)kind);
    say("value", (int32_t)value);
    say("at", (int32_t)(timestamp / MS));
}

static int32_t values(void)
{
    const uint8_t value[] = {1, 2, 3, 4};
    uint8_t bytes[8];
    TRY(w2m_store_set("key", 3, value, sizeof value));
    TRY(say("exists", w2m_store_exists("key", 3)));
    TRY(say("length", w2m_store_length("key", 3)));
    TRY(w2m_store_get("key", 3, bytes, sizeof bytes));
    say("value", number(bytes, 4));
    outcome("no room", w2m_store_get("key", 3, bytes, 3));
    TRY(w2m_store_delete("key", 3));
    if (w2m_store_get("key", 3, bytes, sizeof bytes) == -W2M_ERROR_NOT_FOUND)
        say("value", -1);
    TRY(say("exists", w2m_store_exists("key", 3)));
    return 0;
}

/* Returns 0, or the first error that nobody expected. */
__attribute__((export_name("run")))
int32_t run(void)
{
    uint8_t bytes[4];
    TRY(pins());
    TRY(i2c());
    TRY(spi());
    TRY(uart());
    TRY(analog());
    TRY(sensor());
    time();
    TRY(events());
    TRY(values());
    w2m_random_bytes(bytes, sizeof bytes);
    say("random", number(bytes, 4));
    say("random", (int32_t)w2m_random_u64());
    w2m_log(W2M_LOG_LEVEL_DEBUG, NULL, 0, "done", 4);
    return 0;
}
