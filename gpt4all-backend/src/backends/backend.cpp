#include "backends/backend.h"

#include "backends/cpu_module.h"
#include "ggml-backend.h"
#include "llama-sampler.h"
#include "llama.h"
#include "llama/abort_guard.h"
#include "llama/logging.h"
#include "platform/dynamic_library.h"
#include "threads/thread_governor.h"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <mutex>
#include <string_view>
#include <system_error>
#include <utility>

namespace llmodel {

namespace {

namespace fs = std::filesystem;

/** A module brings its own copy of ggml: until told otherwise, its logger writes to stderr and a failed assertion
 * in it ends the process. */
void take_over(const DynamicLibrary &library) {
    if (auto *set_log = library.function<decltype(ggml_log_set)>("ggml_log_set"); set_log != nullptr) {
        set_log(ggml_log_callback, nullptr);
    }
    if (auto *set_abort = library.function<decltype(ggml_set_abort_callback)>("ggml_set_abort_callback");
        set_abort != nullptr) {
        set_abort(on_module_abort);
    }
}

/** Opens the module to see whether it fits this machine. Returns the library, or an empty one and the reason. */
DynamicLibrary probe(BackendModule &module) {
    DynamicLibrary library = DynamicLibrary::open(module.path, module.reason);
    if (!library) {
        return {};
    }
    take_over(library);
    if (library.function<ggml_backend_reg_t()>("ggml_backend_init") == nullptr) {
        module.reason = "it is not a compute backend: ggml_backend_init is missing";
    } else if (auto *score = library.function<int()>("ggml_backend_score"); score != nullptr) {
        module.score = score();
        if (*module.score <= 0) {
            module.reason = "this processor lacks instructions that it needs";
        }
    }
    return module.reason.empty() ? std::move(library) : DynamicLibrary();
}

/** Has a module initialise itself whatever it says of this processor, for which ggml's own loader would refuse it. */
bool register_unchecked(const BackendModule &module) {
    std::string ignored;
    DynamicLibrary library = DynamicLibrary::open(module.path, ignored);
    if (!library) {
        return false;
    }
    take_over(library);
    auto *initialise = library.function<ggml_backend_reg_t()>("ggml_backend_init");
    library.keep(); // as ggml's registry holds others
    ggml_backend_reg_t registered = initialise();
    if (registered != nullptr) {
        ggml_backend_register(registered);
    }
    return registered != nullptr;
}

/** Registers a probed module. */
void load(BackendModule &module) {
    const LogCapture log(LLMODEL_LOG_ERROR);
    const bool refused = module.score && *module.score <= 0;
    try {
        module.loaded = refused ? register_unchecked(module) : ggml_backend_load(module.path.c_str()) != nullptr;
        if (!module.loaded) {
            module.reason = log.text().empty() ? "it could not be initialised" : log.text();
        }
    } catch (const Error &error) { // an assertion of its own
        module.reason = error.what();
    }
}

/** Loads the best of the modules that do the same. */
void load_best(const std::vector<BackendModule *> &candidates) {
    std::vector<std::pair<BackendModule *, DynamicLibrary>> usable;
    for (BackendModule *module : candidates) {
        if (DynamicLibrary library = probe(*module); library) {
            usable.emplace_back(module, std::move(library));
        }
    }
    std::stable_sort(usable.begin(), usable.end(), [](const auto &left, const auto &right) {
        return left.first->score.value_or(1) > right.first->score.value_or(1);
    });
    const BackendModule *chosen = nullptr;
    for (auto &[module, library] : usable) {
        if (chosen != nullptr) {
            module->reason = chosen->path.filename().string() + " fits this machine better";
        } else {
            load(*module);
            chosen = module->loaded ? module : nullptr;
        }
        library = {}; // a loaded module is held by ggml's registry
    }
}

#if defined(GGML_BACKEND_DL)
/** Loads the module that was asked for; throws Error if that fails. */
void load_requested(const std::vector<BackendModule *> &candidates, const CpuModuleRequest &request) {
    BackendModule *asked = nullptr;
    for (BackendModule *module : candidates) {
        const DynamicLibrary library = probe(*module); // until it is loaded: what was taken over is lost with the last
        if (module->variant == request.name) {
            asked = module;
            if (request.unchecked && module->score.value_or(1) <= 0) {
                module->reason.clear();
            }
            if (module->reason.empty()) {
                load(*module);
            }
        } else if (library) {
            module->reason = std::string(CpuModuleRequest::variable) + " names " + request.name;
        }
    }
    if (asked == nullptr || !asked->loaded) {
        throw cpu_module_refusal(request, asked, candidates);
    }
}

constexpr std::string_view module_prefix = "libggml-";
constexpr std::string_view module_suffix = ".so";

/** "cpu" and "haswell" of libggml-cpu-haswell.so; both empty for a file that is no backend. */
std::pair<std::string, std::string> backend_name(const fs::path &path) {
    std::string name = path.filename().string();
    if (!name.starts_with(module_prefix) || !name.ends_with(module_suffix) ||
        name.size() <= module_prefix.size() + module_suffix.size()) {
        return {};
    }
    name = name.substr(module_prefix.size(), name.size() - module_prefix.size() - module_suffix.size());
    const size_t dash = std::min(name.find('-'), name.size());
    std::string variant = name.substr(std::min(dash + 1, name.size()));
    name.resize(dash);
    return name == "base" ? std::pair<std::string, std::string>() : std::pair(std::move(name), std::move(variant));
}

void find_modules(const fs::path &folder, std::vector<BackendModule> &modules) {
    std::error_code error;
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
        auto [name, variant] = backend_name(entry->path());
        if (!name.empty() && entry->is_regular_file()) {
            modules.push_back(BackendModule{.path = entry->path(),
                                            .name = std::move(name),
                                            .variant = std::move(variant),
                                            .score = {},
                                            .reason = {}});
        }
    }
    std::sort(modules.begin(), modules.end(),
              [](const BackendModule &left, const BackendModule &right) { return left.path < right.path; });
}
#endif

Backends load_modules() {
    const AbortGuard guard;
    capture_llama_log();

    Backends backends;
    std::vector<BackendModule> &modules = backends.modules;
    backends.cpu_request = cpu_module_request();
#if defined(GGML_BACKEND_DL)
    // never the working directory or the program's folder, where a download could have planted one
    if (const fs::path folder = own_folder(); !folder.empty()) {
        find_modules(folder, modules);
    }
    std::map<std::string, std::vector<BackendModule *>> by_name;
    for (BackendModule &module : modules) {
        by_name[module.name].push_back(&module);
    }
    for (auto &[name, candidates] : by_name) {
        if (name == "cpu" && backends.cpu_request) {
            try {
                load_requested(candidates, *backends.cpu_request);
            } catch (const Error &error) {
                backends.cpu_error = error;
            }
        } else {
            load_best(candidates);
        }
    }
#else
    if (backends.cpu_request) {
        backends.cpu_error = cpu_module_refusal(*backends.cpu_request, nullptr, {});
    }
#endif
    if (const char *named = std::getenv("GPT4ALL_BACKEND_PATH"); named != nullptr && *named != '\0') {
        BackendModule module{
            .path = named, .name = fs::path(named).stem().string(), .variant = {}, .score = {}, .reason = {}};
        if (module.path.is_absolute()) {
            load_best({&module});
        } else {
            module.reason = "GPT4ALL_BACKEND_PATH must be an absolute path";
        }
        modules.push_back(std::move(module));
    }
    return backends;
}

} // namespace

const Backends &loaded_backends() {
    static const Backends backends = load_modules();
    return backends;
}

void ensure_backend() {
    static std::once_flag once;
    std::call_once(once, [] {
        llama_sampler_default_seed_is_random = false; // requests without a seed are given one
        const Backends &backends = loaded_backends();
        if (backends.cpu_error) {
            throw Error(*backends.cpu_error);
        }
        const std::vector<BackendModule> &modules = backends.modules;
        // llama_backend_init() would otherwise look for backends in places of its own
        if (ggml_backend_dev_by_type(GGML_BACKEND_DEVICE_TYPE_CPU) == nullptr) {
            json seen = json::array();
            for (const BackendModule &module : modules) {
                seen.push_back({{"path", module.path.string()}, {"reason", module.reason}});
            }
            throw Error(LLMODEL_UNSUPPORTED,
                        "none of the " + std::to_string(modules.size()) + " modules in " + own_folder().string() +
                            " runs on this machine's processor; reinstall the package, or install one for this kind of "
                            "processor",
                        {{"folder", own_folder().string()}, {"backends", std::move(seen)}});
        }
        const AbortGuard guard;
        llama_backend_init();
        install_thread_governor();
    });
}

} // namespace llmodel
