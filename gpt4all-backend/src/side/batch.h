#pragma once

#include "llama.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace llmodel {

/** The tokens of one call to llama.cpp, each of one sequence. */
class Batch {
  public:
    struct Entry {
        llama_token token;
        llama_pos pos;
        llama_seq_id sequence;
        bool output;
    };

    void clear() { entries_.clear(); }
    void add(const Entry &entry) { entries_.push_back(entry); }
    const std::vector<Entry> &entries() const { return entries_; }
    size_t size() const { return entries_.size(); }
    bool empty() const { return entries_.empty(); }

    /** Valid until the next call of a member. */
    llama_batch view() {
        const size_t n = entries_.size();
        token_.resize(n);
        pos_.resize(n);
        counts_.assign(n, 1);
        ids_.resize(n);
        id_pointers_.resize(n);
        output_.resize(n);
        for (size_t i = 0; i < n; ++i) {
            token_[i] = entries_[i].token;
            pos_[i] = entries_[i].pos;
            ids_[i] = entries_[i].sequence;
            id_pointers_[i] = &ids_[i];
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
