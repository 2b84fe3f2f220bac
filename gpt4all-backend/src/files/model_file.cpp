#include "files/model_file.h"

#include "gguf/validate_model.h"
#include "legacy/cache.h"
#include "legacy/old_model.h"
#include "llama/logging.h"

#include <system_error>
#include <utility>

namespace llmodel {

namespace {

namespace fs = std::filesystem;

ModelFile plain(const fs::path &path, GgufFile gguf) {
    validate_model(gguf);
    return {path, std::move(gguf), std::nullopt, nullptr};
}

TranslatedFrom origin_of(const legacy::OldModel &model, std::optional<fs::path> translation) {
    TranslatedFrom origin;
    origin.format = model.plan.format;
    origin.version = model.plan.version;
    origin.size = model.size();
    origin.translation = std::move(translation);
    std::uint64_t gone = 0;
    for (const legacy::OutputTensor &tensor : model.plan.tensors) {
        if (tensor.source.pieces.empty()) {
            continue;
        }
        const legacy::ElementType &type = tensor.source.type;
        const auto rows = static_cast<std::uint64_t>(tensor.ne1);
        const std::uint64_t values = rows * static_cast<std::uint64_t>(tensor.ne0);
        ++origin.tensors;
        origin.parameters += values;
        origin.weights += rows * type.row_bytes(tensor.ne0);
        if (type.is_gone()) {
            gone += values;
            origin.gone_type = type.name();
        }
    }
    if (gone <= origin.parameters / 2) {
        origin.gone_type.clear();
    }
    return origin;
}

ModelFile translated(const fs::path &path, const fs::path &translation, const legacy::OldModel &model) {
    ModelFile file = plain(path, read_gguf(translation));
    file.origin = origin_of(model, translation);
    return file;
}

legacy::OldModel open_old(const fs::path &path) {
    legacy::TranslationOptions options;
    options.name = legacy::name_of_file(path);
    return legacy::open_old_model(path, options);
}

/** The GGUF file at `path`, if llama.cpp runs it as it is. */
std::optional<GgufFile> read_current(const fs::path &path) {
    if (legacy::needs_translation(path)) {
        return std::nullopt;
    }
    GgufFile gguf = read_gguf(path);
    return legacy::needs_translation(gguf) ? std::nullopt : std::optional(std::move(gguf));
}

/** A file of the translation's size whose weights take no room on the disk. */
std::unique_ptr<TemporaryFile> make_stand_in(const legacy::Plan &plan) {
    auto file = std::make_unique<TemporaryFile>(fs::temp_directory_path() / "gpt4all-inspect");
    const std::vector<std::byte> header = plan.header.bytes();
    file->append({reinterpret_cast<const char *>(header.data()), header.size()});
    fs::resize_file(file->path(), plan.size());
    return file;
}

} // namespace

void ModelFile::complete(json &description) const {
    if (!origin) {
        return;
    }
    description["path"] = named.string();
    description["size"] = origin->size;
    description["format"] = origin->format;
    description["format_version"] = origin->version;
    description["n_tensors"] = origin->tensors;
    description["n_params"] = origin->parameters;
    description["bits_per_weight"] =
        8.0 * static_cast<double>(origin->weights) / static_cast<double>(origin->parameters);
    if (!origin->gone_type.empty()) {
        description["quantization"] = origin->gone_type;
    }
    description["translation"] = {{"path", nullptr}, {"size", gguf.size}};
    if (origin->translation) {
        description["translation"]["path"] = origin->translation->string();
    }
}

Error ModelFile::of_named(const Error &error) const {
    if (!origin) {
        return error;
    }
    const auto renamed = [&](std::string text) {
        for (std::size_t at = text.find(gguf.path); at != std::string::npos; at = text.find(gguf.path, at)) {
            text.replace(at, gguf.path.size(), named.string());
            at += named.string().size();
        }
        return text;
    };
    json detail = error.detail();
    for (json &value : detail) {
        if (value.is_string()) {
            value = renamed(value);
        }
    }
    return {error.status(), renamed(error.what()), std::move(detail)};
}

ModelFile open_model_file(const fs::path &path, const std::string &cache_dir, const FileProgress &progress) {
    if (auto gguf = read_current(path)) {
        return plain(path, std::move(*gguf));
    }
    const legacy::OldModel model = open_old(path);
    const fs::path folder = legacy::translations_folder(cache_dir);
    if (const auto found = legacy::find_translation(folder, path)) {
        try {
            return translated(path, *found, model);
        } catch (const Error &damaged) {
            log_message(LLMODEL_LOG_WARN,
                        "translating again because the translation is damaged: " + std::string(damaged.what()));
            std::error_code ignored;
            fs::remove(*found, ignored);
        }
    }
    legacy::check_plan(model.plan, path.string());
    return translated(path, legacy::provide_translation(folder, model, progress), model);
}

ModelFile peek_model_file(const fs::path &path, const std::string &cache_dir) {
    if (auto gguf = read_current(path)) {
        return plain(path, std::move(*gguf));
    }
    const legacy::OldModel model = open_old(path);
    if (const auto found = legacy::find_translation(legacy::translations_folder(cache_dir), path)) {
        return translated(path, *found, model);
    }
    ModelFile file{path, legacy::check_plan(model.plan, path.string()), origin_of(model, std::nullopt), nullptr};
    try {
        file.stand_in = make_stand_in(model.plan);
        file.gguf = read_gguf(file.stand_in->path());
    } catch (const std::exception &error) { // memory is estimated by formula then
        log_message(LLMODEL_LOG_WARN, "memory is estimated by formula, as the translation could not be sketched: " +
                                          std::string(error.what()));
    }
    return file;
}

} // namespace llmodel
