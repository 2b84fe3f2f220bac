#pragma once

#include "contexts/context.h"
#include "contexts/log_softmax.h"
#include "contexts/score_batch.h"
#include "contexts/score_plan.h"
#include "contexts/score_sequences.h"

#include <cstddef>
#include <optional>
#include <vector>

namespace llmodel {

/** A request under way: where in its plan it is, what of it lies in memory, and what was found. */
class ScoreJob {
  public:
    ScoreJob(const ScorePlan &plan, const std::vector<ScaledAdapter> &adapters);

    const ScorePlan &plan() const { return plan_; }
    const std::vector<ScaledAdapter> &adapters() const { return adapters_; }

    /** Whether all of its tokens have been run. */
    bool finished() const;

    /** Adds tokens, at most so many, and returns how many. Fewer fit where sequences run out, or where a state must be
     *  run before it can be copied. */
    size_t add_to(ScoreBatch &batch, ScoreSequences &sequences, size_t most);
    /** After the batch was run. */
    void batch_ran(ScoreSequences &sequences);
    /** Leaves what it holds to other requests. */
    void leave(ScoreSequences &sequences, bool remember);

    struct Found {
        std::vector<double> logprobs;
        bool greedy = true;
    };
    struct Row {
        size_t input;
        int64_t continuation; // -1: of the context
        size_t position;
        std::vector<float> values;
    };

    /** What the token at a position of a path predicts. */
    void take(size_t path, size_t position, const LogSoftmax &softmax);
    /** For each item of the plan. */
    const std::vector<Found> &found() const { return found_; }
    /** Tokens that another request had left in memory. */
    size_t reused() const { return reused_; }
    /** How many inputs have all that they asked for. */
    size_t inputs_done() const { return inputs_done_; }
    std::vector<Row> &rows() { return rows_; }

  private:
    bool begin_path(ScoreBatch &batch, ScoreSequences &sequences);
    bool begin_first_path(ScoreSequences &sequences);
    bool branch_off(ScoreBatch &batch, ScoreSequences &sequences);
    bool begin_from_parked(ScoreSequences &sequences);
    void find_branches();
    void park(ScoreSequences &sequences);
    void take_for(size_t item, size_t position, const LogSoftmax &softmax);

    const ScorePlan &plan_;
    std::vector<ScaledAdapter> adapters_;

    size_t path_ = 0;
    bool begun_ = false;
    size_t position_ = 0; // of the path: the next token to be added
    size_t ran_ = 0;      // of the path: tokens in memory
    llama_seq_id sequence_ = -1;
    std::vector<size_t> pending_; // the path's tokens in the batch, from `ran_` on
    std::vector<llama_seq_id> given_up_;

    // where states are copied whole
    struct Parked {
        size_t position;
        llama_seq_id sequence;
    };
    std::vector<Parked> parked_;   // states that later paths of the plan begin with
    std::vector<size_t> branches_; // where this path will be parked, the first one last

    size_t reused_ = 0;
    size_t inputs_done_ = 0;
    std::vector<size_t> missing_; // predictions that each input waits for
    std::vector<Found> found_;
    std::vector<Row> rows_;
};

} // namespace llmodel
