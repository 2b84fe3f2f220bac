#include "quantize.h"

#include "abort_guard.h"
#include "backend.h"
#include "ggml.h"
#include "gguf/validate_model.h"
#include "imatrix.h"
#include "llama-ext.h"   // which type each tensor is given
#include "llama-model.h" // the tensors of a model
#include "llama.h"
#include "logging.h"
#include "machine.h"
#include "temporary_file.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstring>
#include <future>
#include <optional>
#include <regex>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace llmodel {

namespace {

namespace fs = std::filesystem;

constexpr std::array<std::pair<std::string_view, llama_ftype>, 39> file_types{{
    {"F32", LLAMA_FTYPE_ALL_F32},
    {"F16", LLAMA_FTYPE_MOSTLY_F16},
    {"BF16", LLAMA_FTYPE_MOSTLY_BF16},
    {"Q8_0", LLAMA_FTYPE_MOSTLY_Q8_0},
    {"Q6_K", LLAMA_FTYPE_MOSTLY_Q6_K},
    {"Q5_K", LLAMA_FTYPE_MOSTLY_Q5_K_M},
    {"Q5_K_M", LLAMA_FTYPE_MOSTLY_Q5_K_M},
    {"Q5_K_S", LLAMA_FTYPE_MOSTLY_Q5_K_S},
    {"Q5_1", LLAMA_FTYPE_MOSTLY_Q5_1},
    {"Q5_0", LLAMA_FTYPE_MOSTLY_Q5_0},
    {"Q4_K", LLAMA_FTYPE_MOSTLY_Q4_K_M},
    {"Q4_K_M", LLAMA_FTYPE_MOSTLY_Q4_K_M},
    {"Q4_K_S", LLAMA_FTYPE_MOSTLY_Q4_K_S},
    {"Q4_1", LLAMA_FTYPE_MOSTLY_Q4_1},
    {"Q4_0", LLAMA_FTYPE_MOSTLY_Q4_0},
    {"IQ4_XS", LLAMA_FTYPE_MOSTLY_IQ4_XS},
    {"IQ4_NL", LLAMA_FTYPE_MOSTLY_IQ4_NL},
    {"Q3_K", LLAMA_FTYPE_MOSTLY_Q3_K_M},
    {"Q3_K_L", LLAMA_FTYPE_MOSTLY_Q3_K_L},
    {"Q3_K_M", LLAMA_FTYPE_MOSTLY_Q3_K_M},
    {"Q3_K_S", LLAMA_FTYPE_MOSTLY_Q3_K_S},
    {"IQ3_M", LLAMA_FTYPE_MOSTLY_IQ3_M},
    {"IQ3_S", LLAMA_FTYPE_MOSTLY_IQ3_S},
    {"IQ3_XS", LLAMA_FTYPE_MOSTLY_IQ3_XS},
    {"IQ3_XXS", LLAMA_FTYPE_MOSTLY_IQ3_XXS},
    {"Q2_K", LLAMA_FTYPE_MOSTLY_Q2_K},
    {"Q2_K_S", LLAMA_FTYPE_MOSTLY_Q2_K_S},
    {"IQ2_M", LLAMA_FTYPE_MOSTLY_IQ2_M},
    {"IQ2_S", LLAMA_FTYPE_MOSTLY_IQ2_S},
    {"IQ2_XS", LLAMA_FTYPE_MOSTLY_IQ2_XS},
    {"IQ2_XXS", LLAMA_FTYPE_MOSTLY_IQ2_XXS},
    {"IQ1_M", LLAMA_FTYPE_MOSTLY_IQ1_M},
    {"IQ1_S", LLAMA_FTYPE_MOSTLY_IQ1_S},
    {"TQ2_0", LLAMA_FTYPE_MOSTLY_TQ2_0},
    {"TQ1_0", LLAMA_FTYPE_MOSTLY_TQ1_0},
    {"Q2_0", LLAMA_FTYPE_MOSTLY_Q2_0},
    {"Q1_0", LLAMA_FTYPE_MOSTLY_Q1_0},
    {"MXFP4_MOE", LLAMA_FTYPE_MOSTLY_MXFP4_MOE},
    {"COPY", LLAMA_FTYPE_ALL_F32},
}};

std::string upper(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(), [](char letter) {
        return letter >= 'a' && letter <= 'z' ? static_cast<char>(letter - 'a' + 'A') : letter;
    });
    return text;
}

[[noreturn]] void refuse(const std::string &option, const std::string &what) {
    throw Error(LLMODEL_INVALID_ARGUMENT, "the option " + option + ": " + what, {{"path", option}});
}

