/* A fan that follows a temperature: reads a TMP102 on I2C, filters, drives PWM and a status LED, and says once a
 * second how things are.
 */
#include "wasm2mcu.h"

W2M_MANIFEST("gpio 5 output\n"
             "i2c 1 0x48\n"
             "pwm 0\n");

enum { LED = 5, BUS = 1, SENSOR = 0x48, FAN = 0 };

/* Thousandths of a degree: where the fan starts, where it is on all the time, where the LED stops blinking. */
enum { COOL = 25000, FULL = 45000, HOT = 40000 };

static const uint64_t PAUSE = 100000000, SECOND = 1000000000;

/* The sensor's register 0: a signed number of 12 bits, sixteenths of a degree, first byte first. */
static bool read_temperature(int32_t *millidegrees)
{
    const uint8_t reg = 0;
    uint8_t bytes[2];
    if (w2m_i2c_write_read(BUS, SENSOR, &reg, sizeof reg, bytes, sizeof bytes) < 0)
        return false;
    int16_t word = (int16_t)(bytes[0] << 8 | bytes[1]);
    *millidegrees = (word >> 4) * 125 / 2;
    return true;
}

static int32_t duty(int32_t temperature, int32_t max_duty)
{
    int32_t above = temperature - COOL;
    if (above < 0)
        above = 0;
    if (above > FULL - COOL)
        above = FULL - COOL;
    return max_duty * above / (FULL - COOL);
}

static char *put_text(char *at, const char *text)
{
    while (*text)
        *at++ = *text++;
    return at;
}

static char *put_number(char *at, int32_t number)
{
    char digits[10], *first = digits + sizeof digits;
    uint32_t rest = number < 0 ? -(uint32_t)number : (uint32_t)number;
    if (number < 0)
        *at++ = '-';
    do
        *--first = (char)('0' + rest % 10);
    while (rest /= 10);
    while (first < digits + sizeof digits)
        *at++ = *first++;
    return at;
}

static void report(int32_t temperature, int32_t percent)
{
    char line[40], *end = put_number(line, temperature);
    end = put_number(put_text(end, " m°C, fan "), percent);
    end = put_text(end, " %");
    w2m_log(W2M_LOG_LEVEL_INFO, NULL, 0, line, (size_t)(end - line));
}

/* Takes `readings`, ten a second. Returns the temperature, or INT32_MIN if pin or fan cannot be had. */
__attribute__((export_name("run")))
int32_t run(int32_t readings)
{
    static const char no_reading[] = "no reading";
    int32_t max_duty = w2m_pwm_max_duty(FAN);
    if (max_duty < 0 || w2m_gpio_configure(LED, W2M_GPIO_DIRECTION_OUTPUT, W2M_GPIO_PULL_NONE) < 0)
        return INT32_MIN;

    int32_t filtered = 0;
    bool settled = false, lit = false;
    uint64_t next_report = w2m_clock_now();
    for (; readings > 0; readings--) {
        int32_t temperature;
        if (read_temperature(&temperature)) {
            filtered += settled ? (temperature - filtered) / 4 : temperature;
            settled = true;
            int32_t now_duty = duty(filtered, max_duty);
            lit = filtered >= HOT || !lit;
            if (w2m_pwm_set_duty(FAN, (uint16_t)now_duty) < 0 || w2m_gpio_write(LED, lit) < 0)
                return INT32_MIN;
            if (w2m_clock_now() >= next_report) {
                next_report += SECOND;
                report(filtered, now_duty * 100 / max_duty);
            }
        } else {
            /* Who does not know how hot it is cools. */
            w2m_log(W2M_LOG_LEVEL_WARN, NULL, 0, no_reading, sizeof no_reading - 1);
            if (w2m_pwm_set_duty(FAN, (uint16_t)max_duty) < 0)
                return INT32_MIN;
        }
        w2m_clock_wait_for(PAUSE);
    }
    return filtered;
}
