#pragma once

#include "contexts/batch.h"

#include <cstddef>
#include <vector>

namespace llmodel {

class ScoreJob;

/** A batch with tokens of several requests, and whose they are. */
class ScoreBatch {
  public:
    ScoreBatch(size_t tokens_most, size_t outputs_most) : tokens_most_(tokens_most), outputs_most_(outputs_most) {}

    bool has_room(bool output) const { return batch_.size() < tokens_most_ && (!output || outputs_ < outputs_most_); }

    /** Returns its index. */
    size_t add(const Batch::Entry &entry, ScoreJob &job, size_t path) {
        outputs_ += entry.output ? 1 : 0;
        batch_.add(entry);
        owners_.push_back({.job = &job, .path = path});
        return owners_.size() - 1;
    }

    /** Adds a sequence to those that a token belongs to. */
    void share(size_t index, llama_seq_id sequence) { batch_.share(index, sequence); }

    struct Owner {
        ScoreJob *job;
        size_t path;
    };
    const Owner &owner(size_t index) const { return owners_[index]; }

    Batch &batch() { return batch_; }

  private:
    size_t tokens_most_;
    size_t outputs_most_;
    size_t outputs_ = 0;
    Batch batch_;
    std::vector<Owner> owners_;
};

} // namespace llmodel
