#include "contexts/score_sequences.h"

#include <utility>

namespace llmodel {

void ScoreSequences::reset(llama_memory_t memory, size_t count, bool whole) {
    memory_ = memory;
    whole_ = whole;
    free_.clear();
    while (count > 0) {
        free_.push_back(static_cast<llama_seq_id>(--count));
    }
    kept_ = -1;
    remembered_.clear();
}

std::optional<llama_seq_id> ScoreSequences::take() {
    if (free_.empty()) {
        return std::nullopt;
    }
    const llama_seq_id sequence = free_.back();
    free_.pop_back();
    return sequence;
}

void ScoreSequences::give_back(llama_seq_id sequence) {
    llama_memory_seq_rm(memory_, sequence, -1, -1);
    free_.push_back(sequence);
}

void ScoreSequences::copy(llama_seq_id from, llama_seq_id to, size_t length) {
    if (length > 0) {
        llama_memory_seq_cp(memory_, from, to, -1, whole_ ? -1 : static_cast<llama_pos>(length));
    }
}

void ScoreSequences::cut(llama_seq_id sequence, size_t position) {
    llama_memory_seq_rm(memory_, sequence, static_cast<llama_pos>(position), -1);
}

void ScoreSequences::remember(llama_seq_id sequence, Tokens tokens) {
    forget();
    kept_ = sequence;
    remembered_ = std::move(tokens);
}

void ScoreSequences::forget() {
    if (kept_ >= 0) {
        give_back(kept_);
    }
    kept_ = -1;
    remembered_.clear();
}

size_t ScoreSequences::recall(llama_seq_id to, size_t length) {
    if (whole_ && length < remembered_.size()) {
        return 0;
    }
    copy(kept_, to, length);
    return length;
}

} // namespace llmodel
