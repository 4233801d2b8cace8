// Runs what lies in a memory on the RTL of a core until it ends.
//
//   simulator MEMORY MAX_CYCLES
//
// MEMORY is a file of records: address, number of bytes (both 32-bit little-endian), the bytes. The
// core starts at 0x80, exceptions go to 0x0. What is stored to the word at 0xf0000000 + 4n is
// printed as line n when word 15 is stored to, which ends the run.
//
// Both buses grant every request at once and answer in the next cycle, one request per cycle each:
// memory without wait states, so that the cores' prefetch buffers never run dry in straight code.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "Vbench.h"
#include "verilated.h"

namespace {

struct Bank {
    uint32_t base;
    std::vector<uint8_t> bytes;
};

Bank banks[] = {
    {0x00000000, std::vector<uint8_t>(4 << 10)},
    {0x10000000, std::vector<uint8_t>(4 << 20)},
    {0x20000000, std::vector<uint8_t>(1 << 20)},
};
constexpr uint32_t kResults = 0xf0000000;
constexpr unsigned kResultWords = 16;

// The bytes from an address to the end of its bank, or null.
uint8_t *at(uint32_t address, uint32_t length)
{
    for (Bank &bank : banks) {
        uint32_t offset = address - bank.base;
        if (offset < bank.bytes.size() && length <= bank.bytes.size() - offset)
            return &bank.bytes[offset];
    }
    return nullptr;
}

uint32_t load(const uint8_t *bytes)
{
    return bytes[0] | bytes[1] << 8 | bytes[2] << 16 | uint32_t(bytes[3]) << 24;
}

bool read_memory(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return false;
    uint8_t header[8];
    bool good = true;
    while (good && fread(header, 1, sizeof header, file) == sizeof header) {
        uint32_t length = load(header + 4);
        uint8_t *place = at(load(header), length);
        good = length == 0 || (place && fread(place, 1, length, file) == length);
    }
    fclose(file);
    return good;
}

}  // namespace

int main(int count, char **words)
{
    if (count != 3 || !read_memory(words[1])) {
        fprintf(stderr, "usage: simulator MEMORY MAX_CYCLES; or a record is outside of the memory\n");
        return 2;
    }
    uint64_t max_cycles = strtoull(words[2], nullptr, 10);
    uint32_t results[kResultWords] = {};

    Vbench core;
    core.boot = 0;
    core.rst_n = 0;
    for (int i = 0; i < 5; i++) {
        core.clk = 1;
        core.eval();
        core.clk = 0;
        core.eval();
    }
    core.rst_n = 1;

    // What the buses answer in this cycle.
    bool fetch_valid = false, data_valid = false;
    uint32_t fetch_data = 0, data_in = 0;
    for (uint64_t cycle = 0; cycle < max_cycles; cycle++) {
        core.fetch_valid = fetch_valid;
        core.fetch_data = fetch_data;
        core.data_valid = data_valid;
        core.data_in = data_in;
        core.eval();

        // What they are asked for.
        fetch_valid = core.fetch_request;
        if (fetch_valid) {
            // A prefetch may run over the end of the memory.
            uint8_t *place = at(core.fetch_address & ~3u, 4);
            fetch_data = place ? load(place) : 0;
        }
        data_valid = core.data_request;
        if (data_valid) {
            uint32_t address = core.data_address & ~3u;
            uint8_t *place = at(address, 4);
            if (place && core.data_write) {
                for (int byte = 0; byte < 4; byte++)
                    if (core.data_bytes >> byte & 1)
                        place[byte] = core.data_out >> 8 * byte;
            } else if (place) {
                data_in = load(place);
            } else if (core.data_write && address - kResults < 4 * kResultWords) {
                results[(address - kResults) / 4] = core.data_out;
                if (address == kResults + 4 * (kResultWords - 1)) {
                    for (uint32_t result : results)
                        printf("%u\n", result);
                    return 0;
                }
            } else {
                fprintf(stderr, "no memory at %#010x\n", core.data_address);
                return 3;
            }
        }
        core.clk = 1;
        core.eval();
        core.clk = 0;
    }
    fprintf(stderr, "no end after %llu cycles\n", static_cast<unsigned long long>(max_cycles));
    return 4;
}
