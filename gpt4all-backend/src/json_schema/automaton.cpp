#include "automaton.h"

#include "json/utf8.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

namespace llmodel::json_schema {

namespace {

constexpr uint32_t nowhere = ~uint32_t{0};
constexpr size_t most_states_counted = 8000; // states beyond which lengths are counted only as far as takes
constexpr size_t few_counted = 6500;
thread_local AutomatonBudget *current_budget = nullptr;

uint32_t step(const Automaton::State &state, char32_t code_point) {
    const auto edge = std::lower_bound(state.edges.begin(), state.edges.end(), code_point,
                                       [](const Automaton::Edge &e, char32_t c) { return e.on.high < c; });
    return edge != state.edges.end() && edge->on.low <= code_point ? edge->to : nowhere;
}

/** Adds an edge after all others, joined to the last one where it goes on from it. */
void append(std::vector<Automaton::Edge> &edges, CharRange on, uint32_t to) {
    if (!edges.empty() && edges.back().to == to && edges.back().on.high + 1 == on.low) {
        edges.back().on.high = on.high;
    } else {
        edges.push_back({on, to});
    }
}

/** The states of two automata that run side by side. */
class Product {
  public:
    using Pair = std::pair<uint32_t, uint32_t>;

    Product(const Automaton &a, const Automaton &b, bool either) : a_(a), b_(b), either_(either) {}

    Automaton make() {
        index_of({a_.empty() ? nowhere : 0, b_.empty() ? nowhere : 0});
        for (size_t i = 0; i < pairs_.size(); ++i) {
            const Pair pair = pairs_[i];
            std::vector<Automaton::Edge> edges = edges_of(pair);
            AutomatonBudget::spend(1 + edges.size());
            made_.states[i].edges = std::move(edges);
            made_.states[i].accepting = either_ ? accepting(a_, pair.first) || accepting(b_, pair.second)
                                                : accepting(a_, pair.first) && accepting(b_, pair.second);
        }
        return trimmed(made_);
    }

  private:
    static bool accepting(const Automaton &automaton, uint32_t state) {
        return state != nowhere && automaton.states[state].accepting;
    }

    uint32_t index_of(const Pair &pair) {
        const auto [found, added] = index_.emplace(pair, static_cast<uint32_t>(pairs_.size()));
        if (added) {
            if (pairs_.size() == max_states) {
                throw TooLarge("it needs more than " + std::to_string(max_states) + " states");
            }
            pairs_.push_back(pair);
            made_.states.emplace_back();
        }
        return found->second;
    }

    std::vector<Automaton::Edge> edges_of(const Pair &pair) {
        static const std::vector<Automaton::Edge> none;
        const auto &a = pair.first == nowhere ? none : a_.states[pair.first].edges;
        const auto &b = pair.second == nowhere ? none : b_.states[pair.second].edges;
        std::vector<Automaton::Edge> edges;
        size_t i = 0;
        size_t j = 0;
        char32_t at = 0;
        while (i < a.size() || j < b.size()) {
            while (i < a.size() && a[i].on.high < at) {
                ++i;
            }
            while (j < b.size() && b[j].on.high < at) {
                ++j;
            }
            // what both do from here to where either changes
            char32_t until = last_code_point;
            const auto target = [&](const std::vector<Automaton::Edge> &of, size_t k) {
                if (k == of.size()) {
                    return nowhere;
                }
                if (of[k].on.low > at) {
                    until = std::min<char32_t>(until, of[k].on.low - 1);
                    return nowhere;
                }
                until = std::min(until, of[k].on.high);
                return of[k].to;
            };
            const Pair to = {target(a, i), target(b, j)};
            const bool lives =
                either_ ? to.first != nowhere || to.second != nowhere : to.first != nowhere && to.second != nowhere;
            if (lives) {
                append(edges, {at, until}, index_of(to));
            }
            if (until == last_code_point) {
                break;
            }
            at = until + 1;
        }
        return edges;
    }

