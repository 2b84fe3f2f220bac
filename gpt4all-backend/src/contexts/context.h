#pragma once

#include "common.h"
#include "contexts/batch.h"
#include "llama.h"
#include "tasks/cancellable.h"
#include "tokens/tokens.h"

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace llmodel {

using PoolingType = enum llama_pooling_type; // a function has the same name

/** A LoRA adapter of the model and how strongly it counts. */
struct ScaledAdapter {
    llama_adapter_lora *adapter;
    float scale;
};

class ScoreQueue;

/** The metadata value `<architecture>.<name>`, or "" if the file does not have it. */
std::string architecture_value(const llama_model *weights, const char *name);

/** How a model's vectors are pooled if nobody says otherwise: as the options or the file say, else by the mean. */
PoolingType pooling_of(const llama_model *weights, const common_params &params);

/** One llama_context over weights that others use too. It is made when first used, grows with the longest request, and
 *  is held by one request at a time, in the order in which they came. */
class Context {
  public:
    enum class Purpose { embed, rank, score };

    Context(llama_model *weights, const common_params &params, Purpose purpose);
    ~Context();
    Context(const Context &) = delete;
    Context &operator=(const Context &) = delete;

    llama_model *weights() const { return weights_; }
    const llama_vocab *vocab() const { return llama_model_get_vocab(weights_); }
    const common_params &params() const { return params_; }

    /** The longest sequence, in tokens. */
    size_t limit() const;

    class Use;

    /** What requests of that purpose share. */
    ScoreQueue &scores() { return *scores_; }

  private:
    void acquire(const Cancellable &task);
    void release();
    void make(size_t cells);
    void drop();
    /** Leaves it in memory, as its threads may wait for each other. */
    void abandon();
    llama_context_params shape(size_t cells) const;

    llama_model *weights_;
    const common_params &params_;
    Purpose purpose_;

    std::mutex mutex_;
    std::condition_variable turn_;
    std::deque<uint64_t> waiting_; // the first one holds the context
    uint64_t tickets_ = 0;

    std::unique_ptr<ScoreQueue> scores_;

    // of the request that holds the context
    std::unique_ptr<common_threadpools> threads_; // freed after the context that uses them
    std::unique_ptr<llama_context, decltype(&llama_free)> context_{nullptr, llama_free};
    bool remembers_ = false;
    bool causal_ = false;
    size_t cells_ = 0;
    size_t outputs_ = 0;
    std::vector<ScaledAdapter> adapters_;
    uint64_t memories_ = 0;
};

/** A request's hold on a Context. */
class Context::Use {
  public:
    /** Waits for its turn. There is then room for `tokens` at once. Throws Error. */
    Use(Context &held, const Cancellable &task, size_t tokens, const std::vector<ScaledAdapter> &adapters);
    ~Use();
    Use(const Use &) = delete;
    Use &operator=(const Use &) = delete;

    llama_context *context() const { return held_.context_.get(); }

    /** Whether sequences may come in pieces: there is a memory, and no token looks ahead. */
    bool incremental() const { return held_.remembers_ && held_.causal_; }
    /** Whether memory is a state that cannot be taken back, and is copied as it is. */
    bool whole_states() const;
    /** nullptr for a model without memory. */
    llama_memory_t memory() const { return llama_get_memory(context()); }

    size_t batch_tokens() const { return llama_n_batch(context()); }
    size_t batch_outputs() const { return held_.outputs_; }
    size_t sequences() const { return llama_n_seq_max(context()); }
    /** Tokens that all sequences may have together before forget(). */
    size_t cells() const { return incremental() ? held_.cells_ : batch_tokens(); }

    /** Runs the batch and returns when it is done. Throws Error, of LLMODEL_CANCELLED within one batch. */
    void run(Batch &batch);

    /** Empties the memory. */
    void forget();

    /** Another number whenever the memory was emptied. */
    uint64_t memory_number() const { return held_.memories_; }

  private:
    void prepare(size_t tokens, const std::vector<ScaledAdapter> &adapters);

    Context &held_;
    const Cancellable &task_;
    bool ran_well_ = true;
    int exceptions_ = std::uncaught_exceptions();
};

} // namespace llmodel