ggml_type tensor_type(const std::string &name, const std::string &option) {
    for (int i = 0; i < GGML_TYPE_COUNT; ++i) {
        const auto type = static_cast<ggml_type>(i);
        if (ggml_type_name(type) != nullptr && upper(ggml_type_name(type)) == upper(name)) {
            return type;
        }
    }
    refuse(option, "\"" + name + "\" is no type of a tensor");
}

/** The options as llama.cpp takes them, and what its pointers point to. */
class Request {
  public:
    explicit Request(const json &options) {
        params_.nthread = options.value("threads", 0);
        if (params_.nthread <= 0) {
            params_.nthread = cpu_counts().threads;
        }
        type_ = upper(options.at("type").get<std::string>());
        const auto *found = std::find_if(file_types.begin(), file_types.end(),
                                         [this](const auto &entry) { return entry.first == type_; });
        if (found == file_types.end()) {
            refuse("/type", "\"" + type_ + "\" is no type of a file");
        }
        params_.ftype = found->second;
        params_.only_copy = type_ == "COPY";
        params_.pure = options.value("pure", false);
        params_.allow_requantize = options.value("allow_requantize", false);
        params_.quantize_output_tensor = !options.value("leave_output_tensor", false);
        if (options.contains("output_tensor_type")) {
            params_.output_tensor_type =
                tensor_type(options["output_tensor_type"].get<std::string>(), "/output_tensor_type");
        }
        if (options.contains("token_embedding_type")) {
            params_.token_embedding_type =
                tensor_type(options["token_embedding_type"].get<std::string>(), "/token_embedding_type");
        }
        read_tensor_types(options);
        if (options.contains("imatrix")) {
            use_imatrix(options["imatrix"].get<std::string>());
        }
    }
    Request(const Request &) = delete;
    Request &operator=(const Request &) = delete;

    const llama_model_quantize_params &params() const { return params_; }
    const std::string &type() const { return type_; }
    bool matters(const std::string &tensor) const { return matrix_.columns.contains(tensor); }

  private:
    void read_tensor_types(const json &options) {
        if (!options.contains("tensor_types")) {
            return;
        }
        const json &entries = options["tensor_types"];
        patterns_.reserve(entries.size());
        for (size_t i = 0; i < entries.size(); ++i) {
            const std::string option = "/tensor_types/" + std::to_string(i);
            patterns_.push_back(entries[i].at("pattern").get<std::string>());
            try {
                static_cast<void>(std::regex(patterns_.back()));
            } catch (const std::regex_error &error) {
                refuse(option + "/pattern", "\"" + patterns_.back() + "\" is no regular expression: " + error.what());
            }
            overrides_.push_back(
                {patterns_.back().c_str(), tensor_type(entries[i].at("type").get<std::string>(), option + "/type")});
        }
        overrides_.push_back({nullptr, GGML_TYPE_COUNT}); // the end
        params_.tt_overrides = overrides_.data();
    }

    /** The file is to say what it was made with, under llama-quantize's keys. */
    void use_imatrix(const std::string &path) {
        matrix_ = read_imatrix(path);
        for (const auto &[name, columns] : matrix_.columns) {
            importance_.push_back({name.c_str(), columns.data(), columns.size()});
        }
        importance_.push_back({nullptr, nullptr, 0});
        params_.imatrix = importance_.data();

        add_text("quantize.imatrix.file", fs::path(path).filename().string());
        if (!matrix_.dataset.empty()) {
            add_text("quantize.imatrix.dataset", matrix_.dataset);
        }
        add_number("quantize.imatrix.entries_count", static_cast<int64_t>(matrix_.columns.size()));
        if (matrix_.chunks > 0) {
            add_number("quantize.imatrix.chunks_count", matrix_.chunks);
        }
        keys_.emplace_back();
        params_.kv_overrides = keys_.data();
    }

    llama_model_kv_override &add_key(const char *key) {
        keys_.emplace_back();
        std::strncpy(keys_.back().key, key, sizeof(keys_.back().key) - 1);
        return keys_.back();
    }

    void add_text(const char *key, const std::string &value) {
        llama_model_kv_override &entry = add_key(key);
        entry.tag = LLAMA_KV_OVERRIDE_TYPE_STR;
        std::strncpy(entry.val_str, value.c_str(), sizeof(entry.val_str) - 1);
    }

    void add_number(const char *key, int64_t value) {
        llama_model_kv_override &entry = add_key(key);
        entry.tag = LLAMA_KV_OVERRIDE_TYPE_INT;
        entry.val_i64 = value;
    }

    llama_model_quantize_params params_ = llama_model_quantize_default_params();
    std::string type_;
    std::vector<std::string> patterns_;
    std::vector<llama_model_tensor_override> overrides_;
    ImportanceMatrix matrix_;
    std::vector<llama_model_imatrix_data> importance_;
    std::vector<llama_model_kv_override> keys_;
};

