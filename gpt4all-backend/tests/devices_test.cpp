#include "api_fixture.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <dlfcn.h>
#include <thread>

namespace {

using namespace api;

json cpu(const json &result) {
    for (const json &device : result.at("devices")) {
        if (device.at("type") == "cpu") {
            return device;
        }
    }
    return nullptr;
}

TEST(Devices, ListsTheProcessorAndItsMemory) {
    testing::internal::CaptureStderr();
    const Outcome result = devices();
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
    ASSERT_EQ(result.status, LLMODEL_OK) << result.message;

    const json device = cpu(result.value);
    ASSERT_FALSE(device.is_null());
    const auto total = device.at("memory_total").get<uint64_t>();
    EXPECT_GT(device.at("memory_free").get<uint64_t>(), 0U);
    EXPECT_LE(device.at("memory_free").get<uint64_t>(), total);
    const auto physical = static_cast<uint64_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
    EXPECT_LE(total, physical);

    const json &counts = result.value.at("cpu");
    EXPECT_LE(counts.at("threads_default"), counts.at("threads_physical"));
    EXPECT_LE(counts.at("threads_physical"), counts.at("threads_logical"));
    EXPECT_LE(counts.at("threads_logical").get<unsigned>(), std::max(1U, std::thread::hardware_concurrency()));
    EXPECT_GE(counts.at("threads_default").get<int>(), 1);
}

TEST(Devices, EveryDeviceHasALoadedBackendAndEveryRefusalAReason) {
    const Outcome result = devices();
    ASSERT_EQ(result.status, LLMODEL_OK) << result.message;
    size_t loaded = 0;
    for (const json &backend : result.value.at("backends")) {
        if (backend.at("loaded").get<bool>()) {
            ++loaded;
        } else {
            EXPECT_NE(backend.at("reason"), "") << backend;
        }
    }
    EXPECT_GE(loaded, 1U);
}

/** The backends are loaded once per process, so each of these runs in a process of its own. */
class BackendPath : public testing::Test {
  protected:
    void SetUp() override { GTEST_FLAG_SET(death_test_style, "threadsafe"); }

    [[noreturn]] static void expect_refused(const std::string &path, const std::string &reason) {
        setenv("GPT4ALL_BACKEND_PATH", path.c_str(), 1);
        const Outcome result = devices();
        bool found = false;
        for (const json &backend : result.value.at("backends")) {
            found = found || (backend.value("path", "") == path && !backend.at("loaded").get<bool>() &&
                              backend.at("reason").get<std::string>().find(reason) != std::string::npos);
        }
        if (!found || cpu(result.value).is_null()) {
            std::fprintf(stderr, "%s\n", result.value.dump().c_str());
        }
        std::_Exit(found && !cpu(result.value).is_null() ? 0 : 1);
    }
};

TEST_F(BackendPath, RelativePathIsRefused) {
    EXPECT_EXIT(expect_refused("libggml-planted.so", "absolute"), testing::ExitedWithCode(0), "");
}

TEST_F(BackendPath, MissingFileIsReportedWithTheLoadersReason) {
    EXPECT_EXIT(expect_refused("/nowhere/libggml-none.so", "cannot open"), testing::ExitedWithCode(0), "");
}

TEST_F(BackendPath, FileThatIsNoLibraryIsReported) {
    EXPECT_EXIT(expect_refused(model_path("tiny-llama-f32.gguf"), "invalid ELF header"), testing::ExitedWithCode(0),
                "");
}

TEST_F(BackendPath, LibraryThatIsNoBackendIsReported) {
    Dl_info library{};
    ASSERT_NE(dladdr(dlsym(RTLD_DEFAULT, "gnu_get_libc_version"), &library), 0);
    EXPECT_EXIT(expect_refused(library.dli_fname, "ggml_backend_init is missing"), testing::ExitedWithCode(0), "");
}

/** This library has its code for the processor built in. A module that is asked for must not be passed over in silence.
 */
[[noreturn]] void ask_for_a_module() {
    setenv("GPT4ALL_CPU_MODULE", "haswell", 1);
    const Outcome listed = devices();
    const json module = listed.value.at("cpu").at("module");
    const Outcome inspected = inspect(model_path("tiny-llama-f32.gguf"));
    const bool told = module.at("requested") == "haswell" && module.at("requested_by") == "GPT4ALL_CPU_MODULE" &&
                      module.at("error") == inspected.message && !module.contains("name");
    const bool refused = inspected.status == LLMODEL_UNSUPPORTED &&
                         inspected.message.find("built in") != std::string::npos &&
                         inspected.detail.at("value") == "haswell";
    if (!told || !refused) {
        std::fprintf(stderr, "%s\n%s\n", listed.value.dump().c_str(), inspected.message.c_str());
    }
    std::_Exit(told && refused ? 0 : 1);
}

TEST(CpuModule, IsNotAskedForWhereThereAreNone) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    EXPECT_EXIT(ask_for_a_module(), testing::ExitedWithCode(0), "");
}

TEST_F(BackendPath, AssertionThatFailsInAModuleIsReported) {
    EXPECT_EXIT(expect_refused(ASSERTING_BACKEND, "GGML_ASSERT(false) failed"), testing::ExitedWithCode(0), "");
}

} // namespace
