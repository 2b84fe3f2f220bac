#include "regex.h"

#include <algorithm>
#include <functional>
#include <map>
#include <unordered_map>
#include <utility>

namespace llmodel::json_schema {

namespace {

using Kind = Regex::Kind;

constexpr size_t max_parts = 20000;
constexpr size_t max_work = 1000000; // parts in all states together

/** A non-deterministic automaton (Thompson 1968) whose arcs may ask for the beginning or the end of the text. */
class Thompson {
  public:
    /** Of the texts in which `regex` is found. */
    explicit Thompson(const Regex &regex) {
        const CharSet any = CharSet::any();
        const uint32_t start = state();
        states_[start].steps.push_back({any, start});
        final_ = build(regex, start);
        states_[final_].steps.push_back({any, final_});
    }

    /** Of the texts that `regex` begins and `then` ends. */
    Thompson(const Regex &regex, const Automaton &then) {
        const uint32_t end = build(regex, state());
        final_ = state();
        const auto first = static_cast<uint32_t>(states_.size());
        for (size_t i = 0; i < then.states.size(); ++i) {
            state();
        }
        for (size_t i = 0; i < then.states.size(); ++i) {
            for (const Automaton::Edge &edge : then.states[i].edges) {
                states_[first + i].steps.push_back({CharSet{edge.on}, first + edge.to});
            }
            if (then.states[i].accepting) {
                states_[first + i].free.push_back(final_);
            }
        }
        if (!then.empty()) {
            states_[end].free.push_back(first);
        }
    }

    Automaton determinise() {
        std::vector<uint32_t> first = {0};
        close(first, true);
        index_of(std::move(first));
        for (size_t i = 0; i < sets_.size(); ++i) {
            std::vector<Automaton::Edge> edges = edges_of(sets_[i]);
            made_.states[i].edges = std::move(edges);
            made_.states[i].accepting = accepting(sets_[i], i == 0);
        }
        return minimal(made_);
    }

  private:
    struct Step {
        CharSet on;
        uint32_t to;
    };
    struct State {
        std::vector<Step> steps;
        std::vector<uint32_t> free;
        std::vector<uint32_t> at_begin;
        std::vector<uint32_t> at_end;
    };

    uint32_t state() {
        if (states_.size() == max_parts) {
            throw TooLarge("it has too many parts with its repetitions written out");
        }
        states_.emplace_back();
        return static_cast<uint32_t>(states_.size() - 1);
    }

    /** Adds what leads from `from` past `regex`; returns where it leads. */
    uint32_t build(const Regex &regex, uint32_t from) {
        switch (regex.kind) {
        case Kind::set: {
            const uint32_t to = state();
            states_[from].steps.push_back({regex.set, to});
            return to;
        }
        case Kind::sequence: {
            uint32_t at = from;
            for (const RegexPtr &part : regex.parts) {
                at = build(*part, at);
            }
            return at;
        }
        case Kind::choice: {
            std::vector<uint32_t> ends;
            for (const RegexPtr &part : regex.parts) {
                const uint32_t begin = state();
                states_[from].free.push_back(begin);
                ends.push_back(build(*part, begin));
            }
            const uint32_t to = state();
            for (const uint32_t end : ends) {
                states_[end].free.push_back(to);
            }
            return to;
        }
        case Kind::repeat:
            return build_repeat(regex, from);
        case Kind::begin:
        case Kind::end: {
            const uint32_t to = state();
            (regex.kind == Kind::begin ? states_[from].at_begin : states_[from].at_end).push_back(to);
            return to;
        }
        case Kind::ahead:
        case Kind::not_ahead:
            break;
        }
        throw PatternError("a lookahead within what repeats without end cannot be made into a grammar");
    }

    uint32_t build_repeat(const Regex &regex, uint32_t from) {
        const Regex &part = *regex.parts[0];
        uint32_t at = from;
        for (size_t i = 0; i < regex.least; ++i) {
            at = build(part, at);
        }
        if (regex.most == Regex::unlimited) {
            const uint32_t loop = state();
            states_[at].free.push_back(loop);
            const uint32_t back = build(part, loop);
            states_[back].free.push_back(loop);
            return loop;
        }
        std::vector<uint32_t> ends = {at};
        for (size_t i = regex.least; i < regex.most; ++i) {
            at = build(part, at);
            ends.push_back(at);
        }
        const uint32_t to = state();
        for (const uint32_t end : ends) {
            states_[end].free.push_back(to);
        }
        return to;
    }

