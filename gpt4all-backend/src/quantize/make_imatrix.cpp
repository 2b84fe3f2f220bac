#include "quantize/make_imatrix.h"

#include "backends/backend.h"
#include "engine/weights.h"
#include "files/inspect.h"
#include "files/model_file.h"
#include "files/output_path.h"
#include "llama/abort_guard.h"
#include "memory/estimate.h"
#include "platform/machine.h"
#include "platform/temporary_file.h"
#include "quantize/calibration.h"
#include "quantize/calibration_text.h"
#include "quantize/imatrix_file.h"
#include "threads/large_stack.h"
#include "threads/thread_governor.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <system_error>

namespace llmodel {

namespace {

namespace fs = std::filesystem;

using Progress = std::function<bool(float)>;

// Parts of the progress.
constexpr float translating_part = 0.3F;
constexpr float loading_part = 0.1F;

constexpr uint64_t default_n_ctx = 512;

/** The part of `whole` that begins at `from`. */
Progress part_of(const Progress &whole, float from, float share) {
    return [&whole, from, share](float done) { return !whole || whole(from + share * done); };
}

uint64_t context_length(const GgufFile &model, const json &options) {
    const uint64_t wanted = options.value("n_ctx", uint64_t{0});
    const std::string key = std::string(model.architecture()) + ".context_length";
    const uint64_t trained = model.get_uint(key).value_or(default_n_ctx);
    if (wanted > trained) {
        throw Error(LLMODEL_INVALID_ARGUMENT,
                    "the option /n_ctx: the model was trained for " + std::to_string(trained) + " tokens, so " +
                        std::to_string(wanted) + " say nothing about it; choose no more than that",
                    {{"path", "/n_ctx"}, {"n_ctx_train", trained}});
    }
    return wanted == 0 ? std::min(trained, default_n_ctx) : wanted;
}

uint64_t vocabulary_size(const GgufFile &model) {
    const StringArray *tokens = model.get_strings("tokenizer.ggml.tokens");
    return tokens == nullptr ? 0 : tokens->size();
}

OpenOptions open_options(const GgufFile &model, const json &options, uint64_t n_ctx) {
    const size_t batch = calibration_batch(n_ctx, vocabulary_size(model), only_encodes(model));
    json open{{"n_ctx", n_ctx}, {"n_batch", batch}, {"n_ubatch", batch}, {"n_parallel", 1}, {"cache_disk_mib", 0}};
    for (const char *same : {"threads", "device", "n_gpu_layers"}) {
        if (options.contains(same)) {
            open[same] = options[same];
        }
    }
    return parse_open_options(model, open);
}

/** How many experts no token went to. */
size_t idle_experts(const ActivationSums &sums) {
    size_t idle = 0;
    for (const auto &[name, found] : sums.weights()) {
        idle += static_cast<size_t>(std::count(found.counts.begin(), found.counts.end(), 0));
    }
    return idle;
}

struct Measured {
    ActivationSums sums;
    size_t chunks = 0;
};

Measured measure(const GgufFile &model, const CalibrationText &text, const json &options, const OpenOptions &opened,
                 const Progress &progress) {
    const AbortGuard guard;
    const AdaptiveThreads threads(opened.adaptive_threads);
    const Weights weights = load_weights(opened, part_of(progress, 0, loading_part));
    if (llama_model_has_encoder(weights.get())) {
        throw Error(LLMODEL_UNSUPPORTED,
                    model.path + " reads and writes with different weights, which is not supported here",
                    {{"path", model.path}});
    }
    const std::vector<Tokens> chunks =
        cut_into_chunks(text, llama_model_get_vocab(weights.get()), static_cast<size_t>(opened.params.n_ctx),
                        options.value("chunks", size_t{0}));
    const float share = (1 - loading_part) / static_cast<float>(chunks.size());
    size_t finished = 0;
    Calibration calibration(weights.get(), opened, only_encodes(model), options.value("output_tensor", false),
                            [&](float done) {
                                const float before = static_cast<float>(finished) + done;
                                return !progress || progress(loading_part + share * before);
                            });
    for (const Tokens &chunk : chunks) {
        calibration.run(chunk);
        ++finished;
    }
    if (calibration.sums().weights().empty()) {
        throw Error(LLMODEL_UNSUPPORTED, model.path + " has no weights whose importance can be measured",
                    {{"path", model.path}});
    }
    return {calibration.sums(), chunks.size()};
}

Measured open_and_measure(const GgufFile &model, const CalibrationText &text, const json &options, uint64_t n_ctx,
                          const Progress &progress) {
    const OpenOptions opened = open_options(model, options, n_ctx);
    check_memory_budget(opened, estimate_memory(opened, model));
    release_free_memory(); // of what the estimate needed
    std::optional<Measured> measured;
    // untrusted vocabularies are parsed and texts split into tokens on a stack of known size
    on_large_stack(
        progress, [&](const Progress &on_stack) { measured.emplace(measure(model, text, options, opened, on_stack)); });
    return std::move(*measured);
}

} // namespace

json make_imatrix(const fs::path &path, const fs::path &out_path, const json &options, const Progress &progress) {
    ensure_backend();
    const auto start = std::chrono::steady_clock::now();
    const CalibrationText text = read_calibration_text(options);
    const auto report = [&](float done) {
        if (progress && !progress(done)) {
            throw Error(LLMODEL_CANCELLED, "making an importance matrix of " + path.string() + " was cancelled",
                        {{"path", path.string()}});
        }
    };
    report(0);
    float translated = 0;
    const ModelFile model = open_model_file(path, options.value("cache_dir", std::string()), [&](float done) {
        translated = translating_part * done;
        return !progress || progress(translated);
    });
    check_output_path(out_path, {path, text.file});
    const uint64_t n_ctx = context_length(model.gguf, options);
    TemporaryFile file(out_path); // before the work, which would be wasted if the file cannot be created
    std::error_code ignored;
    fs::permissions(file.path(), fs::status(path, ignored).permissions() | fs::perms::owner_write, ignored);
    const Progress rest = part_of(progress, translated, 1 - translated);
    const Measured measured = [&] {
        try {
            return open_and_measure(model.gguf, text, options, n_ctx, progress ? rest : progress);
        } catch (const Error &error) {
            throw model.of_named(error);
        }
    }();
    write_imatrix(file, measured.sums,
                  {.dataset = text.name,
                   .chunks = static_cast<uint32_t>(measured.chunks),
                   .chunk_size = static_cast<uint32_t>(n_ctx)});
    const GgufFile output = read_gguf(file.path());
    report(1);
    file.commit();
    const std::chrono::duration<double, std::milli> taken = std::chrono::steady_clock::now() - start;
    return {{"path", out_path.string()},
            {"dataset", text.name},
            {"chunks", measured.chunks},
            {"n_ctx", n_ctx},
            {"tokens", measured.chunks * n_ctx},
            {"weights", measured.sums.weights().size()},
            {"idle_experts", idle_experts(measured.sums)},
            {"output_bytes", output.size},
            {"ms", taken.count()}};
}

} // namespace llmodel
