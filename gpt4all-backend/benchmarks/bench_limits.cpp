// Compiled for the instructions whose limits it tells, whatever the rest is compiled for.

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

#if defined(__AMX_INT8__) && defined(__linux__)
#include <sys/syscall.h>

#include <immintrin.h>
#include <unistd.h>
#endif

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

/** Has the compiler believe that a vector changes, so that it computes a product again. */
template<typename Vector> inline void keep(Vector &vector) {
#if defined(__AVX512F__)
    asm("" : "+v"(vector));
#elif defined(__AVX__)
    asm("" : "+x"(vector));
#elif defined(__ARM_NEON)
    asm("" : "+w"(vector));
#endif
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
        // asked for ahead, first into a far cache and then into the nearest: nothing that we tried reads faster
        const char *from = memory.get() + static_cast<size_t>(thread) * share;
        Ints sums[8] = {};
        for (size_t at = 0; at < share; at += sizeof(sums)) {
            for (size_t line = 0; line < sizeof(sums); line += 64) {
                __builtin_prefetch(from + at + line + 4096, 0, 2);
                __builtin_prefetch(from + at + line + 1024, 0, 3);
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
    constexpr int64_t times = 250'000;
    constexpr int in_a_row = 32; // without a branch on what is held back, as in a kernel
    constexpr int chains = registers == 32 ? 12 : 6;
    const double seconds = quickest(threads, [&](int thread) {
        Bytes weights = Bytes{} + static_cast<uint8_t>(thread + 3);
        const Bytes inputs = Bytes{} + 2;
        Ints sums = {};
        for (int64_t i = 0; i < times; ++i) {
            Dot<kind> dots[chains];
#pragma GCC unroll 12
            for (Dot<kind> &dot : dots) {
                dot.start(0);
            }
#pragma GCC unroll 32
            for (int repeat = 0; repeat < in_a_row; ++repeat) {
#pragma GCC unroll 12
                for (Dot<kind> &dot : dots) {
                    keep(weights);
                    dot.add(weights, inputs);
                }
            }
#pragma GCC unroll 12
            for (Dot<kind> &dot : dots) {
                sums += dot.sum();
            }
        }
        asm volatile("" : : "m"(sums));
    });
    return static_cast<double>(times * in_a_row * chains * lanes * 4 * threads) / seconds * 1e-9;
#else
    return 0;
#endif
}

double peak_multiply_adds(int threads) {
    constexpr int64_t times = 1'000'000;
    constexpr int in_a_row = 8;
    constexpr int chains = 10; // more than two units have under way
    const double seconds = quickest(threads, [&](int thread) {
        Floats factor = broadcast(0.5F + static_cast<float>(thread));
        Floats sums[chains] = {};
        for (int64_t i = 0; i < times; ++i) {
#pragma GCC unroll 8
            for (int repeat = 0; repeat < in_a_row; ++repeat) {
#pragma GCC unroll 10
                for (Floats &sum : sums) {
                    sum = multiply_add(factor, factor, sum);
                    keep(sum);
                }
            }
        }
        for (Floats &sum : sums) {
            asm volatile("" : : "m"(sum));
        }
    });
    return static_cast<double>(times * in_a_row * chains * lanes * threads) / seconds * 1e-9;
}

double peak_tile_products(int threads) {
#if defined(__AMX_INT8__) && defined(__linux__)
    constexpr long request_permission = 0x1023; // ARCH_REQ_XCOMP_PERM
    constexpr long tile_data = 18;              // XFEATURE_XTILEDATA
    if (syscall(SYS_arch_prctl, request_permission, tile_data) != 0) {
        return 0;
    }
    struct alignas(64) {
        uint8_t palette = 1;
        uint8_t rest[15] = {};
        uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
        uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
    } const shapes;
    constexpr int64_t times = 1'500'000;
    constexpr int64_t products_each = 16 * 16 * 64;
    const double seconds = quickest(threads, [&](int) {
        _tile_loadconfig(&shapes);
        _tile_zero(0);
        _tile_zero(1);
        _tile_zero(2);
        _tile_zero(3);
        _tile_zero(4);
        _tile_zero(5);
        _tile_zero(6);
        _tile_zero(7);
        for (int64_t i = 0; i < times; ++i) {
            _tile_dpbusd(0, 4, 6);
            _tile_dpbusd(1, 4, 7);
            _tile_dpbusd(2, 5, 6);
            _tile_dpbusd(3, 5, 7);
        }
        _tile_release();
    });
    return static_cast<double>(times * 4 * products_each * threads) / seconds * 1e-9;
#else
    return 0 * threads;
#endif
}
