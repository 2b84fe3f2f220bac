#include "grammar/left_recursion.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

namespace llmodel {

namespace {

bool ends_sequence(const llama_grammar_element &element) {
    return element.type == LLAMA_GRETYPE_END || element.type == LLAMA_GRETYPE_ALT;
}

/** Calls `visit(begin, end)` with each alternative of a rule. */
template<typename Visit> void for_each_alternative(const llama_grammar_rule &rule, const Visit &visit) {
    auto begin = rule.begin();
    for (auto at = rule.begin(); at != rule.end(); ++at) {
        if (ends_sequence(*at)) {
            visit(begin, at);
            begin = at + 1;
        }
    }
}

/** Which rules may stand for no text at all. In time that grows with the grammar alone: an alternative is looked at
 *  again for each of its rules that turns out to be such. */
std::vector<bool> may_be_empty(const llama_grammar_rules &rules) {
    struct Alternative {
        size_t rule;
        size_t missing; // references to rules not known to be such
    };
    std::vector<Alternative> alternatives;
    std::vector<std::vector<size_t>> used_in(rules.size());
    std::vector<bool> empty(rules.size());
    std::vector<size_t> todo;
    const auto found = [&](size_t rule) {
        if (!empty[rule]) {
            empty[rule] = true;
            todo.push_back(rule);
        }
    };
    for (size_t rule = 0; rule < rules.size(); ++rule) {
        for_each_alternative(rules[rule], [&](auto begin, auto end) {
            if (!std::all_of(begin, end, [](const auto &e) { return e.type == LLAMA_GRETYPE_RULE_REF; })) {
                return;
            }
            for (auto at = begin; at != end; ++at) {
                used_in[at->value].push_back(alternatives.size());
            }
            alternatives.push_back({rule, static_cast<size_t>(end - begin)});
            if (begin == end) {
                found(rule);
            }
        });
    }
    while (!todo.empty()) {
        const size_t rule = todo.back();
        todo.pop_back();
        for (const size_t alternative : used_in[rule]) {
            if (--alternatives[alternative].missing == 0) {
                found(alternatives[alternative].rule);
            }
        }
    }
    return empty;
}

/** That a rule may begin with another; `more` is to come behind it. */
struct Step {
    size_t to;
    bool more;
};

std::vector<std::vector<Step>> first_steps(const llama_grammar_rules &rules) {
    const std::vector<bool> empty = may_be_empty(rules);
    std::vector<std::vector<Step>> steps(rules.size());
    for (size_t rule = 0; rule < rules.size(); ++rule) {
        for_each_alternative(rules[rule], [&](auto begin, auto end) {
            for (auto at = begin; at != end && at->type == LLAMA_GRETYPE_RULE_REF; ++at) {
                steps[rule].push_back({at->value, at + 1 != end});
                if (!empty[at->value]) {
                    break;
                }
            }
        });
    }
    return steps;
}

/** Tarjan's strongly connected components: for each rule the number of the circle that it is in. */
class Circles {
  public:
    explicit Circles(const std::vector<std::vector<Step>> &steps)
        : of(steps.size()), steps_(steps), order_(steps.size(), unseen), lowest_(steps.size()) {
        for (size_t rule = 0; rule < steps.size(); ++rule) {
            if (order_[rule] == unseen) {
                follow(rule);
            }
        }
    }

    std::vector<size_t> of;

  private:
    static constexpr size_t unseen = std::numeric_limits<size_t>::max();

    void enter(size_t rule) {
        order_[rule] = lowest_[rule] = seen_++;
        open_.push_back(rule);
        path_.emplace_back(rule, 0);
    }

    void follow(size_t first) {
        enter(first);
        while (!path_.empty()) {
            auto &[rule, next] = path_.back();
            if (next < steps_[rule].size()) {
                const size_t to = steps_[rule][next++].to;
                if (order_[to] == unseen) {
                    enter(to);
                } else {
                    lowest_[rule] = std::min(lowest_[rule], lowest_[to]);
                }
                continue;
            }
            const size_t done = rule;
            path_.pop_back();
            if (!path_.empty()) {
                lowest_[path_.back().first] = std::min(lowest_[path_.back().first], lowest_[done]);
            }
            if (lowest_[done] == order_[done]) {
                close(done);
            }
        }
    }

    /** What was entered since `rule` forms a circle with it. */
    void close(size_t rule) {
        size_t member = unseen;
        do {
            member = open_.back();
            open_.pop_back();
            of[member] = count_;
            lowest_[member] = unseen; // no part of another
        } while (member != rule);
        ++count_;
    }

    const std::vector<std::vector<Step>> &steps_;
    std::vector<size_t> order_;
    std::vector<size_t> lowest_;
    std::vector<size_t> open_;
    std::vector<std::pair<size_t, size_t>> path_;
    size_t seen_ = 0;
    size_t count_ = 0;
};

} // namespace

std::optional<size_t> left_recursive_rule(const llama_grammar_rules &rules, Recursion kind) {
    const auto steps = first_steps(rules);
    const Circles circles(steps);
    for (size_t rule = 0; rule < steps.size(); ++rule) {
        for (const Step &step : steps[rule]) {
            if ((step.more || kind == Recursion::Any) && circles.of[rule] == circles.of[step.to]) {
                return rule;
            }
        }
    }
    return std::nullopt;
}

} // namespace llmodel