GgufFile read_input(const fs::path &path, const fs::path &out_path) {
    GgufFile file = read_gguf(path);
    validate_model(file);
    if (file.get_uint("split.count").value_or(1) > 1) {
        throw Error(LLMODEL_UNSUPPORTED,
                    path.string() + " is one part of a model in several files; join them with llama-gguf-split first",
                    {{"path", path.string()}});
    }
    std::error_code ignored;
    if (fs::is_directory(out_path, ignored)) {
        throw Error(LLMODEL_INVALID_ARGUMENT, out_path.string() + " is a folder; name the file to be written",
                    {{"path", out_path.string()}});
    }
    if (fs::equivalent(path, out_path, ignored)) {
        throw Error(LLMODEL_INVALID_ARGUMENT,
                    path.string() + " would be written over while it is read; give the new file another name",
                    {{"path", out_path.string()}});
    }
    return file;
}

[[noreturn]] void requires_imatrix(const std::string &tensor, ggml_type type) {
    throw Error(LLMODEL_INVALID_ARGUMENT,
                "the tensor " + tensor + " would be of type " + ggml_type_name(type) +
                    ", which cannot be made without knowing which weights matter; give an imatrix that has this "
                    "tensor, or another type for it",
                {{"path", "/imatrix"}, {"tensor", tensor}, {"type", ggml_type_name(type)}});
}

[[noreturn]] void refuse_requantizing(const fs::path &path, const std::string &reason) {
    throw Error(LLMODEL_INVALID_ARGUMENT,
                path.string() + " is quantised already (" + reason +
                    "); start from the F16 or F32 file, or set allow_requantize",
                {{"path", "/allow_requantize"}, {"reason", reason}});
}

/** Bytes that the tensors will have. Throws where a type needs what there is not: llama.cpp would find out on a thread
 *  where nothing can be caught. */
uint64_t plan(const GgufFile &file, const Request &request) {
    const LogFilter silence([](ggml_log_level, std::string_view) { return false; });
    llama_model_params model_params = llama_model_default_params();
    model_params.no_alloc = true;
    model_params.load_mode = LLAMA_LOAD_MODE_NONE;
    model_params.n_gpu_layers = 0;
    const std::unique_ptr<llama_model, decltype(&llama_model_free)> model(
        llama_model_load_from_file(file.path.c_str(), model_params), llama_model_free);
    if (!model) {
        throw Error(LLMODEL_INVALID_MODEL, file.path + ": llama.cpp cannot read this model", {{"path", file.path}});
    }
    const std::unique_ptr<quantize_state_impl, decltype(&llama_quant_free)> state(
        llama_quant_init(model.get(), &request.params()), llama_quant_free);

    uint64_t bytes = 0;
    std::vector<ggml_tensor *> changing;
    std::vector<std::string_view> seen;
    for (const auto &[name, tensor] : llama_internal_get_tensor_map(model.get())) {
        if (std::find(seen.begin(), seen.end(), name) != seen.end()) {
            continue; // shared, as embeddings that are the output too
        }
        seen.push_back(name);
        if (llama_quant_tensor_allows_quantization(state.get(), tensor)) {
            changing.push_back(tensor);
        } else {
            bytes += ggml_nbytes(tensor);
        }
    }
    std::vector<ggml_type> types(changing.size());
    try {
        llama_quant_compute_types(state.get(), request.params().ftype, changing.data(), types.data(), changing.size());
    } catch (const Error &) {
        throw;
    } catch (const std::exception &error) { // rows that neither the type nor any like it can hold
        throw Error(LLMODEL_UNSUPPORTED,
                    file.path + " cannot be made " + request.type() + ": " + error.what() + "; take another type",
                    {{"path", "/type"}, {"reason", error.what()}});
    }
    for (size_t i = 0; i < changing.size(); ++i) {
        const ggml_tensor *tensor = changing[i];
        const ggml_type type = types[i];
        if (tensor->ne[0] % ggml_blck_size(type) != 0) {
            throw Error(LLMODEL_INVALID_ARGUMENT,
                        std::string("the tensor ") + tensor->name + " cannot be of type " + ggml_type_name(type) +
                            ": its rows of " + std::to_string(tensor->ne[0]) + " values are no multiple of " +
                            std::to_string(ggml_blck_size(type)),
                        {{"tensor", tensor->name}, {"type", ggml_type_name(type)}});
        }
        if (type != tensor->type && ggml_quantize_requires_imatrix(type) && !request.matters(tensor->name)) {
            requires_imatrix(tensor->name, type);
        }
        if (type != tensor->type && ggml_is_quantized(tensor->type) && !request.params().allow_requantize) {
            refuse_requantizing(file.path, std::string("the tensor ") + tensor->name + " is of type " +
                                               ggml_type_name(tensor->type));
        }
        bytes += ggml_row_size(type, tensor->ne[0]) * static_cast<uint64_t>(ggml_nrows(tensor));
    }
    return bytes + file.data_offset;
}

