#pragma once

#include "char_set.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace llmodel::json_schema {

/** A language that would take more states than a grammar can be made of. */
class TooLarge : public std::runtime_error {
    using std::runtime_error::runtime_error;
};

inline constexpr size_t max_states = 20000;
inline constexpr size_t least_kept = 64;

/** While one lives, bounds the cost of all automata made on this thread together, whatever becomes of them. */
class AutomatonBudget {
  public:
    explicit AutomatonBudget(size_t work);
    ~AutomatonBudget();
    AutomatonBudget(const AutomatonBudget &) = delete;
    AutomatonBudget &operator=(const AutomatonBudget &) = delete;

    /** About the number of states and edges. Throws TooLarge. */
    static void spend(size_t work);

  private:
    size_t left_;
    AutomatonBudget *outer_;
};

/** A deterministic finite automaton over Unicode scalar values. What has no edge is refused. */
struct Automaton {
    struct Edge {
        CharRange on;
        uint32_t to;

        bool operator==(const Edge &) const = default;
    };
    struct State {
        bool accepting = false;
        std::vector<Edge> edges; // in order of their ranges, which are apart

        bool operator==(const State &) const = default;
    };

    std::vector<State> states; // the first is where a text begins; empty for the language of no text

    bool operator==(const Automaton &) const = default;

    bool empty() const { return states.empty(); }
    bool accepts(std::u32string_view text) const;
    bool accepts_utf8(std::string_view text) const;
    /** Whether every text is accepted. */
    bool universal() const;
    /** Code points of the shortest text; of the longest, or nothing if there is none. */
    size_t shortest() const;
    std::optional<size_t> longest() const;
};

Automaton any_text();
/** All of these throw TooLarge. */
Automaton intersection(const Automaton &a, const Automaton &b);
Automaton unite(const Automaton &a, const Automaton &b);
Automaton complement(const Automaton &a);
/**
 * The texts of at least and at most so many code points. Where to count as far takes more states than a grammar is
 * quickly made of, as in a URI of up to 2,083 characters, the longest are left out: those of more than
 * `least_kept` characters.
 */
Automaton with_length(const Automaton &a, size_t least, std::optional<size_t> most);
/** Exactly these texts, in UTF-8. */
Automaton texts(const std::vector<std::string_view> &texts);

/** Without states that no accepted text passes through. */
Automaton trimmed(const Automaton &a);
/** With as few states as possible. */
Automaton minimal(const Automaton &a);

/** Valid UTF-8 as code points, and back. */
std::u32string code_points(std::string_view text);
std::string utf8_of(std::u32string_view text);

} // namespace llmodel::json_schema
