#pragma once

#include "llama.h"
#include "tokens/tokens.h"

#include <cstddef>
#include <optional>
#include <vector>

namespace llmodel {

/** The sequences of a context's memory, and the one that a finished request left there for those to come. */
class ScoreSequences {
  public:
    /** All of an empty memory. `whole`: states cannot be taken back, and are copied as they are. */
    void reset(llama_memory_t memory, size_t count, bool whole);

    bool whole() const { return whole_; }
    size_t left() const { return free_.size(); }

    /** An empty one, if one is left. */
    std::optional<llama_seq_id> take();
    void give_back(llama_seq_id sequence);

    /** Makes `to`, which is empty, begin with what `from` holds of the first `length` positions. */
    void copy(llama_seq_id from, llama_seq_id to, size_t length);
    /** Drops the tokens from `position` on. */
    void cut(llama_seq_id sequence, size_t position);

    /** Keeps `sequence`, which holds `tokens`, in place of what was kept before. */
    void remember(llama_seq_id sequence, Tokens tokens);
    void forget();
    const Tokens &remembered() const { return remembered_; }
    /** Makes `to`, which is empty, begin with as much of what is remembered as can be, up to `length`. Returns how much
     *  that is. */
    size_t recall(llama_seq_id to, size_t length);

  private:
    llama_memory_t memory_ = nullptr;
    bool whole_ = false;
    std::vector<llama_seq_id> free_;
    llama_seq_id kept_ = -1;
    Tokens remembered_; // the tokens of `kept_`
};

} // namespace llmodel
