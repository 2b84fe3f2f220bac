#include "operations/operation.h"

#include "contexts/embed.h"
#include "contexts/rerank.h"
#include "contexts/score.h"
#include "operations/requests.h"

#include <algorithm>
#include <array>
#include <string>

namespace llmodel {

namespace {

constexpr std::array known_operations{
    Operation{"chat", "chat_request", PrepareGeneration{prepare_chat}},
    Operation{"complete", "complete_request", PrepareGeneration{prepare_complete}},
    Operation{"infill", "infill_request", PrepareGeneration{prepare_infill}},
    Operation{"embed", "embed_request", RunInContext{Context::Purpose::embed, embed}},
    Operation{"rerank", "rerank_request", RunInContext{Context::Purpose::rank, rerank}},
    Operation{"score", "score_request", RunInContext{Context::Purpose::score, score}},
    Operation{"score_batch", "score_batch_request", RunInContext{Context::Purpose::score, score_batch}},
    Operation{"tokenize", "tokenize_request", RunOnModel{tokenize}},
    Operation{"detokenize", "detokenize_request", RunOnModel{detokenize}},
    Operation{"apply_template", "apply_template_request", RunOnModel{apply_template}},
    Operation{"count_tokens", "count_tokens_request", RunOnModel{count_tokens}},
    Operation{"adapters", "adapters_request", RunOnModel{adapters}},
    Operation{"save_state", "save_state_request", RunOnModel{save_chat_state}},
};

} // namespace

std::span<const Operation> operations() {
    return known_operations;
}

const Operation &find_operation(std::string_view name) {
    const auto found = std::ranges::find(known_operations, name, &Operation::name);
    if (found != known_operations.end()) {
        return *found;
    }
    std::string known;
    for (const Operation &operation : known_operations) {
        known += (known.empty() ? "" : ", ") + std::string(operation.name);
    }
    throw Error(LLMODEL_INVALID_ARGUMENT,
                "there is no operation \"" + std::string(name) + "\"; the operations are " + known,
                {{"operation", name}});
}

} // namespace llmodel
