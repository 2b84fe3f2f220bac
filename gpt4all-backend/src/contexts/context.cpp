#include "contexts/context.h"

#include "contexts/score_queue.h"
#include "llama/abort_guard.h"
#include "llama/logging.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace llmodel {

namespace {

// Without flash attention, the graph keeps a number for each head, token of a batch and token in memory.
constexpr size_t attention_bytes_most = size_t{128} << 20;
constexpr size_t attention_rows_least = 32;

constexpr size_t sequences_default = 64;
constexpr size_t sequences_of_scores = 256; // llama.cpp's limit
// Each sequence of a recurrent model has a state of its own, of many megabytes.
constexpr size_t sequences_recurrent = 8;

constexpr size_t cells_least = 1024;

size_t logits_rows(const llama_model *weights) {
    return batch_tokens_with_logits(static_cast<size_t>(llama_vocab_n_tokens(llama_model_get_vocab(weights))));
}

/** Tokens whose attention to `cells` others fits into its share of memory. */
size_t attention_rows(const llama_model *weights, size_t cells) {
    const auto heads = static_cast<size_t>(std::max(llama_model_n_head(weights), 1));
    const size_t rows = attention_bytes_most / (sizeof(float) * heads * cells);
    return std::max(rows, attention_rows_least);
}

bool stop_if_cancelled(void *task) {
    return task != nullptr && static_cast<const Cancellable *>(task)->cancelled();
}

std::string metadata(const llama_model *weights, const std::string &key) {
    std::string value(256, '\0');
    const int32_t length = llama_model_meta_val_str(weights, key.c_str(), value.data(), value.size());
    value.resize(length < 0 ? 0 : std::strlen(value.c_str()));
    return value;
}

/** Whether positions are looked up in a table, which is as long as the context that the model was trained with. */
bool has_position_table(const llama_model *weights) {
    // llama.cpp counts BERT with its relatives that rotate, and reads beyond the table's end
    return llama_model_rope_type(weights) == LLAMA_ROPE_TYPE_NONE ||
           metadata(weights, "general.architecture") == "bert";
}

bool has_states(const llama_model *weights) {
    return llama_model_is_recurrent(weights) || llama_model_is_hybrid(weights);
}

} // namespace

std::string architecture_value(const llama_model *weights, const char *name) {
    return metadata(weights, metadata(weights, "general.architecture") + "." + name);
}

PoolingType pooling_of(const llama_model *weights, const common_params &params) {
    if (params.pooling_type != LLAMA_POOLING_TYPE_UNSPECIFIED) {
        return params.pooling_type;
    }
    const std::string value = architecture_value(weights, "pooling_type");
    for (const auto type : {LLAMA_POOLING_TYPE_NONE, LLAMA_POOLING_TYPE_MEAN, LLAMA_POOLING_TYPE_CLS,
                            LLAMA_POOLING_TYPE_LAST, LLAMA_POOLING_TYPE_RANK}) {
        if (value == std::to_string(static_cast<int>(type))) {
            return type;
        }
    }
    return LLAMA_POOLING_TYPE_MEAN;
}

Context::Context(llama_model *weights, const common_params &params, Purpose purpose)
    : weights_(weights), params_(params), purpose_(purpose), scores_(std::make_unique<ScoreQueue>(*this)) {}

Context::~Context() = default;

size_t Context::limit() const {
    const auto trained = static_cast<size_t>(std::max(llama_model_n_ctx_train(weights_), 1));
    const auto wanted = static_cast<size_t>(std::max(params_.n_ctx, 0));
    if (wanted == 0) {
        return trained;
    }
    return has_position_table(weights_) ? std::min(wanted, trained) : wanted;
}

void Context::acquire(const Cancellable &task) {
    std::unique_lock lock(mutex_);
    const uint64_t ticket = tickets_++;
    waiting_.push_back(ticket);
    while (waiting_.front() != ticket) {
        turn_.wait_for(lock, cancel_poll);
        if (task.cancelled()) {
            std::erase(waiting_, ticket);
            turn_.notify_all();
            throw cancelled_error();
        }
    }
}

void Context::release() {
    const std::lock_guard lock(mutex_);
    waiting_.pop_front();
    turn_.notify_all();
}

llama_context_params Context::shape(size_t cells) const {
    llama_context_params shape = common_context_params_to_llama(params_);
    const bool many_states = has_states(weights_);
    const bool pieces = remembers_ && causal_;
    const size_t batch = pieces ? (purpose_ == Purpose::score ? batch_tokens_default : logits_rows(weights_)) : cells;

    shape.n_ctx = static_cast<uint32_t>(cells);
    shape.n_batch = shape.n_ubatch = static_cast<uint32_t>(batch);
    // llama.cpp wants room for a row of logits of each sequence, which of a large vocabulary are few.
    const size_t sequences =
        purpose_ == Purpose::score ? std::min(sequences_of_scores, logits_rows(weights_)) : sequences_default;
    shape.n_seq_max = static_cast<uint32_t>(many_states ? sequences_recurrent : sequences);
    shape.n_rs_seq = 0;
    shape.n_outputs_max = static_cast<uint32_t>(purpose_ == Purpose::score ? logits_rows(weights_) : batch);
    shape.n_outputs_max_per_seq = 0;
    shape.kv_unified = true; // sequences share a prefix, or one memory whatever their lengths
    shape.swa_full = true;   // a prefix is continued many times
    shape.cb_eval = nullptr;
    shape.cb_eval_user_data = nullptr;
    shape.no_perf = true;
    if (shape.n_threads <= 0) {
        shape.n_threads = common_cpu_get_num_math();
    }
    if (shape.n_threads_batch <= 0) {
        shape.n_threads_batch = shape.n_threads;
    }
    switch (purpose_) {
    case Purpose::embed:
        shape.embeddings = true;
        // pooled by us where a sequence comes in pieces
        shape.pooling_type = pieces ? LLAMA_POOLING_TYPE_NONE : pooling_of(weights_, params_);
        break;
    case Purpose::rank:
        shape.embeddings = true;
        shape.pooling_type = LLAMA_POOLING_TYPE_RANK;
        break;
    case Purpose::score:
        shape.embeddings = false;
        shape.pooling_type = LLAMA_POOLING_TYPE_NONE;
        if (shape.flash_attn_type == LLAMA_FLASH_ATTN_TYPE_DISABLED) {
            shape.n_ubatch = static_cast<uint32_t>(std::min(batch, attention_rows(weights_, cells)));
        }
        break;
    }
    return shape;
}

