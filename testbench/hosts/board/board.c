/* Start, console and end.
 *
 * Faults end the program: nothing here expects one, traps of modules are none.
 *
 * Source: Semihosting for AArch32 and AArch64 (Arm, release 3.0), section 7.
 */
#include "board.h"

#include <stdarg.h>

#define SYS_WRITE0 0x04u
#define SYS_EXIT_EXTENDED 0x20u
#define ADP_STOPPED_APPLICATION_EXIT 0x20026u

#define CPACR (*(volatile uint32_t *)0xe000ed88u)
#define CPACR_FPU (0xfu << 20)

#define LINE_BYTES 160

int main(void);

static uint32_t semihosting(uint32_t operation, const void *block)
{
    register uint32_t r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = block;
    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

_Noreturn void quit(int status)
{
    const uint32_t block[2] = {ADP_STOPPED_APPLICATION_EXIT, (uint32_t)status};
    semihosting(SYS_EXIT_EXTENDED, block);
    for (;;)
        ;
}

static char *put_number(char *out, const char *end, uint32_t value, uint32_t base)
{
    char digits[10];
    size_t count = 0;
    do
        digits[count++] = "0123456789abcdef"[value % base];
    while ((value /= base) != 0);
    while (count && out < end)
        *out++ = digits[--count];
    return out;
}

void say(const char *format, ...)
{
    char line[LINE_BYTES];
    char *out = line, *const end = line + sizeof line - 2;
    va_list arguments;
    va_start(arguments, format);
    for (; *format && out < end; format++) {
        if (*format != '%') {
            *out++ = *format;
            continue;
        }
        switch (*++format) {
        case 's':
            for (const char *text = va_arg(arguments, const char *); *text && out < end; text++)
                *out++ = *text;
            break;
        case 'd': {
            int value = va_arg(arguments, int);
            if (value < 0)
                *out++ = '-';
            out = put_number(out, end, value < 0 ? 0u - (uint32_t)value : (uint32_t)value, 10);
            break;
        }
        case 'u':
            out = put_number(out, end, va_arg(arguments, unsigned), 10);
            break;
        case 'x':
            out = put_number(out, end, va_arg(arguments, unsigned), 16);
            break;
        default:
            break;
        }
    }
    va_end(arguments);
    *out++ = '\n';
    *out = 0;
    semihosting(SYS_WRITE0, line);
}

static void fault(void)
{
    say("fault");
    quit(3);
}

/* What an RTOS serves by itself. */
void SVC_Handler(void) __attribute__((weak, alias("fault")));
void PendSV_Handler(void) __attribute__((weak, alias("fault")));
void SysTick_Handler(void) __attribute__((weak, alias("fault")));

void reset(void)
{
    CPACR |= CPACR_FPU;
    __asm__ volatile("dsb\n\tisb" ::: "memory");
    quit(main());
}

extern uint64_t stack_top[];

__attribute__((section(".vectors"), used)) static const void *const vectors[] = {
    stack_top, (const void *)reset,
    (const void *)fault, /* NMI */
    (const void *)fault, /* HardFault */
    (const void *)fault, /* MemManage */
    (const void *)fault, /* BusFault */
    (const void *)fault, /* UsageFault */
    (const void *)fault, /* SecureFault */
    0, 0, 0,
    (const void *)SVC_Handler,
    (const void *)fault, /* DebugMonitor */
    0,
    (const void *)PendSV_Handler,
    (const void *)SysTick_Handler,
};
