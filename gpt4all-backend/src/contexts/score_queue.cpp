#include "contexts/score_queue.h"

#include "llama/abort_guard.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace llmodel {

namespace {

// Where states are copied whole, each of them takes three sequences of a few.
constexpr size_t jobs_most = 16;
constexpr size_t jobs_most_whole = 2;

// Room for short requests to run together.
constexpr size_t shared_cells_least = 2048;

} // namespace

/** A batch need not be finished once nobody waits for it. */
class ScoreQueue::AllCancelled final : public Cancellable {
  public:
    explicit AllCancelled(const Members &members) : members_(members) {}

    bool cancelled() const noexcept override {
        return std::ranges::all_of(members_, [](const Member *member) { return member->task->cancelled(); });
    }

  private:
    const Members &members_;
};

void ScoreQueue::run(ScoreJob &job, const Cancellable &task, const std::function<void(ScoreJob &job)> &give) {
    Member member{.job = &job, .task = &task, .error = {}};
    std::unique_lock lock(mutex_);
    members_.push_back(&member);
    try {
        wait_for_turns(member, lock, give);
    } catch (...) {
        if (!lock.owns_lock()) {
            lock.lock();
        }
        changed_.wait(lock, [this] { return !running_; });
        if (member.admitted) {
            job.leave(sequences_, false);
        }
        std::erase(members_, &member);
        changed_.notify_all();
        throw;
    }
    std::erase(members_, &member);
}

void ScoreQueue::wait_for_turns(Member &member, std::unique_lock<std::mutex> &lock,
                                const std::function<void(ScoreJob &job)> &give) {
    for (;;) {
        member.task->throw_if_cancelled();
        if (!member.in_batch) {
            if (member.error) {
                throw Error(*member.error);
            }
            if (member.news) {
                member.news = false;
                member.giving = true;
                lock.unlock();
                give(*member.job);
                lock.lock();
                member.giving = false;
                continue;
            }
            if (member.done) {
                return;
            }
            if (!running_ && run_batch(lock)) {
                continue;
            }
        }
        changed_.wait_for(lock, cancel_poll);
    }
}

ScoreQueue::Members ScoreQueue::admitted() const {
    Members found;
    std::ranges::copy_if(members_, std::back_inserter(found), &Member::admitted);
    return found;
}

namespace {

bool same_adapters(const ScoreJob &a, const ScoreJob &b) {
    return std::ranges::equal(a.adapters(), b.adapters(), [](const ScaledAdapter &one, const ScaledAdapter &other) {
        return one.adapter == other.adapter && one.scale == other.scale;
    });
}

} // namespace

void ScoreQueue::admit() {
    Members together = admitted();
    const size_t most = sequences_.whole() ? jobs_most_whole : jobs_most;
    size_t cells = batch_tokens_default;
    for (const Member *member : together) {
        cells += member->job->plan().longest();
    }
    for (Member *member : members_) {
        if (member->admitted || member->done || member->error) {
            continue;
        }
        cells += member->job->plan().longest();
        if (!together.empty() &&
            (together.size() >= most || cells > cells_ || !same_adapters(*together.front()->job, *member->job))) {
            return; // those behind must not overtake it
        }
        member->admitted = true;
        together.push_back(member);
    }
}

bool ScoreQueue::run_batch(std::unique_lock<std::mutex> &lock) {
    admit();
    const Members members = admitted();
    Members ready;
    std::ranges::copy_if(members, std::back_inserter(ready), [](const Member *member) {
        return !member->giving && member->job->rows().empty() && !member->task->cancelled();
    });
    if (ready.empty()) {
        return false;
    }
    running_ = true;
    for (Member *member : members) {
        member->in_batch = true;
    }
    lock.unlock();
    std::optional<Error> failure;
    try {
        run_batch(members, ready);
    } catch (const ContextAborted &aborted) {
        failure = aborted.error;
    } catch (...) {
        failure = current_error();
    }
    lock.lock();
    running_ = false;
    for (Member *member : members) {
        member->in_batch = false;
        if (failure) {
            member->error = failure;
        }
        member->admitted = member->admitted && !member->done && !member->error;
    }
    changed_.notify_all();
    return true;
}

void ScoreQueue::run_batch(const Members &members, const Members &ready) {
    size_t cells = batch_tokens_default;
    for (const Member *member : members) {
        cells += member->job->plan().longest();
    }
    const AllCancelled task(members);
    Context::Use use(context_, task, std::max(cells, shared_cells_least), members.front()->job->adapters());
    if (!use.incremental()) {
        throw Error(LLMODEL_UNSUPPORTED, "score needs a model that predicts the next token from those before it, "
                                         "which this one does not; use embed or rerank with it");
    }
    if (memory_number_ != use.memory_number()) {
        memory_number_ = use.memory_number();
        sequences_.reset(use.memory(), use.sequences(), use.whole_states());
        cells_ = use.cells();
    }
    if (cells + sequences_.remembered().size() > cells_ && !sequences_.whole()) {
        sequences_.forget();
    }
    ScoreBatch batch(use.batch_tokens(), use.batch_outputs());
    fill(batch, ready);
    if (batch.batch().empty()) {
        throw Error(LLMODEL_INTERNAL, "a batch of scores could not be filled");
    }
    use.run(batch.batch());
    for (const Member *member : ready) {
        member->job->batch_ran(sequences_);
    }
    hand_out(use, batch, ready);
    for (Member *member : ready) {
        member->news = true;
        member->done = member->job->finished();
        if (member->done || member->error) {
            member->job->leave(sequences_, member->done && !member->error);
        }
    }
}

void ScoreQueue::fill(ScoreBatch &batch, const Members &ready) {
    ++turns_;
    // first the same for all, then what others leave
    for (const size_t share : {batch_tokens_default / ready.size(), batch_tokens_default}) {
        for (size_t i = 0; i < ready.size(); ++i) {
            ready[(turns_ + i) % ready.size()]->job->add_to(batch, sequences_, share);
        }
    }
}

void ScoreQueue::hand_out(const Context::Use &use, ScoreBatch &batch, const Members &ready) {
    const auto n_vocab =
        static_cast<size_t>(llama_vocab_n_tokens(llama_model_get_vocab(llama_get_model(use.context()))));
    const std::vector<Batch::Entry> &entries = batch.batch().entries();
    for (size_t i = 0; i < entries.size(); ++i) {
        const ScoreBatch::Owner &owner = batch.owner(i);
        Member &member = **std::ranges::find(ready, owner.job, &Member::job);
        if (!entries[i].output || member.error) {
            continue;
        }
        const float *logits = llama_get_logits_ith(use.context(), static_cast<int32_t>(i));
        if (logits == nullptr) {
            throw Error(LLMODEL_INTERNAL, "llama.cpp returned no logits for a token that it ran");
        }
        try {
            owner.job->take(owner.path, static_cast<size_t>(entries[i].pos), LogSoftmax({logits, n_vocab}));
        } catch (const Error &error) {
            member.error = error; // not the others'
        }
    }
}

} // namespace llmodel
