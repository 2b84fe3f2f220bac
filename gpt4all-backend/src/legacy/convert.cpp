#include "legacy/convert.h"

#include "files/disk_space.h"
#include "files/inspect.h"
#include "files/output_path.h"
#include "legacy/background_writer.h"
#include "legacy/translate.h"
#include "platform/read_ahead.h"

#include <algorithm>
#include <chrono>
#include <string_view>
#include <system_error>

namespace llmodel::legacy {

namespace {

namespace fs = std::filesystem;

TranslationOptions options_from(const json &options, const fs::path &path) {
    TranslationOptions result;
    result.q4_2_type = options.value("q4_2_type", result.q4_2_type);
    result.q4_3_type = options.value("q4_3_type", result.q4_3_type);
    result.rms_norm_eps = options.value("rms_norm_eps", result.rms_norm_eps);
    result.rope_freq_base = options.value("rope_freq_base", result.rope_freq_base);
    result.n_ctx = options.value("n_ctx", result.n_ctx);
    result.add_space_prefix = options.value("add_space_prefix", result.add_space_prefix);
    result.name = options.value("name", name_of_file(path));
    return result;
}

[[noreturn]] void cancelled(const OldModel &model) {
    const std::string path = model.files.front().string();
    throw Error(LLMODEL_CANCELLED, "converting " + path + " was cancelled", {{"path", path}});
}

} // namespace

std::string name_of_file(const fs::path &path) {
    const std::u8string stem = path.stem().u8string();
    return std::string(stem.begin(), stem.end());
}

void write_translation(const OldModel &model, TemporaryFile &file, const Progress &progress,
                       const std::function<void(std::uint64_t read_to)> &watch) {
    const std::uint64_t size = model.plan.size();
    require_disk_space(file.path(), size);
    if (progress && !progress(0)) {
        cancelled(model);
    }
    ReadAhead ahead(model.files.front());
    BackgroundWriter writer(file);
    translate(
        model.plan, model.sources, [&writer](std::span<const std::byte> bytes) { writer.append(bytes); },
        [&](std::uint64_t written, std::uint64_t read_to) {
            ahead.read_to(read_to);
            if (watch) {
                watch(read_to);
            }
            const auto part = static_cast<float>(static_cast<double>(written) / static_cast<double>(size));
            if (progress && !progress(std::min(part, 0.99F))) {
                cancelled(model);
            }
        });
    writer.finish();
}

json convert(const fs::path &path, const fs::path &out_path, const json &options, const Progress &progress) {
    const auto start = std::chrono::steady_clock::now();
    const OldModel model = open_old_model(path, options_from(options, path));
    check_plan(model.plan, path.string());
    check_output_path(out_path, model.files);

    TemporaryFile file(out_path);
    std::error_code ignored;
    fs::permissions(file.path(), fs::status(path, ignored).permissions() | fs::perms::owner_write, ignored);
    write_translation(model, file, progress);
    const GgufFile output = read_gguf(file.path());
    if (progress && !progress(1)) {
        cancelled(model);
    }
    file.commit();
    const std::chrono::duration<double, std::milli> taken = std::chrono::steady_clock::now() - start;
    return {{"path", out_path.string()},
            {"format", model.plan.format},
            {"format_version", model.plan.version},
            {"architecture", model.plan.architecture},
            {"runs_as", model.plan.runs_as},
            {"quantization", quantization(output)},
            {"choices", model.plan.choices},
            {"input_bytes", model.size()},
            {"output_bytes", output.size},
            {"tensors", output.tensors.size()},
            {"ms", taken.count()}};
}

} // namespace llmodel::legacy
