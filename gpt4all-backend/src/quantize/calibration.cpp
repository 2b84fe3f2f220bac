#include "quantize/calibration.h"

#include "common.h"
#include "contexts/batch.h"
#include "error.h"
#include "llama/logging.h"

#include <algorithm>
#include <string>
#include <utility>

namespace llmodel {

size_t calibration_batch(size_t n_ctx, size_t n_vocab, bool encodes) {
    return encodes ? n_ctx : std::min(n_ctx, batch_tokens_with_logits(n_vocab));
}

Calibration::Calibration(llama_model *model, const OpenOptions &options, bool encodes, bool output_tensor,
                         std::function<bool(float)> go_on)
    : sums_(output_tensor), go_on_(std::move(go_on)), batch_tokens_(static_cast<size_t>(options.params.n_batch)) {
    llama_context_params shape = common_context_params_to_llama(options.params);
    shape.cb_eval = on_node;
    shape.cb_eval_user_data = this;
    shape.abort_callback = [](void *self) { return static_cast<Calibration *>(self)->stopped_; };
    shape.abort_callback_data = this;
    shape.n_outputs_max = shape.n_batch; // the last block leaves out the tokens of which no output is wanted
    shape.n_outputs_max_per_seq = 0;
    shape.embeddings = encodes;
    shape.pooling_type = LLAMA_POOLING_TYPE_NONE;
    shape.no_perf = true;
    const LogCapture reasons(LLMODEL_LOG_ERROR);
    context_.reset(llama_init_from_model(model, shape));
    if (!context_) {
        throw Error(LLMODEL_OUT_OF_MEMORY,
                    "a context of " + std::to_string(shape.n_ctx) + " tokens could not be created: " + reasons.text() +
                        "; choose a smaller n_ctx",
                    {{"n_ctx", shape.n_ctx}});
    }
}

void Calibration::run(std::span<const llama_token> chunk) {
    if (llama_memory_t memory = llama_get_memory(context_.get())) {
        llama_memory_clear(memory, true);
    }
    for (size_t begin = 0; begin < chunk.size(); begin += batch_tokens_) {
        done_ = static_cast<float>(begin) / static_cast<float>(chunk.size());
        run_batch(chunk.subspan(begin, std::min(batch_tokens_, chunk.size() - begin)), begin);
    }
}

void Calibration::run_batch(std::span<const llama_token> tokens, size_t position) {
    Batch batch;
    for (const llama_token token : tokens) {
        batch.add({.token = token, .pos = static_cast<llama_pos>(position++), .sequence = 0, .output = true});
    }
    const LogCapture reasons(LLMODEL_LOG_ERROR);
    const int32_t status = llama_decode(context_.get(), batch.view());
    if (failure_) {
        std::rethrow_exception(failure_);
    }
    if (stopped_) {
        throw Error(LLMODEL_CANCELLED, "making an importance matrix was cancelled");
    }
    if (status != 0) {
        throw Error(status == -2 ? LLMODEL_OUT_OF_MEMORY : LLMODEL_INTERNAL,
                    "llama.cpp could not run a batch of " + std::to_string(tokens.size()) + " tokens (status " +
                        std::to_string(status) + ")" + (reasons.text().empty() ? "" : ": " + reasons.text()),
                    {{"status", status}});
    }
}

bool Calibration::on_node(ggml_tensor *node, bool ask, void *self) {
    return static_cast<Calibration *>(self)->see(node, ask);
}

/** llama.cpp asks for each node whether it is wanted and, once it is computed, whether to go on. */
bool Calibration::see(const ggml_tensor *node, bool ask) {
    try {
        if (stopped_ || !sums_.wants(node)) {
            return false;
        }
        if (!ask) {
            sums_.add(node);
            stopped_ = !go_on_(done_);
        }
        return !stopped_;
    } catch (...) {
        failure_ = std::current_exception();
        stopped_ = true;
        return false;
    }
}

} // namespace llmodel
