/* wasm3 in a firmware, called by the benches:
 *
 *   load(module, bytes)   parse, instantiate, translate every function: what is counted as loading
 *   run(rounds)           one call through wasm3's own API: what is counted as running
 *
 * Both leave a message in `failure` if they cannot. */
#include <stddef.h>
#include <stdint.h>

#include "wasm3.h"

/* Values of the interpreter's own stack, in bytes. */
#define STACK_BYTES (16 * 1024)

const char *failure;
static IM3Function function;

/* Imported functions do nothing, as natively. */
static m3ApiRawFunction(nothing)
{
    m3ApiSuccess();
}

static const char *offer(IM3Module module)
{
    static const struct {
        const char *name, *signature;
    } functions[] = {
        {"print", "v()"},
        {"print_i32", "v(i)"},
        {"print_i64", "v(I)"},
        {"print_f32", "v(f)"},
        {"print_f64", "v(F)"},
    };
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
        M3Result result = m3_LinkRawFunction(module, "spectest", functions[i].name,
                                             functions[i].signature, nothing);
        if (result && result != m3Err_functionLookupFailed)
            return result;
    }
    return NULL;
}

static const char *instantiate(const uint8_t *bytes, uint32_t length)
{
    IM3Environment environment = m3_NewEnvironment();
    IM3Runtime runtime = environment ? m3_NewRuntime(environment, STACK_BYTES, NULL) : NULL;
    if (!runtime)
        return m3Err_mallocFailed;
    IM3Module module;
    M3Result result = m3_ParseModule(environment, &module, bytes, length);
    if (!result)
        result = m3_LoadModule(runtime, module);
    if (!result)
        result = offer(module);
    if (!result)
        result = m3_CompileModule(module);
    if (!result)
        result = m3_FindFunction(&function, runtime, "run");
    return result;
}

int load(const uint8_t *bytes, uint32_t length)
{
    failure = instantiate(bytes, length);
    return failure != NULL;
}

int32_t run(int32_t rounds)
{
    int32_t checksum = 0;
    failure = m3_CallV(function, rounds);
    if (!failure)
        failure = m3_GetResultsV(function, &checksum);
    return checksum;
}
