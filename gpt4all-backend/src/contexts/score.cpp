#include "contexts/score.h"

#include "contexts/score_queue.h"

#include <numeric>
#include <string>
#include <utility>

namespace llmodel {

namespace {

/** Runs the job and gives its rows as events; returns what each of them is, `$defs/score_batch_result`'s "rows". */
json run(Context &context, ScoreJob &job, EventSink &sink, bool progress) {
    json places = json::array();
    context.scores().run(job, sink, [&](ScoreJob &now) {
        for (ScoreJob::Row &row : now.rows()) {
            sink.emit_floats(LLMODEL_EVENT_LOGPROBS, static_cast<int32_t>(places.size()), row.values.data(),
                             row.values.size());
            places.push_back({{"input", row.input}, {"continuation", row.continuation}, {"position", row.position}});
        }
        now.rows().clear();
        if (progress) {
            sink.emit_json(
                LLMODEL_EVENT_PROGRESS, 0,
                {{"unit", "inputs"}, {"processed", now.inputs_done()}, {"total", now.plan().inputs().size()}});
        }
    });
    return places;
}

/** For each input, its context's tokens and its continuations. */
std::vector<json> results_of(const ScoreJob &job) {
    std::vector<json> results;
    for (const ScoreInput &input : job.plan().inputs()) {
        results.push_back({{"context_tokens", input.context}, {"continuations", json::array()}});
    }
    const std::vector<ScoreItem> &items = job.plan().items();
    for (size_t i = 0; i < items.size(); ++i) {
        const ScoreJob::Found &found = job.found()[i];
        const ScoreContinuation &continuation =
            job.plan().inputs()[items[i].input].continuations[items[i].continuation];
        results[items[i].input]["continuations"].push_back(
            {{"logprob", std::accumulate(found.logprobs.begin(), found.logprobs.end(), 0.0)},
             {"greedy", found.greedy},
             {"tokens", continuation.tokens},
             {"token_logprobs", found.logprobs},
             {"n_truncated", continuation.n_truncated}});
    }
    return results;
}

json usage_of(const ScoreJob &job) {
    size_t n_tokens = 0;
    for (const ScoreInput &input : job.plan().inputs()) {
        n_tokens += input.context.size();
        for (const ScoreContinuation &continuation : input.continuations) {
            n_tokens += continuation.tokens.size();
        }
    }
    return {{"prompt_tokens", n_tokens},
            {"total_tokens", n_tokens},
            {"prompt_tokens_details", {{"cached_tokens", job.reused()}}}};
}

} // namespace

void score(Context &context, const std::vector<ScaledAdapter> &adapters, const json &request, EventSink &sink) {
    const std::vector<ScoreInput> inputs{parse_score_request(request, context.vocab(), context.limit(), sink)};
    const ScorePlan plan(inputs);
    ScoreJob job(plan, adapters);
    json rows = run(context, job, sink, false);
    for (json &row : rows) {
        row.erase("input");
    }
    json result = results_of(job).front();
    result["rows"] = std::move(rows);
    result["n_vocab"] = llama_vocab_n_tokens(context.vocab());
    result["usage"] = usage_of(job);
    sink.emit_json(LLMODEL_EVENT_RESULT, 0, result);
}

void score_batch(Context &context, const std::vector<ScaledAdapter> &adapters, const json &request, EventSink &sink) {
    const std::vector<ScoreInput> inputs = parse_score_batch_request(request, context.vocab(), context.limit(), sink);
    const ScorePlan plan(inputs);
    ScoreJob job(plan, adapters);
    json rows = run(context, job, sink, true);
    sink.emit_json(LLMODEL_EVENT_RESULT, 0,
                   {{"results", results_of(job)},
                    {"rows", std::move(rows)},
                    {"n_vocab", llama_vocab_n_tokens(context.vocab())},
                    {"usage", usage_of(job)}});
}

} // namespace llmodel
