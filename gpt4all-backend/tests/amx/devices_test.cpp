// What `llmodel_devices` says of AMX, where the operating system allows it and where it does not.

#include "llmodel.h"

#include "ggml_module.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

namespace {

/** In a process of its own, for modules are loaded once: ends with 0 if AMX is among what is used, with 1 if not. */
[[noreturn]] void look_for_amx(const char *permission) {
    setenv("GPT4ALL_CPU_MODULE", "sapphirerapids", 1);
    setenv("GPT4ALL_CPU_MODULE_UNCHECKED", "1", 1);
    setenv("AMX_EMULATOR_PERMISSION", permission, 1);
    char *devices = nullptr;
    if (llmodel_devices(&devices, nullptr) != LLMODEL_OK ||
        std::string(devices).find("AVX512_VNNI") == std::string::npos) {
        std::exit(2);
    }
    std::exit(std::string(devices).find("\"AMX_INT8\"") == std::string::npos ? 1 : 0);
}

TEST(AmxDevicesDeathTest, HaveAmxWhereItIsUsed) {
    if (!amx::processor_suffices()) {
        GTEST_SKIP() << "this processor lacks AVX-512 instructions that the module uses beside AMX";
    }
    EXPECT_EXIT(look_for_amx(""), testing::ExitedWithCode(0), "");
    EXPECT_EXIT(look_for_amx("refused"), testing::ExitedWithCode(1), "");
}

} // namespace
