// What the machine allows with one set of instructions: llmodel_bench_limits_... [THREADS]. Prints a JSON object.

#include "bench_limits.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

int main(int argc, char **argv) {
    const int threads = argc > 1 ? std::max(1, std::atoi(argv[1])) : 2;
    std::printf("{\"read_bandwidth\": %.2f, \"peak_products_per_ns\": %.1f}\n", read_bandwidth(threads),
                std::max(peak_products(threads), peak_tile_products(threads)));
    return 0;
}
