#pragma once

#include "llama.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace llmodel {

// Larger batches gain nothing on a CPU: within a batch every token is compared with every other, of whichever sequence.
inline constexpr size_t batch_tokens_default = 512;
inline constexpr size_t batch_tokens_least = 64;

/** How many tokens a batch may have whose logits are all wanted: llama.cpp keeps a row of them for each, and its graph
 *  another. */
inline size_t batch_tokens_with_logits(size_t n_vocab) {
    constexpr size_t bytes_most = size_t{64} << 20;
    const size_t rows = bytes_most / (sizeof(float) * std::max<size_t>(n_vocab, 1));
    return std::clamp(rows, batch_tokens_least, batch_tokens_default);
}

/** The tokens of one call to llama.cpp. */
class Batch {
  public:
    struct Entry {
        llama_token token;
        llama_pos pos;
        llama_seq_id sequence;
        bool output;
        std::vector<llama_seq_id> also = {}; // other sequences that it belongs to
    };

    void clear() { entries_.clear(); }
    void add(Entry entry) { entries_.push_back(std::move(entry)); }
    const std::vector<Entry> &entries() const { return entries_; }
    void share(size_t index, llama_seq_id sequence) { entries_[index].also.push_back(sequence); }
    size_t size() const { return entries_.size(); }
    bool empty() const { return entries_.empty(); }

    /** Valid until the next call of a member. */
    llama_batch view() {
        const size_t n = entries_.size();
        token_.resize(n);
        pos_.resize(n);
        counts_.resize(n);
        id_pointers_.resize(n);
        output_.resize(n);
        ids_.clear();
        for (const Entry &entry : entries_) {
            ids_.push_back(entry.sequence);
            ids_.insert(ids_.end(), entry.also.begin(), entry.also.end());
        }
        llama_seq_id *ids = ids_.data();
        for (size_t i = 0; i < n; ++i) {
            token_[i] = entries_[i].token;
            pos_[i] = entries_[i].pos;
            counts_[i] = static_cast<int32_t>(1 + entries_[i].also.size());
            id_pointers_[i] = ids;
            ids += counts_[i];
            output_[i] = entries_[i].output ? 1 : 0;
        }
        return llama_batch{.n_tokens = static_cast<int32_t>(n),
                           .token = token_.data(),
                           .embd = nullptr,
                           .pos = pos_.data(),
                           .n_seq_id = counts_.data(),
                           .seq_id = id_pointers_.data(),
                           .logits = output_.data()};
    }

  private:
    std::vector<Entry> entries_;
    std::vector<llama_token> token_;
    std::vector<llama_pos> pos_;
    std::vector<int32_t> counts_;
    std::vector<llama_seq_id> ids_;
    std::vector<llama_seq_id *> id_pointers_;
    std::vector<int8_t> output_;
};

} // namespace llmodel
