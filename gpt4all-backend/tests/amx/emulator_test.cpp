// The emulator against plain C, with the compiler's intrinsics; on a processor with AMX, its instructions instead.

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include <array>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <immintrin.h>
#include <random>
#include <thread>
#include <unistd.h>
#include <vector>

extern "C" bool amx_emulator_is_active();

namespace {

struct alignas(64) Configuration {
    uint8_t palette = 1;
    uint8_t start_row = 0;
    uint8_t reserved[14] = {};
    uint16_t row_bytes[16] = {};
    uint8_t rows[16] = {};

    Configuration &tile(size_t number, size_t rows_, size_t row_bytes_) {
        rows[number] = static_cast<uint8_t>(rows_);
        row_bytes[number] = static_cast<uint16_t>(row_bytes_);
        return *this;
    }
    bool operator==(const Configuration &) const = default;
};
static_assert(sizeof(Configuration) == 64);

/** GCC is not told all that these instructions read and write. */
void memory_is_used() {
    __asm__ volatile("" ::: "memory");
}

void configure(const Configuration &configuration) {
    __asm__ volatile("ldtilecfg %0" ::"m"(configuration) : "memory");
}

Configuration stored_configuration() {
    Configuration configuration;
    __asm__ volatile("sttilecfg %0" : "=m"(configuration)::"memory");
    return configuration;
}

std::vector<uint8_t> random_bytes(size_t count, unsigned seed) {
    std::mt19937 random(seed);
    std::vector<uint8_t> bytes(count);
    for (uint8_t &byte : bytes) {
        byte = static_cast<uint8_t>(random());
    }
    return bytes;
}

template<typename Left, typename Right>
std::vector<int32_t> expected(const std::vector<uint8_t> &sums, const std::vector<uint8_t> &left,
                              const std::vector<uint8_t> &right, size_t rows, size_t columns, size_t groups) {
    std::vector<int32_t> result(rows * columns);
    std::memcpy(result.data(), sums.data(), 4 * rows * columns);
    for (size_t row = 0; row < rows; ++row) {
        for (size_t column = 0; column < columns; ++column) {
            auto sum = static_cast<uint32_t>(result[row * columns + column]);
            for (size_t group = 0; group < groups; ++group) {
                for (size_t lane = 0; lane < 4; ++lane) {
                    const auto a = static_cast<Left>(left[row * 4 * groups + 4 * group + lane]);
                    const auto b = static_cast<Right>(right[group * 4 * columns + 4 * column + lane]);
                    sum += static_cast<uint32_t>(a * b);
                }
            }
            result[row * columns + column] = static_cast<int32_t>(sum);
        }
    }
    return result;
}

/** Multiplies with each of the four instructions; the tiles' numbers are part of an instruction. */
template<int Instruction>
std::vector<int32_t> product(const std::vector<uint8_t> &sums, const std::vector<uint8_t> &left,
                             const std::vector<uint8_t> &right, size_t rows, size_t columns, size_t groups) {
    configure(Configuration().tile(0, rows, 4 * columns).tile(3, rows, 4 * groups).tile(7, groups, 4 * columns));
    std::vector<int32_t> result(rows * columns);
    memory_is_used();
    _tile_loadd(0, sums.data(), 4 * columns);
    _tile_loadd(3, left.data(), 4 * groups);
    _tile_stream_loadd(7, right.data(), 4 * columns);
    if constexpr (Instruction == 0) {
        _tile_dpbssd(0, 3, 7);
    } else if constexpr (Instruction == 1) {
        _tile_dpbsud(0, 3, 7);
    } else if constexpr (Instruction == 2) {
        _tile_dpbusd(0, 3, 7);
    } else {
        _tile_dpbuud(0, 3, 7);
    }
    _tile_stored(0, result.data(), 4 * columns);
    _tile_release();
    return result;
}

TEST(AmxEmulator, MultipliesAsPlainCDoes) {
    struct Shape {
        size_t rows, columns, groups;
    };
    for (const auto &[rows, columns, groups] : std::vector<Shape>{{16, 16, 16}, {16, 16, 8}, {1, 1, 1}, {3, 5, 7}}) {
        const auto sums = random_bytes(4 * rows * columns, 1);
        const auto left = random_bytes(4 * rows * groups, 2);
        const auto right = random_bytes(4 * columns * groups, 3);
        EXPECT_EQ(product<0>(sums, left, right, rows, columns, groups),
                  (expected<int8_t, int8_t>(sums, left, right, rows, columns, groups)));
        EXPECT_EQ(product<1>(sums, left, right, rows, columns, groups),
                  (expected<int8_t, uint8_t>(sums, left, right, rows, columns, groups)));
        EXPECT_EQ(product<2>(sums, left, right, rows, columns, groups),
                  (expected<uint8_t, int8_t>(sums, left, right, rows, columns, groups)));
        EXPECT_EQ(product<3>(sums, left, right, rows, columns, groups),
                  (expected<uint8_t, uint8_t>(sums, left, right, rows, columns, groups)));
    }
}

TEST(AmxEmulator, LoadsAndStoresTheRowsOfATileAndNothingElse) {
    configure(Configuration().tile(5, 3, 12));
    const auto bytes = random_bytes(64, 4);
    std::vector<uint8_t> stored(64, 0xee);
    memory_is_used();
    _tile_loadd(5, bytes.data(), 20);
    _tile_stored(5, stored.data(), 16);
    _tile_release();
    for (size_t at = 0; at < stored.size(); ++at) {
        const size_t row = at / 16;
        const uint8_t wanted = row < 3 && at % 16 < 12 ? bytes[20 * row + at % 16] : 0xee;
        EXPECT_EQ(stored[at], wanted) << at;
    }
}

TEST(AmxEmulator, ZeroesATile) {
    configure(Configuration().tile(1, 2, 4).tile(2, 2, 4));
    const auto bytes = random_bytes(8, 5);
    std::vector<uint8_t> first(8, 0xee), second(8, 0xee);
    memory_is_used();
    _tile_loadd(1, bytes.data(), 4);
    _tile_loadd(2, bytes.data(), 4);
    _tile_zero(1);
    _tile_stored(1, first.data(), 4);
    _tile_stored(2, second.data(), 4);
    _tile_release();
    EXPECT_EQ(first, std::vector<uint8_t>(8));
    EXPECT_EQ(second, bytes);
}

using TwoRows = std::array<uint8_t, 8>;

/** Has a tile of two rows of four bytes loaded by an instruction with a certain way to address memory. */
#define EXPECT_LOADS(instruction, base, stride, first, second)                                                         \
    do {                                                                                                               \
        TwoRows loaded{};                                                                                              \
        configure(Configuration().tile(6, 2, 4));                                                                      \
        __asm__ volatile(instruction "\n\ttilestored %%tmm6, (%2,%3,1)"                                                \
                         :                                                                                             \
                         : "a"(base), "c"(stride), "d"(loaded.data()), "S"(4L)                                         \
                         : "memory", "r9", "r12", "r13");                                                              \
        _tile_release();                                                                                               \
        TwoRows wanted{};                                                                                              \
        std::memcpy(wanted.data(), (base) + (first), 4);                                                               \
        std::memcpy(wanted.data() + 4, (base) + (second), 4);                                                          \
        EXPECT_EQ(loaded, wanted) << (instruction);                                                                    \
    } while (false)

TEST(AmxEmulator, AddressesMemoryInEveryWay) {
    const std::vector<uint8_t> bytes = random_bytes(4096, 6);
    const uint8_t *middle = bytes.data() + 2048;
    EXPECT_LOADS("tileloadd (%0,%1,1), %%tmm6", middle, 16L, 0, 16);
    EXPECT_LOADS("tileloadd (%0,%1,4), %%tmm6", middle, 16L, 0, 64);
    EXPECT_LOADS("tileloadd (%0,%1,8), %%tmm6", middle, -16L, 0, -128);
    EXPECT_LOADS("tileloadd (%0), %%tmm6", middle, 16L, 0, 0);
    EXPECT_LOADS("tileloadd -7(%0,%1,2), %%tmm6", middle, 10L, -7, 13);
    EXPECT_LOADS("tileloadd 1000(%0,%1,1), %%tmm6", middle, 3L, 1000, 1003);
    EXPECT_LOADS("mov %0, %%r13\n\tmov %1, %%r12\n\ttileloadd (%%r13,%%r12,2), %%tmm6", middle, 5L, 0, 10);
    EXPECT_LOADS("mov %1, %%r9\n\ttileloaddt1 -2000(%0,%%r9,1), %%tmm6", middle, 4L, -2000, -1996);
}

TEST(AmxEmulator, KeepsTheConfigurationOfEachThread) {
    const Configuration mine = Configuration().tile(0, 8, 64).tile(7, 16, 32);
    configure(mine);
    std::thread([&mine] {
        _tile_release(); // Linux may begin a thread with its maker's configuration
        EXPECT_EQ(stored_configuration(), (Configuration{.palette = 0}));
        configure(Configuration().tile(0, 1, 4));
        EXPECT_NE(stored_configuration(), mine);
        _tile_release();
    }).join();
    EXPECT_EQ(stored_configuration(), mine);
    _tile_release();
    EXPECT_EQ(stored_configuration(), (Configuration{.palette = 0}));
}

TEST(AmxEmulator, ReadsAConfigurationThatIsAConstant) {
    static const Configuration constant = Configuration().tile(4, 2, 8);
    configure(constant);
    EXPECT_EQ(stored_configuration(), constant);
    configure(Configuration{.palette = 0});
    EXPECT_EQ(stored_configuration(), (Configuration{.palette = 0}));
}

using AmxEmulatorDeathTest = testing::Test;

TEST(AmxEmulatorDeathTest, RefusesConfigurationsThatTheProcessorRefuses) {
    const auto refused = [](const Configuration &configuration) {
        EXPECT_EXIT(configure(configuration), testing::KilledBySignal(SIGSEGV), "");
    };
    refused(Configuration{.palette = 2});
    Configuration reserved = Configuration().tile(0, 8, 64);
    reserved.reserved[3] = 1;
    refused(reserved);
    refused(Configuration().tile(0, 17, 64));
    refused(Configuration().tile(0, 16, 65));
    refused(Configuration().tile(0, 16, 0));
    refused(Configuration().tile(0, 0, 4));
    refused(Configuration().tile(8, 1, 4)); // palette 1 has eight tiles
}

TEST(AmxEmulatorDeathTest, FindsInstructionsIllegalThatTheProcessorFindsIllegal) {
    const auto killed = testing::KilledBySignal(SIGILL);
    EXPECT_EXIT(_tile_zero(0), killed, "");
    EXPECT_EXIT(
        {
            configure(Configuration().tile(0, 8, 64));
            _tile_release();
            _tile_zero(0);
        },
        killed, "");
    EXPECT_EXIT(
        {
            configure(Configuration().tile(0, 8, 64));
            _tile_zero(1);
        },
        killed, "");
    EXPECT_EXIT(
        {
            configure(Configuration().tile(0, 8, 64).tile(1, 8, 16).tile(2, 8, 64)); // 8 rows where 4 fit
            _tile_dpbssd(0, 1, 2);
        },
        killed, "");
    EXPECT_EXIT(
        {
            configure(Configuration().tile(0, 16, 64).tile(1, 16, 64));
            __asm__ volatile(".byte 0xc4, 0xe2, 0x73, 0x5e, 0xc1"); // tdpbssd of 0, 1 and 1 again
        },
        killed, "");
    EXPECT_EXIT(
        {
            configure(Configuration().tile(0, 3, 5)); // rows of five bytes
            _tile_zero(0);
            _tile_loadd(0, random_bytes(64, 1).data(), 16);
        },
        killed, "");
    EXPECT_EXIT(__builtin_trap(), killed, "");
}

constexpr long request_permission = 0x1023;
constexpr long tile_data = 18;

TEST(AmxEmulator, GivesPermissionOrRefusesIt) {
    EXPECT_EQ(syscall(SYS_arch_prctl, request_permission, tile_data), 0);
    setenv("AMX_EMULATOR_PERMISSION", "refused", 1);
    EXPECT_EQ(syscall(SYS_arch_prctl, request_permission, tile_data), -1);
    EXPECT_EQ(errno, EPERM);
    unsetenv("AMX_EMULATOR_PERMISSION");
}

TEST(AmxEmulator, PassesOtherQuestionsOnToTheKernel) {
    EXPECT_EQ(syscall(SYS_getpid), getpid());
    const long mapped = syscall(SYS_mmap, nullptr, 4096L, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1L, 0L);
    ASSERT_NE(mapped, -1);
    EXPECT_EQ(syscall(SYS_munmap, mapped, 4096L), 0);
    EXPECT_EQ(syscall(SYS_close, -1L), -1);
    EXPECT_EQ(errno, EBADF);
}

} // namespace

int main(int count, char **arguments) {
    testing::InitGoogleTest(&count, arguments);
    testing::Test::RecordProperty("amx", amx_emulator_is_active() ? "emulated" : "of the processor");
    return RUN_ALL_TESTS();
}
