/* Two modules in two tasks of FreeRTOS: one that must never be late, and one that never comes back.
 *
 *   priority 3  control     control.w2m every 5 ms
 *   priority 2  supervisor  stops spin.w2m by deleting its task, puts worker.w2m in its place
 *   priority 1  background  spin.w2m, then worker.w2m, in the same struct and RAM
 *
 * Both modules compute in floating point, so that every switch between their tasks has to save it. All
 * lines are compared by the test with `expected.txt`; what depends on time is a word.
 */
#include "FreeRTOS.h"
#include "task.h"

#include "board.h"
#include "wasm2mcu.h"

IMAGE(control);
IMAGE(spin);
IMAGE(worker);

#define STACK_WORDS 512
/* Of a task's stack: what a switch of tasks puts there, and what host functions may take. */
#define SWITCH_WORDS 64
#define HOST_BYTES 256

#define PERIOD_MS 5
#define PHASE_MS 50
#define PHASE_STEPS (PHASE_MS / PERIOD_MS)

enum { BACKGROUND = 1, SUPERVISOR, CONTROL };

static StackType_t control_stack[STACK_WORDS], supervisor_stack[STACK_WORDS], background_stack[STACK_WORDS];
static StaticTask_t control_task, supervisor_task, background_task;

static w2m_image control_image, spin_image, worker_image;
static w2m_instance control_instance, background_instance;
static uint64_t control_ram[32], background_ram[32];

/* What the control task counts. */
static volatile unsigned steps, wrong_steps, outputs;
/* What the background task counts, and whether it shall divide by 0 once. */
static volatile unsigned results, wrong_results, traps;
/* How often a call of spin was ended by its interrupt word, and that word. */
static volatile unsigned interrupts;
static volatile uint32_t *interrupt_word;
static volatile int divide_by_zero;

void assertion_failed(int line)
{
    say("assertion in line %d", line);
    quit(2);
}

static void must(const char *what, w2m_result result)
{
    if (result != W2M_OK) {
        say("%s: %s", what, w2m_error_text(result));
        quit(1);
    }
}

static void board_output(w2m_caller *caller, float value)
{
    (void)caller;
    if (value > -1 && value < 1)
        outputs++;
}

static const w2m_host_function hosts[] = {W2M_HOST("board", "output", "v(f)", board_output)};

static void control(void *unused)
{
    TickType_t wake = xTaskGetTickCount();
    w2m_function step;
    float expected = 0, found = 0;

    (void)unused;
    must("step", w2m_find(&control_instance, "step", "f(f)", &step));
    for (;;) {
        const float input = steps & 16 ? -1 : 1;
        expected = expected * 0.875f + input * 0.125f;
        must("step", w2m_callv(&control_instance, &step, &found, (double)input));
        if (found != expected)
            wrong_steps++;
        steps++;
        vTaskDelayUntil(&wake, pdMS_TO_TICKS(PERIOD_MS));
    }
}

/* Runs what does not come back by itself. */
static void spin(void *unused)
{
    w2m_function run;
    int32_t result;
    w2m_trap trap;

    (void)unused;
    must("run", w2m_find(&background_instance, "run", "i()", &run));
    while (w2m_callv(&background_instance, &run, &result) == W2M_TRAP) {
        w2m_last_trap(&background_instance, &trap);
        say("background: %s", w2m_trap_text(trap.code));
        interrupts += trap.code == W2M_TRAP_INTERRUPTED;
        must("reset", w2m_reset(&background_instance));
    }
    say("spin came back");
    quit(1);
}

static void worker(void *unused)
{
    w2m_function run;

    (void)unused;
    must("run", w2m_find(&background_instance, "run", "i(ii)", &run));
    for (;;) {
        int32_t result = 0;
        w2m_trap trap;
        switch (w2m_callv(&background_instance, &run, &result, 1000, divide_by_zero ? 0 : 2)) {
        case W2M_OK:
            results++;
            if (result != 3000)
                wrong_results++;
            break;
        case W2M_TRAP:
            w2m_last_trap(&background_instance, &trap);
            say("background: %s", w2m_trap_text(trap.code));
            divide_by_zero = 0;
            traps++;
            must("reset", w2m_reset(&background_instance));
            break;
        default:
            wrong_results++;
        }
    }
}

