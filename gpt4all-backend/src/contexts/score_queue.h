#pragma once

#include "contexts/context.h"
#include "contexts/score_job.h"
#include "contexts/score_sequences.h"
#include "tasks/cancellable.h"

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <vector>

namespace llmodel {

/** The requests that a context scores at a time. Each waits on its own thread; whichever is awake while no batch is
 * being run fills the next one with tokens of all of them, runs it, and hands out what it gave. So requests of several
 * threads share batches, and no thread is needed besides theirs. */
class ScoreQueue {
  public:
    explicit ScoreQueue(Context &context) : context_(context) {}

    /** Runs all of the job. `give` is called without a lock after each batch that brought the job further, and may take
     *  its rows; as long as there are some, the job takes no part in batches. Throws Error. */
    void run(ScoreJob &job, const Cancellable &task, const std::function<void(ScoreJob &job)> &give);

  private:
    struct Member {
        ScoreJob *job;
        const Cancellable *task;
        bool admitted = false; // it has its share of the memory
        bool in_batch = false; // all that is below, and the job, belong to the thread that runs it
        bool giving = false;   // the job belongs to its own thread
        bool news = false;     // for `give`
        bool done = false;
        std::optional<Error> error;
    };
    using Members = std::vector<Member *>;
    class AllCancelled;

    void wait_for_turns(Member &member, std::unique_lock<std::mutex> &lock,
                        const std::function<void(ScoreJob &job)> &give);
    void admit();
    Members admitted() const;
    /** Whether there was anything to run. */
    bool run_batch(std::unique_lock<std::mutex> &lock);
    void run_batch(const Members &members, const Members &ready);
    void fill(ScoreBatch &batch, const Members &ready);
    static void hand_out(const Context::Use &use, ScoreBatch &batch, const Members &ready);

    Context &context_;

    std::mutex mutex_; // of what follows, and of members; not for the thread that runs a batch
    std::condition_variable changed_;
    std::deque<Member *> members_; // in the order in which they came
    bool running_ = false;
    size_t turns_ = 0;

    ScoreSequences sequences_;
    uint64_t memory_number_ = 0;
    size_t cells_ = 0;
};

} // namespace llmodel
