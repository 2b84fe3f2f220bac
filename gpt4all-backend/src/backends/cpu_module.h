#pragma once

#include "error.h"

#include <optional>
#include <string>
#include <vector>

namespace llmodel {

struct BackendModule;

/** The CPU module that the environment names, for diagnosis; otherwise the one that fits the processor best is loaded.
 *
 *  Where all modules but one are left out, what a user sees on another processor can be seen on this one, and each can
 *  be tested. */
struct CpuModuleRequest {
    static constexpr const char *variable = "GPT4ALL_CPU_MODULE";
    /** With this set to 1 a module is loaded that this processor says it cannot run: for emulators, which run what the
     *  processor does not announce. Without one the process dies at the first such instruction. */
    static constexpr const char *unchecked_variable = "GPT4ALL_CPU_MODULE_UNCHECKED";

    std::string name; /**< ggml's name of a set of instructions, such as "haswell". */
    bool unchecked = false;
};

/** Nothing if the environment names none. */
std::optional<CpuModuleRequest> cpu_module_request();

/** Why the module that is asked for, `nullptr` if there is none of that name, was not loaded. `candidates` were all
 *  probed. */
Error cpu_module_refusal(const CpuModuleRequest &request, const BackendModule *asked,
                         const std::vector<BackendModule *> &candidates);

} // namespace llmodel
