#include "speculative.h"

#include "files/model_file.h"
#include "options/parts.h"

#include <algorithm>
#include <string>

namespace llmodel::options {

namespace {

void read_draft(const OptionReader &outer, common_params &params, const GgufFile &model) {
    if (!outer.has("draft")) {
        return;
    }
    const OptionReader reader(outer.at("draft"), outer.path("draft"));
    common_params_speculative_draft &draft = params.speculative.draft;
    reader.get("path", draft.mparams.path);
    std::string cache_dir;
    outer.get("cache_dir", cache_dir);
    const ModelFile opened = open_model_file(draft.mparams.path, cache_dir, {});
    const GgufFile &draft_model = opened.gguf;
    draft.mparams.path = draft_model.path;
    const auto tokenizer_of = [](const GgufFile &file) {
        return std::string(file.get_string("tokenizer.ggml.model").value_or("none"));
    };
    if (tokenizer_of(draft_model) != tokenizer_of(model)) {
        reader.fail("path", "the draft must have the model's vocabulary, but " + opened.named.string() +
                                " has one of kind " + tokenizer_of(draft_model) + " and the model one of kind " +
                                tokenizer_of(model));
    }

    reader.get("n_max", draft.n_max);
    reader.get("n_min", draft.n_min);
    if (draft.n_min > draft.n_max) {
        reader.fail("n_min", "must not exceed n_max, which is " + std::to_string(draft.n_max));
    }
    reader.get("p_min", draft.p_min);
    draft.devices = read_devices(reader, "device");
    reader.get("n_gpu_layers", draft.n_gpu_layers);
    if (draft.devices.size() == 1) {
        draft.n_gpu_layers = 0;
    }
    read_cache_type(reader, "cache_type_k", draft.cache_type_k);
    read_cache_type(reader, "cache_type_v", draft.cache_type_v);

    // heads that were trained for one model say in their file how they are run
    params.speculative.types = common_speculative_types_from_gguf(draft.mparams.path);
    if (params.speculative.types.empty()) {
        params.speculative.types = {COMMON_SPECULATIVE_TYPE_DRAFT_SIMPLE};
    }
}

} // namespace

void read_speculative(const OptionReader &outer, common_params &params, const GgufFile &model) {
    read_draft(outer, params, model);
    if (!outer.has("speculative")) {
        return;
    }
    const OptionReader reader(outer.at("speculative"), outer.path("speculative"));
    common_params_speculative &speculative = params.speculative;
    const std::string name = reader.at("type").get<std::string>();
    const common_speculative_type type = common_speculative_type_from_name(name);
    if (type == COMMON_SPECULATIVE_TYPE_COUNT) {
        reader.fail("type", "\"" + name + "\" is not known");
    }
    if (type == COMMON_SPECULATIVE_TYPE_NONE) {
        return;
    }
    if (speculative.types == std::vector{COMMON_SPECULATIVE_TYPE_NONE}) {
        speculative.types.clear();
    }
    speculative.types.push_back(type);

    for (common_params_speculative_ngram_map *map :
         {&speculative.ngram_simple, &speculative.ngram_map_k, &speculative.ngram_map_k4v}) {
        reader.get("ngram_size_n", map->size_n);
        reader.get("ngram_size_m", map->size_m);
        reader.get("ngram_min_hits", map->min_hits);
    }
    reader.get("ngram_size_n", speculative.ngram_mod.n_match);
    reader.get("n_max", speculative.ngram_mod.n_max);
    reader.get("n_min", speculative.ngram_mod.n_min);
    if (!reader.has("n_min")) {
        speculative.ngram_mod.n_min = std::min(speculative.ngram_mod.n_min, speculative.ngram_mod.n_max);
    } else if (speculative.ngram_mod.n_min > speculative.ngram_mod.n_max) {
        reader.fail("n_min", "must not exceed n_max, which is " + std::to_string(speculative.ngram_mod.n_max));
    }
    if (type == COMMON_SPECULATIVE_TYPE_DRAFT_MTP && !outer.has("draft")) {
        reader.get("n_max", speculative.draft.n_max);
    }
}

} // namespace llmodel::options
