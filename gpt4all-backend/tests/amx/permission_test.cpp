// What becomes of the module where the operating system does not let the process use AMX.

#include "ggml_module.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

namespace {

/** In a process of its own: the question is asked once. */
[[noreturn]] void compute_without_permission(const std::string &path) {
    setenv("AMX_EMULATOR_PERMISSION", "refused", 1);
    amx::GgmlModule module(path);
    if (module.amx_buffers() != nullptr) {
        std::exit(2);
    }
    const auto found =
        amx::compare(module, module.plain_buffers(), {.type = GGML_TYPE_Q4_1, .columns = 256, .rows = 64, .count = 33});
    if (!found.supported || found.not_finite != 0 || found.worst > 0.08) {
        std::exit(3);
    }
    if (amx::GgmlModule::log().find("AMX is not used") == std::string::npos) {
        std::exit(4);
    }
    std::exit(0);
}

TEST(AmxPermissionDeathTest, WithoutItTheModuleComputesWithoutAmxAndSaysSoInTheLogOnly) {
    if (!amx::processor_suffices()) {
        GTEST_SKIP() << "this processor lacks AVX-512 instructions that the module uses beside AMX";
    }
    EXPECT_EXIT(compute_without_permission(amx::module_path()), testing::ExitedWithCode(0), testing::StrEq(""));
}

} // namespace
