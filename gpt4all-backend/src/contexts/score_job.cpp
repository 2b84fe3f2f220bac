#include "contexts/score_job.h"

#include <algorithm>
#include <utility>

namespace llmodel {

namespace {

constexpr size_t parked_most = 2; // what several inputs have in common, and one's context

} // namespace

ScoreJob::ScoreJob(const ScorePlan &plan, const std::vector<ScaledAdapter> &adapters)
    : plan_(plan), adapters_(adapters), missing_(plan.inputs().size()), found_(plan.items().size()) {
    for (size_t i = 0; i < found_.size(); ++i) {
        const ScoreItem &item = plan.items()[i];
        const size_t size = plan.continuation(item).size();
        found_[i].logprobs.reserve(size);
        missing_[item.input] += size;
    }
}

bool ScoreJob::finished() const {
    const std::vector<ScorePath> &paths = plan_.paths();
    const size_t begun = begun_ && position_ == paths[path_].end ? path_ + 1 : path_;
    return begun == paths.size() && pending_.empty();
}

size_t ScoreJob::add_to(ScoreBatch &batch, ScoreSequences &sequences, size_t most) {
    size_t added = 0;
    while (path_ < plan_.paths().size() && added < most) {
        if (!begun_ && !begin_path(batch, sequences)) {
            break;
        }
        if (!branches_.empty() && branches_.back() == position_) {
            if (!pending_.empty()) {
                break;
            }
            park(sequences);
        }
        const ScorePath &path = plan_.paths()[path_];
        if (position_ == path.end) {
            ++path_;
            begun_ = false;
            continue;
        }
        const bool output = path.takes(position_);
        if (!batch.has_room(output)) {
            break;
        }
        pending_.push_back(batch.add({.token = plan_.token(path, position_),
                                      .pos = static_cast<llama_pos>(position_),
                                      .sequence = sequence_,
                                      .output = output},
                                     *this, path_));
        ++position_;
        ++added;
    }
    return added;
}

void ScoreJob::batch_ran(ScoreSequences &sequences) {
    ran_ = position_;
    pending_.clear();
    for (const llama_seq_id sequence : std::exchange(given_up_, {})) {
        sequences.give_back(sequence);
    }
}

bool ScoreJob::begin_path(ScoreBatch &batch, ScoreSequences &sequences) {
    if (path_ == 0) {
        begun_ = begin_first_path(sequences);
    } else {
        begun_ = sequences.whole() ? begin_from_parked(sequences) : branch_off(batch, sequences);
    }
    if (begun_ && sequences.whole()) {
        find_branches();
    }
    return begun_;
}

bool ScoreJob::begin_first_path(ScoreSequences &sequences) {
    const std::optional<llama_seq_id> sequence = sequences.take();
    if (!sequence) {
        return false;
    }
    const ScorePath &path = plan_.paths().front();
    size_t limit = path.end;
    for (const ScoreTaking &taking : path.takings) {
        limit = std::min(limit, taking.begin); // what is taken must be run
    }
    const Tokens &remembered = sequences.remembered();
    size_t same = 0;
    while (same < std::min(limit, remembered.size()) && plan_.token(path, same) == remembered[same]) {
        ++same;
    }
    sequence_ = *sequence;
    reused_ = position_ = ran_ = sequences.recall(sequence_, same);
    return true;
}

bool ScoreJob::branch_off(ScoreBatch &batch, ScoreSequences &sequences) {
    const size_t shared = plan_.paths()[path_].shared;
    if (pending_.empty()) {
        sequences.cut(sequence_, shared);
        position_ = ran_ = shared;
        return true;
    }
    const std::optional<llama_seq_id> sequence = sequences.take();
    if (!sequence) {
        return false;
    }
    const size_t pending = shared > ran_ ? shared - ran_ : 0;
    sequences.copy(sequence_, *sequence, std::min(shared, ran_));
    for (size_t i = 0; i < pending; ++i) {
        batch.share(pending_[i], *sequence);
    }
    pending_.resize(pending);
    given_up_.push_back(sequence_);
    sequence_ = *sequence;
    ran_ = std::min(shared, ran_);
    position_ = shared;
    return true;
}

bool ScoreJob::begin_from_parked(ScoreSequences &sequences) {
    const size_t shared = plan_.paths()[path_].shared;
    if (sequence_ >= 0) {
        if (pending_.empty()) {
            sequences.give_back(sequence_);
        } else {
            given_up_.push_back(sequence_);
        }
        sequence_ = -1;
    }
    while (!parked_.empty() && parked_.back().position > shared) {
        sequences.give_back(parked_.back().sequence);
        parked_.pop_back();
    }
    const std::optional<llama_seq_id> sequence = sequences.take();
    if (!sequence) {
        return false;
    }
    sequence_ = *sequence;
    position_ = ran_ = 0;
    pending_.clear();
    if (!parked_.empty()) {
        position_ = ran_ = parked_.back().position;
        sequences.copy(parked_.back().sequence, sequence_, position_);
    }
    return true;
}

void ScoreJob::find_branches() {
    const std::vector<ScorePath> &paths = plan_.paths();
    branches_.clear();
    size_t lowest = paths[path_].end + 1;
    for (size_t next = path_ + 1; next < paths.size() && paths[next].shared > position_; ++next) {
        if (paths[next].shared < lowest) {
            lowest = paths[next].shared;
            branches_.push_back(lowest);
        }
    }
}

void ScoreJob::park(ScoreSequences &sequences) {
    if (parked_.size() < parked_most && sequences.left() > 1) {
        const llama_seq_id sequence = *sequences.take();
        sequences.copy(sequence_, sequence, position_);
        parked_.push_back({.position = position_, .sequence = sequence});
    }
    branches_.pop_back();
}

void ScoreJob::leave(ScoreSequences &sequences, bool remember) {
    batch_ran(sequences);
    if (sequence_ >= 0) {
        parked_.push_back({.position = position_, .sequence = std::exchange(sequence_, -1)});
    }
    // a state that was parked is one that others may begin with too
    for (size_t i = 0; i < parked_.size(); ++i) {
        if (i > 0 || !remember || parked_[i].position == 0) {
            sequences.give_back(parked_[i].sequence);
            continue;
        }
        Tokens tokens(parked_[i].position);
        for (size_t position = 0; position < tokens.size(); ++position) {
            tokens[position] = plan_.token(plan_.paths().back(), position);
        }
        sequences.remember(parked_[i].sequence, std::move(tokens));
    }
    parked_.clear();
}

void ScoreJob::take(size_t path, size_t position, const LogSoftmax &softmax) {
    for (const ScoreTaking &taking : plan_.paths()[path].takings) {
        if (taking.begin <= position && position < taking.end) {
            take_for(taking.item, position, softmax);
        }
    }
}

void ScoreJob::take_for(size_t index, size_t position, const LogSoftmax &softmax) {
    const ScoreItem &item = plan_.items()[index];
    const ScoreInput &input = plan_.inputs()[item.input];
    if (position < item.context) {
        if (item.first && input.wants_context_row(position)) {
            rows_.push_back({.input = item.input, .continuation = -1, .position = position, .values = softmax.row()});
        }
    } else if (input.wants_row(item.continuation, position)) {
        rows_.push_back({.input = item.input,
                         .continuation = static_cast<int64_t>(item.continuation),
                         .position = position,
                         .values = softmax.row()});
    }
    const std::span<const llama_token> continuation = plan_.continuation(item);
    if (position + 1 < item.context || position + 1 - item.context >= continuation.size()) {
        return;
    }
    const llama_token token = continuation[position + 1 - item.context];
    found_[index].logprobs.push_back(softmax[token]);
    found_[index].greedy = found_[index].greedy && softmax.is_best(token);
    if (--missing_[item.input] == 0) {
        ++inputs_done_;
    }
}

} // namespace llmodel
