#include "quantize/quantize.h"

#include "backends/backend.h"
#include "files/disk_space.h"
#include "files/model_file.h"
#include "files/output_path.h"
#include "llama.h"
#include "llama/abort_guard.h"
#include "llama/logging.h"
#include "llama/texts.h"
#include "platform/temporary_file.h"
#include "quantize/plan.h"
#include "quantize/request.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <future>
#include <string_view>
#include <system_error>
#include <utility>

namespace llmodel {

namespace {

namespace fs = std::filesystem;

constexpr float translation_share = 0.5F;

ModelFile read_input(const fs::path &path, const fs::path &out_path, const std::string &cache_dir,
                     const std::function<bool(float)> &progress) {
    ModelFile file = open_model_file(path, cache_dir, progress);
    if (file.gguf.get_uint("split.count").value_or(1) > 1) {
        throw Error(LLMODEL_UNSUPPORTED,
                    path.string() + " is one part of a model in several files; join them with llama-gguf-split first",
                    {{"path", path.string()}});
    }
    check_output_path(out_path, {path});
    return file;
}

/** What llama.cpp's reason for giving up means. */
[[noreturn]] void fail(const fs::path &path, const fs::path &out_path, const std::string &reason) {
    const auto says = [&reason](std::string_view text) { return reason.find(text) != std::string::npos; };
    if (says(llama_texts::requantizing)) {
        refuse_requantizing(path, reason);
    }
    if (says(llama_texts::needs_imatrix) || says(llama_texts::needs_importance_matrix)) {
        throw Error(LLMODEL_INVALID_ARGUMENT, "the option /imatrix: it is needed and must fit the model: " + reason,
                    {{"path", "/imatrix"}, {"reason", reason}});
    }
    // the words of C++'s own libraries
    if (says("iostream error") || says("basic_ios")) {
        throw Error(LLMODEL_IO, out_path.string() + ": writing failed; is the disk full, or a limit on file sizes set?",
                    {{"path", out_path.string()}, {"reason", reason}});
    }
    if (says(llama_texts::invalid_data) || says(llama_texts::validation_failed)) {
        throw Error(LLMODEL_INVALID_MODEL, path.string() + " has weights that are not finite: " + reason,
                    {{"path", path.string()}, {"reason", reason}});
    }
    throw Error(LLMODEL_INTERNAL, path.string() + " could not be quantised: " + reason, {{"reason", reason}});
}

/** Runs llama_model_quantize(), which has no way to be stopped, and stops it: it logs a line before each tensor, and an
 *  exception out of its logger ends it as any other failure does, with its own threads at rest. */
void run(const fs::path &path, const fs::path &out_path, const QuantizeRequest &request,
         const std::atomic<bool> &cancelled, const fs::path &target) {
    const AbortGuard guard;
    const LogCapture reasons(LLMODEL_LOG_ERROR);
    bool thrown = false;
    const LogFilter filter([&](ggml_log_level, std::string_view) {
        if (cancelled && !thrown) {
            thrown = true; // what it says of the failure must come through
            throw Error(LLMODEL_CANCELLED, "quantising was cancelled");
        }
        return !thrown;
    });
    const uint32_t status = llama_model_quantize(path.c_str(), target.c_str(), &request.params());
    if (thrown) {
        throw Error(LLMODEL_CANCELLED, "quantising " + path.string() + " was cancelled", {{"path", path.string()}});
    }
    if (status != 0) {
        // after the rest of the line on which it was about to report a tensor
        constexpr std::string_view label = llama_texts::quantizing_failed;
        const size_t at = reasons.text().rfind(label);
        fail(path, out_path, at == std::string::npos ? reasons.text() : reasons.text().substr(at + label.size()));
    }
}

/** Reports how far the file has grown until `work` is done. */
void watch(std::future<void> &work, const fs::path &file, uint64_t expected, const std::function<bool(float)> &progress,
           std::atomic<bool> &cancelled) {
    using namespace std::chrono_literals;
    while (work.wait_for(50ms) != std::future_status::ready) {
        if (cancelled) {
            continue;
        }
        std::error_code error;
        const uint64_t size = fs::file_size(file, error);
        const auto part = error ? 0.0F : static_cast<float>(size) / static_cast<float>(std::max<uint64_t>(expected, 1));
        try {
            cancelled = !progress(std::min(part, 0.99F));
        } catch (...) {
            cancelled = true;
            work.wait();
            throw;
        }
    }
    work.get();
}

/** Into `target`, which will be at `out_path`. */
void write_quantized(const GgufFile &input, const fs::path &out_path, const QuantizeRequest &request,
                     const fs::path &target, const std::function<bool(float)> &progress) {
    const uint64_t expected = plan_quantization(input, request);
    require_disk_space(out_path, expected);
    if (!progress(0)) {
        throw Error(LLMODEL_CANCELLED, "quantising " + input.path + " was cancelled", {{"path", input.path}});
    }
    std::atomic<bool> cancelled = false;
    std::future<void> work =
        std::async(std::launch::async, [&] { run(input.path, out_path, request, cancelled, target); });
    watch(work, target, expected, progress, cancelled);
}

} // namespace

json quantize(const fs::path &path, const fs::path &out_path, const json &options,
              const std::function<bool(float)> &progress) {
    ensure_backend();
    const AbortGuard guard;
    const auto start = std::chrono::steady_clock::now();
    const QuantizeRequest request(options);
    float translated = 0; // of the progress, where a model of 2023 is translated first
    const ModelFile opened = read_input(path, out_path, options.value("cache_dir", std::string()), [&](float done) {
        translated = translation_share * done;
        return !progress || progress(translated);
    });
    const GgufFile &input = opened.gguf;
    const auto report = [&](float done) { return !progress || progress(translated + (1 - translated) * done); };
    TemporaryFile file(out_path);
    std::error_code ignored;
    fs::permissions(file.path(), fs::status(path, ignored).permissions() | fs::perms::owner_write, ignored);
    try {
        write_quantized(input, out_path, request, file.path(), report);
    } catch (const Error &error) {
        throw opened.of_named(error);
    }

    const GgufFile output = read_gguf(file.path());
    if (output.tensors.size() != input.tensors.size()) {
        throw Error(LLMODEL_INTERNAL, out_path.string() + " came out with " + std::to_string(output.tensors.size()) +
                                          " of " + std::to_string(input.tensors.size()) + " tensors");
    }
    if (!report(1)) {
        throw Error(LLMODEL_CANCELLED, "quantising " + path.string() + " was cancelled", {{"path", path.string()}});
    }
    file.commit();

    uint64_t bytes = 0;
    uint64_t weights = 0;
    for (const GgufTensor &tensor : output.tensors) {
        bytes += tensor.size;
        weights += tensor.elements();
    }
    const std::chrono::duration<double, std::milli> taken = std::chrono::steady_clock::now() - start;
    return {{"path", out_path.string()},
            {"type", request.type()},
            {"input_bytes", opened.origin ? opened.origin->size : input.size},
            {"output_bytes", output.size},
            {"tensors", output.tensors.size()},
            {"bits_per_weight", 8.0 * static_cast<double>(bytes) / static_cast<double>(std::max<uint64_t>(weights, 1))},
            {"ms", taken.count()}};
}

} // namespace llmodel