void Context::drop() {
    context_.reset();
    threads_.reset();
    cells_ = 0;
}

void Context::abandon() {
    static_cast<void>(context_.release());
    static_cast<void>(threads_.release());
    cells_ = 0;
}

void Context::make(size_t cells) {
    drop();
    adapters_.clear();
    ++memories_;
    const LogCapture reasons(LLMODEL_LOG_ERROR);
    const llama_context_params wanted = shape(cells);
    context_.reset(llama_init_from_model(weights_, wanted));
    if (!context_) {
        throw Error(LLMODEL_OUT_OF_MEMORY,
                    "a context of " + std::to_string(cells) + " tokens could not be created alongside the model" +
                        (reasons.text().empty() ? "" : ": " + reasons.text()) +
                        "; send shorter inputs or open the model with a smaller n_ctx",
                    {{"n_ctx", cells}});
    }
    threads_ = std::make_unique<common_threadpools>();
    threads_->init(context_.get(), params_); // otherwise llama.cpp starts threads for every batch
    cells_ = llama_n_ctx(context_.get());
    outputs_ = std::min(wanted.n_outputs_max, wanted.n_batch);
}

Context::Use::Use(Context &held, const Cancellable &task, size_t tokens, const std::vector<ScaledAdapter> &adapters)
    : held_(held), task_(task) {
    held_.acquire(task);
    try {
        prepare(tokens, adapters);
    } catch (...) {
        held_.drop();
        held_.release();
        throw;
    }
}

void Context::Use::prepare(size_t tokens, const std::vector<ScaledAdapter> &adapters) {
    if (!held_.context_) {
        // only a context tells whether the model has a memory
        held_.remembers_ = false;
        held_.make(batch_tokens_least);
        held_.remembers_ = memory() != nullptr && !llama_model_has_encoder(held_.weights_);
        held_.causal_ = held_.params_.attention_type == LLAMA_ATTENTION_TYPE_UNSPECIFIED
                            ? architecture_value(held_.weights_, "attention.causal") != "false"
                            : held_.params_.attention_type == LLAMA_ATTENTION_TYPE_CAUSAL;
        held_.cells_ = 0;
    }
    const size_t wanted = std::max(tokens, incremental() ? cells_least : batch_tokens_default);
    if (held_.cells_ < wanted) {
        held_.make(std::max(wanted, std::min(std::bit_ceil(wanted), held_.limit() + batch_tokens_default)));
    }

    const auto same = [](const ScaledAdapter &a, const ScaledAdapter &b) {
        return a.adapter == b.adapter && a.scale == b.scale;
    };
    if (!std::ranges::equal(adapters, held_.adapters_, same)) {
        std::vector<llama_adapter_lora *> handles;
        std::vector<float> scales;
        for (const ScaledAdapter &each : adapters) {
            handles.push_back(each.adapter);
            scales.push_back(each.scale);
        }
        llama_set_adapters_lora(context(), handles.data(), handles.size(), scales.data());
        held_.adapters_ = adapters;
        forget();
    }
    llama_set_abort_callback(context(), stop_if_cancelled, const_cast<Cancellable *>(&task_));
}

Context::Use::~Use() {
    if (ran_well_) {
        if (std::uncaught_exceptions() > exceptions_) {
            forget(); // what the memory holds is known only at the end of a request
        }
        llama_set_abort_callback(context(), stop_if_cancelled, nullptr);
    } else {
        held_.drop();
    }
    held_.release();
}

void Context::Use::run(Batch &batch) {
    task_.throw_if_cancelled();
    if (batch.empty()) {
        return;
    }
    ran_well_ = false; // until it has
    const LogCapture reasons(LLMODEL_LOG_ERROR);
    const llama_batch view = batch.view();
    int32_t status = 0;
    try {
        status =
            llama_model_has_encoder(held_.weights_) ? llama_encode(context(), view) : llama_decode(context(), view);
    } catch (const ContextAborted &) {
        held_.abandon();
        throw;
    }
    task_.throw_if_cancelled();
    if (status == 0) {
        llama_synchronize(context());
        ran_well_ = true;
        return;
    }
    const std::string reason = reasons.text().empty() ? "" : ": " + reasons.text();
    if (status == -2) {
        throw Error(LLMODEL_OUT_OF_MEMORY,
                    "there is not enough memory for a batch of " + std::to_string(batch.size()) + " tokens" + reason);
    }
    throw Error(LLMODEL_INTERNAL, "llama.cpp could not run a batch of " + std::to_string(batch.size()) +
                                      " tokens (status " + std::to_string(status) + ")" + reason);
}

bool Context::Use::whole_states() const {
    return has_states(held_.weights_);
}

void Context::Use::forget() {
    if (memory() != nullptr) {
        llama_memory_clear(memory(), false);
    }
    ++held_.memories_;
}

} // namespace llmodel