    const Automaton &a_;
    const Automaton &b_;
    bool either_;
    std::map<Pair, uint32_t> index_;
    std::vector<Pair> pairs_;
    Automaton made_;
};

} // namespace

AutomatonBudget::AutomatonBudget(size_t work) : left_(work), outer_(std::exchange(current_budget, this)) {}

AutomatonBudget::~AutomatonBudget() {
    current_budget = outer_;
}

void AutomatonBudget::spend(size_t work) {
    if (current_budget == nullptr) {
        return;
    }
    if (work > current_budget->left_) {
        throw TooLarge("all strings and numbers of the schema together need too many states");
    }
    current_budget->left_ -= work;
}

std::u32string code_points(std::string_view text) {
    std::u32string points;
    while (!text.empty()) {
        const size_t length = std::max<size_t>(code_point_length(text), 1);
        static constexpr unsigned char masks[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
        char32_t point = static_cast<unsigned char>(text[0]) & masks[length];
        for (size_t i = 1; i < length; ++i) {
            point = (point << 6) | (static_cast<unsigned char>(text[i]) & 0x3FU);
        }
        points.push_back(point);
        text.remove_prefix(length);
    }
    return points;
}

std::string utf8_of(std::u32string_view text) {
    std::string made;
    for (const char32_t c : text) {
        const auto tail = [&](int shift) { return static_cast<char>(0x80 | ((c >> shift) & 0x3F)); };
        if (c < 0x80) {
            made += static_cast<char>(c);
        } else if (c < 0x800) {
            made += {static_cast<char>(0xC0 | (c >> 6)), tail(0)};
        } else if (c < 0x10000) {
            made += {static_cast<char>(0xE0 | (c >> 12)), tail(6), tail(0)};
        } else {
            made += {static_cast<char>(0xF0 | (c >> 18)), tail(12), tail(6), tail(0)};
        }
    }
    return made;
}

bool Automaton::accepts(std::u32string_view text) const {
    uint32_t state = empty() ? nowhere : 0;
    for (const char32_t c : text) {
        if (state == nowhere) {
            return false;
        }
        state = step(states[state], c);
    }
    return state != nowhere && states[state].accepting;
}

bool Automaton::accepts_utf8(std::string_view text) const {
    return accepts(code_points(text));
}

bool Automaton::universal() const {
    return complement(*this).empty();
}

size_t Automaton::shortest() const {
    std::vector<size_t> distance(states.size(), 0);
    std::vector<uint32_t> queue;
    std::vector<bool> seen(states.size());
    if (!empty()) {
        queue.push_back(0);
        seen[0] = true;
    }
    for (size_t i = 0; i < queue.size(); ++i) {
        const uint32_t at = queue[i];
        if (states[at].accepting) {
            return distance[at];
        }
        for (const Edge &edge : states[at].edges) {
            if (!seen[edge.to]) {
                seen[edge.to] = true;
                distance[edge.to] = distance[at] + 1;
                queue.push_back(edge.to);
            }
        }
    }
    return 0;
}

std::optional<size_t> Automaton::longest() const {
    // in topological order, which there is where nothing goes round
    std::vector<size_t> waiting(states.size(), 0);
    for (const State &state : states) {
        for (const Edge &edge : state.edges) {
            ++waiting[edge.to];
        }
    }
    std::vector<uint32_t> order;
    if (!empty() && waiting[0] == 0) {
        order.push_back(0);
    }
    std::vector<size_t> distance(states.size(), 0);
    size_t longest = 0;
    for (size_t i = 0; i < order.size(); ++i) {
        const uint32_t at = order[i];
        longest = std::max(longest, distance[at]);
        for (const Edge &edge : states[at].edges) {
            distance[edge.to] = std::max(distance[edge.to], distance[at] + 1);
            if (--waiting[edge.to] == 0) {
                order.push_back(edge.to);
            }
        }
    }
    return order.size() == states.size() ? std::optional(longest) : std::nullopt;
}

Automaton any_text() {
    Automaton any;
    any.states.push_back({true, {}});
    const CharSet all = CharSet::any();
    for (const CharRange &range : all.ranges()) {
        any.states[0].edges.push_back({range, 0});
    }
    return any;
}

Automaton intersection(const Automaton &a, const Automaton &b) {
    return Product(a, b, false).make();
}

Automaton unite(const Automaton &a, const Automaton &b) {
    return Product(a, b, true).make();
}

Automaton complement(const Automaton &a) {
    Automaton made = a;
    const auto sink = static_cast<uint32_t>(a.states.size());
    made.states.emplace_back();
    for (Automaton::State &state : made.states) {
        CharSet taken;
        for (const Automaton::Edge &edge : state.edges) {
            taken.add(edge.on);
        }
        const CharSet free = taken.complement();
        for (const CharRange &range : free.ranges()) {
            state.edges.push_back({range, sink});
        }
        std::sort(state.edges.begin(), state.edges.end(),
                  [](const Automaton::Edge &x, const Automaton::Edge &y) { return x.on < y.on; });
        state.accepting = !state.accepting;
    }
    return trimmed(made);
}

namespace {

/** The greatest length, up to `most`, up to which the beginnings of texts need so many states in all. */
size_t counted_within(const Automaton &a, size_t most, size_t states) {
    std::vector<uint32_t> layer = {0};
    size_t needed = 1;
    for (size_t length = 0; length < most; ++length) {
        std::vector<bool> seen(a.states.size());
        std::vector<uint32_t> next;
        for (const uint32_t at : layer) {
            for (const Automaton::Edge &edge : a.states[at].edges) {
                if (!seen[edge.to]) {
                    seen[edge.to] = true;
                    next.push_back(edge.to);
                }
            }
        }
        AutomatonBudget::spend(next.size());
        needed += next.size();
        if (needed > states) {
            return length;
        }
        layer = std::move(next);
    }
    return most;
}

} // namespace

Automaton with_length(const Automaton &a, size_t least, std::optional<size_t> most) {
    const std::optional<size_t> longest = a.longest();
    if (most && longest && *longest <= *most) {
        most.reset();
    }
    if (a.shortest() >= least) {
        least = 0;
    }
    if (least == 0 && !most) {
        return a;
    }
    if (most && !a.empty() && counted_within(a, *most, most_states_counted) < *most) {
        const size_t shorter = counted_within(a, *most, few_counted);
        if (shorter >= std::max(least_kept, 2 * std::max(least, a.shortest()))) {
            most = shorter;
        }
    }
    // The second automaton counts, up to where it makes no difference any more.
    const size_t last = most ? *most : least;
    if (last >= max_states) {
        throw TooLarge("it needs more than " + std::to_string(max_states) + " states");
    }
    const CharSet any = CharSet::any();
    Automaton counter;
    for (size_t i = 0; i <= last; ++i) {
        counter.states.push_back({i >= least, {}});
        if (i < last || !most) {
            for (const CharRange &range : any.ranges()) {
                counter.states[i].edges.push_back({range, static_cast<uint32_t>(std::min(i + 1, last))});
            }
        }
    }
    return intersection(a, counter);
}

Automaton texts(const std::vector<std::string_view> &texts) {
    std::vector<std::u32string> sorted;
    sorted.reserve(texts.size());
    for (const std::string_view text : texts) {
        sorted.push_back(code_points(text));
    }
    std::sort(sorted.begin(), sorted.end());
    Automaton trie;
    if (!sorted.empty()) {
        trie.states.emplace_back();
    }
    for (const std::u32string &text : sorted) {
        uint32_t at = 0;
        for (const char32_t c : text) {
            // in order, so that only the last edge can be the one
            auto &edges = trie.states[at].edges;
            if (edges.empty() || edges.back().on.low != c) {
                edges.push_back({{c, c}, static_cast<uint32_t>(trie.states.size())});
                at = edges.back().to;
                trie.states.emplace_back();
            } else {
                at = edges.back().to;
            }
        }
        trie.states[at].accepting = true;
    }
    return trie;
}

Automaton trimmed(const Automaton &a) {
    std::vector<std::vector<uint32_t>> from(a.states.size());
    for (uint32_t i = 0; i < a.states.size(); ++i) {
        for (const Automaton::Edge &edge : a.states[i].edges) {
            from[edge.to].push_back(i);
        }
    }
    std::vector<uint32_t> queue;
    std::vector<bool> leads(a.states.size());
    for (uint32_t i = 0; i < a.states.size(); ++i) {
        if (a.states[i].accepting) {
            leads[i] = true;
            queue.push_back(i);
        }
    }
    while (!queue.empty()) {
        const uint32_t at = queue.back();
        queue.pop_back();
        for (const uint32_t before : from[at]) {
            if (!leads[before]) {
                leads[before] = true;
                queue.push_back(before);
            }
        }
    }
    Automaton made;
    if (a.empty() || !leads[0]) {
        return made;
    }
    std::vector<uint32_t> index(a.states.size(), nowhere);
    std::vector<uint32_t> order = {0};
    index[0] = 0;
    for (size_t i = 0; i < order.size(); ++i) {
        Automaton::State state{a.states[order[i]].accepting, {}};
        for (const Automaton::Edge &edge : a.states[order[i]].edges) {
            if (!leads[edge.to]) {
                continue;
            }
            if (index[edge.to] == nowhere) {
                index[edge.to] = static_cast<uint32_t>(order.size());
                order.push_back(edge.to);
            }
            append(state.edges, edge.on, index[edge.to]);
        }
        made.states.push_back(std::move(state));
    }
    return made;
}

} // namespace llmodel::json_schema
