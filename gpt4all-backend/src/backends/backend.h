#pragma once

#include "backends/cpu_module.h"
#include "error.h"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace llmodel {

/** Loads the compute backends and routes llama.cpp's messages to ours, once per process; every entry that needs
 *  llama.cpp calls it first. Throws Error(LLMODEL_UNSUPPORTED) if no backend can be used. */
void ensure_backend();

/** A file with a compute backend that was seen beside the library, or named in GPT4ALL_BACKEND_PATH. */
struct BackendModule {
    std::filesystem::path path;
    std::string name;         /**< What it computes with, such as "cpu". */
    std::string variant;      /**< The instructions that it was compiled for, such as "haswell"; may be empty. */
    std::optional<int> score; /**< How well it fits this machine; 0: not at all. */
    bool loaded = false;
    std::string reason; /**< Why it was not loaded. */
};

/** What was seen and loaded. */
struct Backends {
    std::vector<BackendModule> modules;
    std::optional<CpuModuleRequest> cpu_request;
    std::optional<Error> cpu_error; /**< Why the CPU module that is asked for was not loaded; then none is. */
};

/** Loads the modules, once per process, without asking whether any was found. */
const Backends &loaded_backends();

/** `$defs/devices_result`. */
json devices();

} // namespace llmodel
