// Compiled for the processor that it runs on, whatever the rest is compiled for.

#include "bench_limits.h"

#include "kernels/products/integers.h"
#include "platform/large_pages.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <thread>
#include <vector>

namespace {

using namespace llmodel::kernels;
using Clock = std::chrono::steady_clock;

constexpr int rounds = 5;

/** Seconds of the quickest round in which each thread does `work`. */
template<typename Work> double quickest(int threads, const Work &work) {
    double best = 1e9;
    for (int round = 0; round < rounds; ++round) {
        const auto start = Clock::now();
        {
            std::vector<std::jthread> all;
            for (int thread = 1; thread < threads; ++thread) {
                all.emplace_back([&work, thread] { work(thread); });
            }
            work(0);
        }
        best = std::min(best, std::chrono::duration<double>(Clock::now() - start).count());
    }
    return best;
}

} // namespace

double read_bandwidth(int threads) {
    constexpr size_t share = size_t{256} << 20;
    constexpr size_t large_page = size_t{2} << 20;
    const size_t size = share * static_cast<size_t>(threads);
    const std::unique_ptr<char, decltype(&std::free)> memory(static_cast<char *>(std::aligned_alloc(large_page, size)),
                                                             std::free);
    llmodel::ask_for_large_pages(memory.get(), size);
    std::fill_n(memory.get(), size, 1);
    const double seconds = quickest(threads, [&](int thread) {
        // two streams, asked for ahead, as our kernels read
        const char *from = memory.get() + static_cast<size_t>(thread) * share;
        Ints sums[8] = {};
        for (size_t at = 0; at < share; at += sizeof(sums)) {
            for (size_t line = 0; line < sizeof(sums); line += 64) {
                __builtin_prefetch(from + at + line + 4096);
            }
            for (size_t i = 0; i < 8; ++i) {
                Ints loaded;
                std::memcpy(&loaded, from + at + i * sizeof(loaded), sizeof(loaded));
                sums[i] += loaded;
            }
        }
        for (Ints &sum : sums) {
            asm volatile("" : : "m"(sum));
        }
    });
    return static_cast<double>(size) / seconds * 1e-9;
}

double peak_products(int threads) {
#ifdef LLMODEL_HAS_PRODUCTS
    using namespace llmodel::kernels::products;
    constexpr Kind kind = kind_of<q4_0>();
    constexpr int64_t times = 2'000'000;
    constexpr int chains = registers == 32 ? 12 : 6;
    const double seconds = quickest(threads, [&](int thread) {
        Bytes weights = Bytes{} + static_cast<uint8_t>(thread + 3);
        const Bytes inputs = Bytes{} + 2;
        Dot<kind> dots[chains];
        for (Dot<kind> &dot : dots) {
            dot.start(0);
        }
        for (int64_t i = 0; i < times; ++i) {
#pragma GCC unroll 12
            for (Dot<kind> &dot : dots) {
                dot.add(weights, inputs);
            }
        }
        for (Dot<kind> &dot : dots) {
            Ints sum = dot.sum();
            asm volatile("" : : "m"(sum));
        }
    });
    return static_cast<double>(times * chains * lanes * 4 * threads) / seconds * 1e-9;
#else
    return 0;
#endif
}
