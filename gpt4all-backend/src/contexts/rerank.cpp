#include "contexts/rerank.h"

#include "contexts/pool.h"
#include "contexts/rerank_prompt.h"

#include <algorithm>
#include <numeric>
#include <string>

namespace llmodel {

void rerank(Context &context, const std::vector<ScaledAdapter> &adapters, const json &request, EventSink &sink) {
    if (pooling_of(context.weights(), context.params()) != LLAMA_POOLING_TYPE_RANK) {
        throw Error(
            LLMODEL_UNSUPPORTED,
            "this model cannot rank documents: its file has no ranking head (pooling \"rank\"); use a reranker, "
            "or compare the vectors that embed gives");
    }
    const RerankPrompt prompt(context.weights());
    const auto &query = request.at("query").get_ref<const std::string &>();
    check_fits(query, context.vocab(), context.limit(), "the query");
    const json &documents = request.at("documents");

    std::vector<Tokens> sequences;
    size_t n_tokens = 0;
    for (const json &document : documents) {
        sink.throw_if_cancelled();
        const size_t index = sequences.size();
        check_fits(document.get_ref<const std::string &>(), context.vocab(), context.limit(),
                   "document " + std::to_string(index));
        Tokens tokens = prompt(query, document.get_ref<const std::string &>());
        if (tokens.size() > context.limit()) {
            throw Error(LLMODEL_CONTEXT_OVERFLOW,
                        "document " + std::to_string(index) + " has " + std::to_string(tokens.size()) +
                            " tokens together with the query, but the model takes " + std::to_string(context.limit()) +
                            "; split it",
                        {{"index", index}, {"n_tokens", tokens.size()}, {"limit", context.limit()}});
        }
        if (tokens.empty()) {
            throw Error(LLMODEL_INVALID_ARGUMENT,
                        "document " + std::to_string(index) + " and the query have no tokens; leave it out",
                        {{"index", index}});
        }
        n_tokens += tokens.size();
        sequences.push_back(std::move(tokens));
    }

    std::vector<float> scores(sequences.size());
    pool(context, sequences, LLAMA_POOLING_TYPE_RANK, adapters, sink, [&scores](size_t index, const Pooled &vectors) {
        scores[index] = vectors.at(0);
        check_finite(vectors);
    });

    std::vector<size_t> order(scores.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::ranges::stable_sort(order, [&scores](size_t a, size_t b) { return scores[a] > scores[b]; });
    order.resize(std::min(order.size(), request.value("top_n", order.size())));

    json results = json::array();
    for (const size_t index : order) {
        results.push_back({{"index", index}, {"relevance_score", scores[index]}});
    }
    sink.emit_json(
        LLMODEL_EVENT_RESULT, 0,
        {{"results", std::move(results)}, {"usage", {{"prompt_tokens", n_tokens}, {"total_tokens", n_tokens}}}});
}

} // namespace llmodel
