#include "contexts/score_plan.h"

#include <algorithm>
#include <compare>
#include <numeric>

namespace llmodel {

bool ScorePath::takes(size_t position) const {
    return std::ranges::any_of(
        takings, [position](const ScoreTaking &taking) { return taking.begin <= position && position < taking.end; });
}

ScorePlan::ScorePlan(std::span<const ScoreInput> inputs) : inputs_(inputs) {
    for (size_t input = 0; input < inputs.size(); ++input) {
        for (size_t i = 0; i < inputs[input].continuations.size(); ++i) {
            const size_t context = inputs[input].context.size() - inputs[input].continuations[i].n_truncated;
            items_.push_back(
                {.input = input, .continuation = i, .context = context, .end = context + inputs[input].run_length(i)});
            longest_ = std::max(longest_, items_.back().end);
        }
    }
    std::vector<size_t> order(items_.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::ranges::stable_sort(order, [this](size_t a, size_t b) { return precedes(a, b); });
    add_paths(order);
}

std::span<const llama_token> ScorePlan::context(const ScoreItem &item) const {
    const ScoreInput &input = inputs_[item.input];
    return std::span(input.context).last(item.context);
}

std::span<const llama_token> ScorePlan::continuation(const ScoreItem &item) const {
    return inputs_[item.input].continuations[item.continuation].tokens;
}

size_t ScorePlan::shared(const ScoreItem &a, const ScoreItem &b) const {
    const size_t most = std::min(a.end, b.end);
    size_t position = 0;
    if (a.input == b.input && a.context == b.context) {
        position = std::min(most, a.context);
    }
    while (position < most && token(a, position) == token(b, position)) {
        ++position;
    }
    return position;
}

bool ScorePlan::precedes(size_t a, size_t b) const {
    const ScoreItem &left = items_[a];
    const ScoreItem &right = items_[b];
    const size_t position = shared(left, right);
    if (position == left.end || position == right.end) {
        return left.end < right.end;
    }
    return token(left, position) < token(right, position);
}

void ScorePlan::add_paths(const std::vector<size_t> &order) {
    std::vector<bool> seen(inputs_.size());
    for (const size_t index : order) {
        ScoreItem &item = items_[index];
        item.first = !seen[item.input];
        seen[item.input] = true;
        const size_t common = paths_.empty() ? 0 : shared(items_[paths_.back().item], item);
        if (common < item.end) {
            while (!owners_.empty() && owners_.back().end > common) {
                const size_t begin = owners_.size() > 1 ? owners_[owners_.size() - 2].end : 0;
                if (begin >= common) {
                    owners_.pop_back();
                } else {
                    owners_.back().end = common;
                }
            }
            owners_.push_back({.path = paths_.size(), .end = item.end});
            paths_.push_back({.item = index, .shared = common, .end = item.end, .takings = {}});
        }
        add_takings(index);
    }
}

void ScorePlan::add_takings(size_t index) {
    const ScoreItem &item = items_[index];
    const ScoreInput &input = inputs_[item.input];
    if (item.first && input.rows_of_context) {
        add_taking(index, 0, item.context - 1);
    } else if (item.first) {
        for (const size_t position : input.row_positions) {
            if (position + 1 < item.context) {
                add_taking(index, position, position + 1);
            }
        }
    }
    add_taking(index, item.context - 1, item.end);
}

void ScorePlan::add_taking(size_t item, size_t begin, size_t end) {
    size_t from = 0;
    for (const Owner &owner : owners_) {
        const size_t first = std::max(begin, from);
        const size_t last = std::min(end, owner.end);
        if (first < last) {
            paths_[owner.path].takings.push_back({.item = item, .begin = first, .end = last});
        }
        from = owner.end;
    }
}

} // namespace llmodel
