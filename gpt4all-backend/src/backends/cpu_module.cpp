#include "backends/cpu_module.h"

#include "backends/backend.h"

#include <cstdlib>
#include <string_view>

namespace llmodel {

namespace {

std::string listed(const std::vector<std::string> &names) {
    std::string text;
    for (const std::string &name : names) {
        text += (text.empty() ? "" : ", ") + name;
    }
    return text;
}

} // namespace

std::optional<CpuModuleRequest> cpu_module_request() {
    const char *name = std::getenv(CpuModuleRequest::variable);
    if (name == nullptr || *name == '\0') {
        return std::nullopt;
    }
    const char *unchecked = std::getenv(CpuModuleRequest::unchecked_variable);
    return CpuModuleRequest{.name = name, .unchecked = unchecked != nullptr && std::string_view(unchecked) == "1"};
}

Error cpu_module_refusal(const CpuModuleRequest &request, const BackendModule *asked,
                         const std::vector<BackendModule *> &candidates) {
    std::vector<std::string> there;
    std::vector<std::string> usable;
    for (const BackendModule *module : candidates) {
        if (!module->variant.empty()) {
            there.push_back(module->variant);
            if (module->score.value_or(1) > 0) {
                usable.push_back(module->variant);
            }
        }
    }
    const std::string what = std::string(CpuModuleRequest::variable) + " names the CPU module \"" + request.name + "\"";
    const json detail{
        {"variable", CpuModuleRequest::variable}, {"value", request.name}, {"modules", there}, {"usable", usable}};
    if (there.empty()) {
        return {LLMODEL_UNSUPPORTED,
                what + ", but this library has no modules: its code for the processor is built in; unset the variable",
                detail};
    }
    if (asked == nullptr) {
        return {LLMODEL_INVALID_ARGUMENT, what + ", which is not beside the library; available: " + listed(there),
                detail};
    }
    const std::string others = usable.empty() ? "" : ", or name one of: " + listed(usable);
    return {LLMODEL_UNSUPPORTED, what + ", which cannot be loaded: " + asked->reason + "; unset the variable" + others,
            detail};
}

} // namespace llmodel
