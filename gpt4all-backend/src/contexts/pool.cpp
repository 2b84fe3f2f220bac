#include "contexts/pool.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>

namespace llmodel {

namespace {

// Enough for batches of sequences of like length, little enough for a consumer not to wait long for its first.
constexpr size_t window_tokens = 16384;
constexpr size_t window_sequences = 1024;

/** The sequences that are in memory together. */
class Group {
  public:
    Group(Context::Use &use, PoolingType pooling, std::span<const Tokens> sequences, std::span<Pooled> results)
        : use_(use), pooling_(pooling), by_llama_(llama_pooling_type(use.context()) != LLAMA_POOLING_TYPE_NONE),
          sequences_(sequences), results_(results) {
        const llama_model *weights = llama_get_model(use.context());
        width_ = llama_pooling_type(use.context()) == LLAMA_POOLING_TYPE_RANK
                     ? llama_model_n_cls_out(weights)
                     : static_cast<size_t>(llama_model_n_embd_out(weights));
    }

    bool fits(size_t index) const {
        return members_.empty() ||
               (members_.size() < use_.sequences() && tokens_ + sequences_[index].size() <= use_.cells());
    }

    void add(size_t index) {
        members_.push_back(index);
        tokens_ += sequences_[index].size();
    }

    void run() {
        sums_.assign(members_.size(), {});
        for (size_t member = 0; member < members_.size(); ++member) {
            const Tokens &tokens = sequences_[members_[member]];
            for (size_t i = 0; i < tokens.size(); ++i) {
                if (batch_.size() == use_.batch_tokens()) {
                    flush();
                }
                batch_.add({.token = tokens[i],
                            .pos = static_cast<llama_pos>(i),
                            .sequence = static_cast<llama_seq_id>(member),
                            .output = true});
            }
        }
        flush();
        use_.forget();
        members_.clear();
        tokens_ = 0;
    }

    bool empty() const { return members_.empty(); }

  private:
    void flush() {
        if (batch_.empty()) {
            return;
        }
        use_.run(batch_);
        const auto &entries = batch_.entries();
        for (size_t i = 0; i < entries.size(); ++i) {
            const auto member = static_cast<size_t>(entries[i].sequence);
            const Tokens &tokens = sequences_[members_[member]];
            const auto pos = static_cast<size_t>(entries[i].pos);
            const bool last = pos + 1 == tokens.size();
            if (!by_llama_) {
                take_token(member, pos, last,
                           vector(llama_get_embeddings_ith(use_.context(), static_cast<int32_t>(i))));
            } else if (last) {
                const auto pooled = vector(llama_get_embeddings_seq(use_.context(), entries[i].sequence));
                results_[members_[member]].assign(pooled.begin(), pooled.end());
            }
        }
        batch_.clear();
    }

    std::span<const float> vector(const float *values) const {
        if (values == nullptr) {
            throw Error(LLMODEL_INTERNAL, "llama.cpp returned no vector for a sequence that it ran");
        }
        return {values, width_};
    }

    void take_token(size_t member, size_t pos, bool last, std::span<const float> values) {
        Pooled &result = results_[members_[member]];
        switch (pooling_) {
        case LLAMA_POOLING_TYPE_NONE:
            result.insert(result.end(), values.begin(), values.end());
            return;
        case LLAMA_POOLING_TYPE_CLS:
            if (pos == 0) {
                result.assign(values.begin(), values.end());
            }
            return;
        case LLAMA_POOLING_TYPE_LAST:
            if (last) {
                result.assign(values.begin(), values.end());
            }
            return;
        default:
            break;
        }
        std::vector<double> &sum = sums_[member];
        sum.resize(width_, 0.0);
        std::ranges::transform(sum, values, sum.begin(), [](double a, float b) { return a + b; });
        if (last) {
            const auto count = static_cast<double>(pos + 1);
            result.resize(width_);
            std::ranges::transform(sum, result.begin(), [count](double a) { return static_cast<float>(a / count); });
            sum = {};
        }
    }

    Context::Use &use_;
    PoolingType pooling_;
    bool by_llama_; // or by us, where sequences come in pieces
    std::span<const Tokens> sequences_;
    std::span<Pooled> results_;
    size_t width_ = 0;

    std::vector<size_t> members_;
    size_t tokens_ = 0;
    std::vector<std::vector<double>> sums_;
    Batch batch_;
};

std::vector<Pooled> pool_window(Context &context, std::span<const Tokens> sequences, PoolingType pooling,
                                const std::vector<ScaledAdapter> &adapters, const EventSink &sink) {
    // like lengths run together, the longest first: the memory they need is then known at once
    std::vector<size_t> order(sequences.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::ranges::stable_sort(order, [&](size_t a, size_t b) { return sequences[a].size() > sequences[b].size(); });

    const size_t longest = sequences[order.front()].size();
    Context::Use use(context, sink, longest, adapters);
    use.forget();
    std::vector<Pooled> results(sequences.size());
    Group group(use, pooling, sequences, results);
    for (const size_t index : order) {
        if (!group.fits(index)) {
            group.run();
        }
        group.add(index);
    }
    group.run();
    return results;
}

} // namespace

void check_finite(const Pooled &vectors) {
    if (!std::ranges::all_of(vectors, [](float value) { return std::isfinite(value); })) {
        throw Error(LLMODEL_INVALID_MODEL,
                    "the model produces vectors that are not numbers: its weights are damaged, or too "
                    "large for the precision they are computed in");
    }
}

void pool(Context &context, const std::vector<Tokens> &sequences, PoolingType pooling,
          const std::vector<ScaledAdapter> &adapters, EventSink &sink,
          const std::function<void(size_t index, Pooled &vectors)> &deliver) {
    size_t begin = 0;
    while (begin < sequences.size()) {
        size_t end = begin;
        for (size_t tokens = 0; end < sequences.size() && end - begin < window_sequences; ++end) {
            tokens += sequences[end].size();
            if (end > begin && tokens > window_tokens) {
                break;
            }
        }
        std::vector<Pooled> results =
            pool_window(context, std::span(sequences).subspan(begin, end - begin), pooling, adapters, sink);
        for (size_t i = 0; i < results.size(); ++i) {
            deliver(begin + i, results[i]);
        }
        begin = end;
        sink.emit_json(LLMODEL_EVENT_PROGRESS, 0,
                       {{"unit", "inputs"}, {"processed", end}, {"total", sequences.size()}});
    }
}

} // namespace llmodel