    /** Adds what can be reached without a character; keeps the set in order. */
    void close(std::vector<uint32_t> &set, bool begin, bool end = false) {
        seen_.resize(states_.size(), 0);
        ++round_;
        for (const uint32_t at : set) {
            seen_[at] = round_;
        }
        for (size_t i = 0; i < set.size(); ++i) {
            const auto follow = [&](const std::vector<uint32_t> &arcs) {
                for (const uint32_t to : arcs) {
                    if (seen_[to] != round_) {
                        seen_[to] = round_;
                        set.push_back(to);
                    }
                }
            };
            const State &at = states_[set[i]];
            follow(at.free);
            if (begin) {
                follow(at.at_begin);
            }
            if (end) {
                follow(at.at_end);
            }
        }
        std::sort(set.begin(), set.end());
        AutomatonBudget::spend(set.size());
        work_ += set.size();
        if (work_ > max_work) {
            throw TooLarge("it needs too many states");
        }
    }

    bool accepting(std::vector<uint32_t> set, bool begin) {
        close(set, begin, true);
        return std::binary_search(set.begin(), set.end(), final_);
    }

    uint32_t index_of(std::vector<uint32_t> closed) {
        const auto [found, added] = index_.emplace(std::move(closed), static_cast<uint32_t>(sets_.size()));
        if (added) {
            if (sets_.size() == max_states) {
                throw TooLarge("it needs more than " + std::to_string(max_states) + " states");
            }
            sets_.push_back(found->first);
            made_.states.emplace_back();
        }
        return found->second;
    }

    std::vector<Automaton::Edge> edges_of(const std::vector<uint32_t> &set) {
        struct Change {
            char32_t at;
            bool begins;
            uint32_t to;
        };
        std::vector<Change> changes;
        for (const uint32_t at : set) {
            for (const Step &step : states_[at].steps) {
                for (const CharRange &range : step.on.ranges()) {
                    changes.push_back({range.low, true, step.to});
                    changes.push_back({range.high + 1, false, step.to});
                }
            }
        }
        std::sort(changes.begin(), changes.end(), [](const Change &a, const Change &b) { return a.at < b.at; });
        std::vector<Automaton::Edge> edges;
        std::map<uint32_t, int> active;
        for (size_t i = 0; i < changes.size();) {
            const char32_t low = changes[i].at;
            for (; i < changes.size() && changes[i].at == low; ++i) {
                int &count = active[changes[i].to];
                count += changes[i].begins ? 1 : -1;
                if (count == 0) {
                    active.erase(changes[i].to);
                }
            }
            if (active.empty() || i == changes.size()) {
                continue;
            }
            std::vector<uint32_t> targets;
            targets.reserve(active.size());
            for (const auto &[to, count] : active) {
                targets.push_back(to);
            }
            const uint32_t to = index_after(targets);
            if (!edges.empty() && edges.back().to == to && edges.back().on.high + 1 == low) {
                edges.back().on.high = changes[i].at - 1;
            } else {
                edges.push_back({{low, changes[i].at - 1}, to});
            }
        }
        return edges;
    }

    uint32_t index_after(const std::vector<uint32_t> &targets) {
        if (const auto found = after_.find(targets); found != after_.end()) {
            return found->second;
        }
        std::vector<uint32_t> closed = targets;
        close(closed, false);
        return after_[targets] = index_of(std::move(closed));
    }

