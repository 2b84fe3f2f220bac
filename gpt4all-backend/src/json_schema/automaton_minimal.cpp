#include "automaton.h"

#include <algorithm>
#include <map>
#include <utility>

namespace llmodel::json_schema {

namespace {

// Larger ones stay as they are: fewer states would save less time than finding them takes.
constexpr size_t max_table = size_t{1} << 21;
constexpr size_t max_minimised = 4000;

/** Splits the states into classes that no text tells apart (Hopcroft 1971). */
class Partition {
  public:
    explicit Partition(const Automaton &a) : states_(a.states.size() + 1) {
        find_letters(a);
        if (states_ > max_minimised || states_ * letters_.size() > max_table) {
            return;
        }
        const auto sink = static_cast<uint32_t>(states_ - 1);
        before_.resize(letters_.size() * states_);
        for (uint32_t i = 0; i < states_; ++i) {
            size_t letter = 0;
            const auto fill = [&](char32_t until, uint32_t to) {
                for (; letter < letters_.size() && letters_[letter] < until; ++letter) {
                    before_[letter * states_ + to].push_back(i);
                }
            };
            if (i != sink) {
                for (const Automaton::Edge &edge : a.states[i].edges) {
                    fill(edge.on.low, sink);
                    fill(edge.on.high + 1, edge.to);
                }
            }
            fill(last_code_point + 1, sink);
        }
        refine(a);
    }

    bool found() const { return !class_of_.empty(); }
    uint32_t class_of(uint32_t state) const { return class_of_[state]; }

  private:
    /** Where ranges begin or end: between two such places all code points are alike. */
    void find_letters(const Automaton &a) {
        letters_ = {0};
        for (const Automaton::State &state : a.states) {
            for (const Automaton::Edge &edge : state.edges) {
                letters_.push_back(edge.on.low);
                letters_.push_back(edge.on.high + 1);
            }
        }
        std::sort(letters_.begin(), letters_.end());
        letters_.erase(std::unique(letters_.begin(), letters_.end()), letters_.end());
        while (letters_.back() > last_code_point) {
            letters_.pop_back();
        }
    }

    void refine(const Automaton &a) {
        class_of_.assign(states_, 0);
        members_.resize(2);
        for (uint32_t i = 0; i < states_; ++i) {
            const bool accepting = i + 1 < states_ && a.states[i].accepting;
            class_of_[i] = accepting ? 1 : 0;
            members_[class_of_[i]].push_back(i);
        }
        if (members_[1].empty()) {
            members_.pop_back();
        }
        std::vector<std::pair<uint32_t, size_t>> work;
        for (uint32_t c = 0; c < members_.size(); ++c) {
            for (size_t letter = 0; letter < letters_.size(); ++letter) {
                work.emplace_back(c, letter);
            }
        }
        while (!work.empty()) {
            const auto [splitter, letter] = work.back();
            work.pop_back();
            std::map<uint32_t, std::vector<uint32_t>> touched;
            for (const uint32_t to : members_[splitter]) {
                for (const uint32_t from : before_[letter * states_ + to]) {
                    touched[class_of_[from]].push_back(from);
                }
            }
            for (auto &[split, part] : touched) {
                if (part.size() < members_[split].size()) {
                    divide(split, part, work);
                }
            }
        }
    }

    void divide(uint32_t split, std::vector<uint32_t> &part, std::vector<std::pair<uint32_t, size_t>> &work) {
        const auto added = static_cast<uint32_t>(members_.size());
        for (const uint32_t state : part) {
            class_of_[state] = added;
        }
        auto &rest = members_[split];
        rest.erase(std::remove_if(rest.begin(), rest.end(), [&](uint32_t s) { return class_of_[s] == added; }),
                   rest.end());
        if (part.size() > rest.size()) { // the new one is to be the smaller
            part.swap(rest);
            for (const uint32_t state : rest) {
                class_of_[state] = split;
            }
            for (const uint32_t state : part) {
                class_of_[state] = added;
            }
        }
        members_.push_back(std::move(part));
        for (size_t letter = 0; letter < letters_.size(); ++letter) {
            work.emplace_back(added, letter);
        }
    }

    size_t states_; // one more than the automaton's: where refused texts end
    std::vector<char32_t> letters_;
    std::vector<std::vector<uint32_t>> before_;
    std::vector<uint32_t> class_of_;
    std::vector<std::vector<uint32_t>> members_;
};

} // namespace

Automaton minimal(const Automaton &a) {
    Automaton whole = trimmed(a);
    if (whole.empty()) {
        return whole;
    }
    const Partition partition(whole);
    if (!partition.found()) {
        return whole;
    }
    // each class by its first member, and the beginning first
    Automaton made;
    std::map<uint32_t, uint32_t> index;
    std::vector<uint32_t> first;
    for (uint32_t i = 0; i < whole.states.size(); ++i) {
        if (index.emplace(partition.class_of(i), static_cast<uint32_t>(first.size())).second) {
            first.push_back(i);
        }
    }
    for (const uint32_t i : first) {
        Automaton::State state{whole.states[i].accepting, {}};
        for (const Automaton::Edge &edge : whole.states[i].edges) {
            const uint32_t to = index.at(partition.class_of(edge.to));
            if (!state.edges.empty() && state.edges.back().to == to && state.edges.back().on.high + 1 == edge.on.low) {
                state.edges.back().on.high = edge.on.high;
            } else {
                state.edges.push_back({edge.on, to});
            }
        }
        made.states.push_back(std::move(state));
    }
    return made;
}

} // namespace llmodel::json_schema
