#include "raw_text.h"

#include "regex.h"

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace llmodel::json_schema {

namespace {

/** Finds any of several texts, character by character (Aho and Corasick). */
class Finder {
  public:
    explicit Finder(const std::vector<std::u32string> &wanted) {
        for (const std::u32string &text : wanted) {
            size_t at = 0;
            for (const char32_t c : text) {
                const auto [found, added] = states_[at].next.emplace(c, states_.size());
                at = found->second;
                if (added) {
                    states_.emplace_back();
                }
            }
            states_[at].found = true;
        }
        std::deque<size_t> waiting = {0};
        while (!waiting.empty()) {
            const size_t at = waiting.front();
            waiting.pop_front();
            for (const auto &[c, to] : states_[at].next) {
                states_[to].instead = at == 0 ? 0 : go(states_[at].instead, c);
                states_[to].found = states_[to].found || states_[states_[to].instead].found;
                waiting.push_back(to);
            }
        }
    }

    size_t size() const { return states_.size(); }
    bool found(size_t state) const { return states_[state].found; }

    size_t go(size_t at, char32_t c) const {
        for (;;) {
            if (const auto next = states_[at].next.find(c); next != states_[at].next.end()) {
                return next->second;
            }
            if (at == 0) {
                return 0;
            }
            at = states_[at].instead;
        }
    }

    /** Whether a text that has led here can be followed by another without that one beginning earlier than it does. */
    bool may_be_followed(size_t at, const std::u32string &by) const {
        for (size_t i = 0; i < by.size(); ++i) {
            at = go(at, by[i]);
            if (found(at) && i + 1 < by.size()) {
                return false;
            }
        }
        return true;
    }

  private:
    struct State {
        std::map<char32_t, size_t> next;
        size_t instead = 0;
        bool found = false;
    };

    std::deque<State> states_ = std::deque<State>(1);
};

Automaton ended_by(const std::vector<std::string> &ends) {
    std::vector<std::u32string> wanted;
    CharSet alphabet;
    for (const std::string &end : ends) {
        wanted.push_back(code_points(end));
        for (const char32_t c : wanted.back()) {
            alphabet.add(CharRange{c, c});
        }
    }
    const CharSet others = alphabet.complement();
    const Finder finder(wanted);
    Automaton made;
    made.states.resize(finder.size());
    for (size_t state = 0; state < finder.size(); ++state) {
        Automaton::State &here = made.states[state];
        if (finder.found(state)) {
            continue;
        }
        here.accepting = std::all_of(wanted.begin(), wanted.end(),
                                     [&](const std::u32string &end) { return finder.may_be_followed(state, end); });
        for (const CharRange &range : alphabet.ranges()) {
            for (char32_t c = range.low; c <= range.high; ++c) {
                if (const size_t to = finder.go(state, c); !finder.found(to)) {
                    here.edges.push_back({{c, c}, static_cast<uint32_t>(to)});
                }
            }
        }
        for (const CharRange &range : others.ranges()) {
            here.edges.push_back({range, 0});
        }
        std::sort(here.edges.begin(), here.edges.end(),
                  [](const Automaton::Edge &a, const Automaton::Edge &b) { return a.on < b.on; });
    }
    return minimal(trimmed(made));
}

} // namespace

Automaton raw_texts(const RawText &raw) {
    Automaton made = raw.ends.empty() ? any_text() : ended_by(raw.ends);
    for (const std::string &pattern : raw.excluded) {
        made = intersection(made, complement(search_language(parse_regex(pattern))));
    }
    return minimal(made);
}

} // namespace llmodel::json_schema