    std::vector<State> states_;
    uint32_t final_ = 0;
    std::vector<size_t> seen_; // in which round of close()
    size_t round_ = 0;
    size_t work_ = 0;
    std::map<std::vector<uint32_t>, uint32_t> index_;
    std::map<std::vector<uint32_t>, uint32_t> after_;
    std::vector<std::vector<uint32_t>> sets_;
    Automaton made_;
};

/** A group around nothing but one expression is that expression. */
const RegexPtr &inside(const RegexPtr &regex) {
    const RegexPtr *at = &regex;
    while ((*at)->kind == Kind::sequence && (*at)->parts.size() == 1) {
        at = &(*at)->parts[0];
    }
    return *at;
}

RegexPtr sequence_of(std::vector<RegexPtr> parts) {
    return std::make_shared<Regex>(Regex{Kind::sequence, {}, std::move(parts)});
}

bool looks_ahead(const RegexPtr &part) {
    return part->kind == Kind::ahead || part->kind == Kind::not_ahead;
}

bool holds(const RegexPtr &regex, const std::function<bool(const RegexPtr &)> &is) {
    return is(regex) ||
           std::any_of(regex->parts.begin(), regex->parts.end(), [&](const RegexPtr &part) { return holds(part, is); });
}

bool is_anchor(const RegexPtr &part) {
    return part->kind == Kind::begin || part->kind == Kind::end;
}

/** The texts of which `ahead` is true where they begin, among the others. */
Automaton where(const Regex &ahead, const Automaton &texts, const RegexPtr &begin) {
    const Automaton seen = search_language(sequence_of({begin, ahead.parts[0]}));
    return minimal(intersection(texts, ahead.kind == Kind::ahead ? seen : complement(seen)));
}

/** The texts that `regex` begins and `then` ends; what looks ahead sees all of what follows. */
Automaton followed(const RegexPtr &regex, const Automaton &then) {
    if (regex->kind == Kind::begin) {
        throw PatternError("a \"^\" behind a lookahead's place cannot be made into a grammar");
    }
    if (regex->kind == Kind::end) {
        return intersection(then, texts({""}));
    }
    if (looks_ahead(regex)) {
        if (holds(regex, [](const RegexPtr &part) { return part->kind == Kind::begin; })) {
            throw PatternError("a \"^\" in a lookahead that is not at the beginning cannot be made into a grammar");
        }
        return where(*regex, then, std::make_shared<Regex>(Regex{Kind::begin, {}, {}}));
    }
    const bool plain = !holds(regex, [](const RegexPtr &part) { return looks_ahead(part) || is_anchor(part); });
    if (plain || (regex->kind == Kind::repeat && regex->most == Regex::unlimited)) {
        return Thompson(*regex, then).determinise();
    }
    if (regex->kind == Kind::choice) {
        Automaton either;
        for (const RegexPtr &option : regex->parts) {
            either = unite(either, followed(option, then));
        }
        return minimal(either);
    }
    Automaton made = then;
    if (regex->kind == Kind::repeat) {
        for (size_t i = regex->least; i < regex->most; ++i) {
            made = minimal(unite(then, followed(regex->parts[0], made)));
        }
        for (size_t i = 0; i < regex->least; ++i) {
            made = followed(regex->parts[0], made);
        }
        return made;
    }
    for (auto part = regex->parts.rbegin(); part != regex->parts.rend(); ++part) {
        made = followed(*part, made);
    }
    return made;
}

} // namespace

Automaton search_language(const RegexPtr &regex) {
    const RegexPtr &whole = inside(regex);
    if (!holds(whole, looks_ahead)) {
        return Thompson(*whole).determinise();
    }
    if (whole->kind == Kind::choice) {
        Automaton either;
        for (const RegexPtr &option : whole->parts) {
            either = unite(either, search_language(option));
        }
        return minimal(either);
    }
    // What looks ahead where the text begins is a language of its own, which the text must or must not be in.
    const std::vector<RegexPtr> parts = whole->kind == Kind::sequence ? whole->parts : std::vector{whole};
    const auto rest = std::find_if(parts.begin(), parts.end(), [](const RegexPtr &part) {
        return !looks_ahead(part) && part->kind != Kind::begin;
    });
    const auto begin = std::find_if(parts.begin(), rest, [](const RegexPtr &p) { return p->kind == Kind::begin; });
    if (begin == rest) {
        const auto any = std::make_shared<Regex>(Regex{Kind::set, CharSet::any(), {}});
        Regex anything{Kind::repeat, {}, {any}};
        anything.most = Regex::unlimited;
        return Thompson(anything, followed(sequence_of(parts), any_text())).determinise();
    }
    const RegexPtr others = sequence_of({rest, parts.end()});
    Automaton language =
        holds(others, looks_ahead) ? followed(others, any_text()) : search_language(sequence_of({*begin, others}));
    for (auto part = parts.begin(); part != rest; ++part) {
        if (looks_ahead(*part)) {
            language = where(**part, language, *begin);
        }
    }
    return minimal(language);
}

Automaton pattern_language(std::string_view pattern) {
    return search_language(parse_regex(pattern));
}

} // namespace llmodel::json_schema