void check_space(const fs::path &out_path, uint64_t needed) {
    std::error_code error;
    const fs::path folder = out_path.has_parent_path() ? out_path.parent_path() : fs::path(".");
    const fs::space_info space = fs::space(folder, error);
    if (!error && space.available < needed) {
        throw Error(LLMODEL_IO,
                    out_path.string() + " will take " + human_bytes(needed) + ", but only " +
                        human_bytes(space.available) + " are free on its disk; make room or write elsewhere",
                    {{"path", out_path.string()}, {"needed", needed}, {"available", space.available}});
    }
}

/** What llama.cpp's reason for giving up means. */
[[noreturn]] void fail(const fs::path &path, const fs::path &out_path, const std::string &reason) {
    const auto says = [&reason](const char *text) { return reason.find(text) != std::string::npos; };
    if (says("requantizing from type")) {
        refuse_requantizing(path, reason);
    }
    if (says("imatrix") || says("importance matrix")) {
        throw Error(LLMODEL_INVALID_ARGUMENT, "the option /imatrix: it is needed and must fit the model: " + reason,
                    {{"path", "/imatrix"}, {"reason", reason}});
    }
    if (says("iostream error") || says("basic_ios")) {
        throw Error(LLMODEL_IO, out_path.string() + ": writing failed; is the disk full, or a limit on file sizes set?",
                    {{"path", out_path.string()}, {"reason", reason}});
    }
    if (says("invalid data") || says("validation failed")) {
        throw Error(LLMODEL_INVALID_MODEL, path.string() + " has weights that are not finite: " + reason,
                    {{"path", path.string()}, {"reason", reason}});
    }
    throw Error(LLMODEL_INTERNAL, path.string() + " could not be quantised: " + reason, {{"reason", reason}});
}

/** Runs llama_model_quantize(), which has no way to be stopped, and stops it: it says a word before each tensor, and an
 *  exception out of its logger ends it as any other failure does, with its own threads at rest. */
void run(const fs::path &path, const fs::path &out_path, const Request &request, const std::atomic<bool> &cancelled,
         const fs::path &target) {
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
        // after the rest of the line on which it was about to tell of a tensor
        constexpr std::string_view label = "failed to quantize: ";
        const size_t at = reasons.text().rfind(label);
        fail(path, out_path, at == std::string::npos ? reasons.text() : reasons.text().substr(at + label.size()));
    }
}

/** Tells how far the file has grown until `work` is done. */
void watch(std::future<void> &work, const fs::path &file, uint64_t expected, const std::function<bool(float)> &progress,
           std::atomic<bool> &cancelled) {
    using namespace std::chrono_literals;
    while (work.wait_for(50ms) != std::future_status::ready) {
        if (!progress || cancelled) {
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

} // namespace

json quantize(const fs::path &path, const fs::path &out_path, const json &options,
              const std::function<bool(float)> &progress) {
    ensure_backend();
    const AbortGuard guard;
    const auto start = std::chrono::steady_clock::now();
    const Request request(options);
    const GgufFile input = read_input(path, out_path);
    const uint64_t expected = plan(input, request);
    check_space(out_path, expected);
    if (progress && !progress(0)) {
        throw Error(LLMODEL_CANCELLED, "quantising " + path.string() + " was cancelled", {{"path", path.string()}});
    }

    TemporaryFile file(out_path);
    std::error_code ignored;
    fs::permissions(file.path(), fs::status(path, ignored).permissions() | fs::perms::owner_write, ignored);
    std::atomic<bool> cancelled = false;
    std::future<void> work =
        std::async(std::launch::async, [&] { run(path, out_path, request, cancelled, file.path()); });
    watch(work, file.path(), expected, progress, cancelled);

    const GgufFile output = read_gguf(file.path());
    if (output.tensors.size() != input.tensors.size()) {
        throw Error(LLMODEL_INTERNAL, out_path.string() + " came out with " + std::to_string(output.tensors.size()) +
                                          " tensors of " + std::to_string(input.tensors.size()));
    }
    if (progress && !progress(1)) {
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
            {"input_bytes", input.size},
            {"output_bytes", output.size},
            {"tensors", output.tensors.size()},
            {"bits_per_weight", 8.0 * static_cast<double>(bytes) / static_cast<double>(std::max<uint64_t>(weights, 1))},
            {"ms", taken.count()}};
}

} // namespace llmodel