static w2m_grant granted(void *ram, size_t bytes, StackType_t *stack)
{
    return (w2m_grant){ram, bytes, stack + SWITCH_WORDS, BOARD_FEATURES, HOST_BYTES};
}

static TaskHandle_t start_background(const w2m_image *image, TaskFunction_t code)
{
    w2m_grant grant = granted(background_ram, sizeof background_ram, background_stack);
    must("background", w2m_instantiate(&background_instance, image, &grant, NULL, 0, NULL));
    interrupt_word = w2m_interrupt_word(&background_instance);
    return xTaskCreateStatic(code, "background", STACK_WORDS, NULL, BACKGROUND, background_stack,
                             &background_task);
}

/* Lets the others run, and says whether control kept its time and its sums. */
static const char *control_meanwhile(void)
{
    const unsigned before = steps;
    vTaskDelay(pdMS_TO_TICKS(PHASE_MS));
    const unsigned made = steps - before;
    return made + 1 < PHASE_STEPS || made > PHASE_STEPS + 1 ? "late"
           : wrong_steps || outputs < steps              ? "wrong"
                                                         : "in time";
}

static void supervisor(void *unused)
{
    w2m_requirements needs;
    const char *found;
    unsigned before;

    (void)unused;
    TaskHandle_t background = start_background(&spin_image, spin);
    w2m_image_requirements(&spin_image, &needs);
    const volatile uint32_t *memory =
        (const volatile uint32_t *)((const uint8_t *)background_ram + needs.context_bytes);

    before = memory[1];
    found = control_meanwhile();
    say("spin runs: control is %s, spin %s", found, memory[1] != before ? "goes on" : "stands still");

    *interrupt_word = 1;
    before = memory[1];
    found = control_meanwhile();
    say("spin was interrupted %u times and reset: control is %s, spin %s", interrupts, found,
        memory[1] != before ? "goes on" : "stands still");

    /* What nobody interrupts ends with its task. */
    vTaskDelete(background);
    before = memory[1];
    found = control_meanwhile();
    say("spin's task is deleted: control is %s, spin %s", found,
        memory[1] != before ? "goes on" : "stands still");
    say("its instance: %s", w2m_error_text(w2m_reset(&background_instance)));

    start_background(&worker_image, worker);
    if (interrupt_word)
        quit(1);
    found = control_meanwhile();
    say("worker is in its place: control is %s, worker %s", found,
        results && !wrong_results ? "works" : "fails");

    divide_by_zero = 1;
    before = results;
    found = control_meanwhile();
    say("worker trapped %u times and was reset: control is %s, worker %s", traps, found,
        results > before && !wrong_results ? "works" : "fails");

    say("tick: %s", xTaskGetTickCount() >= 4 * PHASE_MS ? "runs" : "stands still");
    quit(0);
}

int main(void)
{
    w2m_grant grant = granted(control_ram, sizeof control_ram, control_stack);

    must("control", w2m_image_open(&control_image, image_control, IMAGE_BYTES(control), NULL, NULL));
    must("spin", w2m_image_open(&spin_image, image_spin, IMAGE_BYTES(spin), NULL, NULL));
    must("worker", w2m_image_open(&worker_image, image_worker, IMAGE_BYTES(worker), NULL, NULL));
    must("control", w2m_instantiate(&control_instance, &control_image, &grant, hosts, 1, NULL));

    xTaskCreateStatic(control, "control", STACK_WORDS, NULL, CONTROL, control_stack, &control_task);
    xTaskCreateStatic(supervisor, "supervisor", STACK_WORDS, NULL, SUPERVISOR, supervisor_stack,
                      &supervisor_task);
    vTaskStartScheduler();
    return 1;
}
