#include "grammar/states.h"

#include <algorithm>
#include <functional>
#include <type_traits>
#include <unordered_set>
#include <utility>

namespace llmodel {

namespace {

// More than the answers to most schemas need, and little beside a model. Checked between masks; what one mask may make
// is bounded by what is charged for it.
constexpr size_t max_kept_bytes = size_t{8} << 20;
constexpr size_t work_of_step = 256; // as llama.cpp charges for a way that is followed up
constexpr size_t work_of_byte = 4;
constexpr size_t pointer_bytes = sizeof(void *);

void spend_on_states(size_t work) {
    if (llama_grammar_hooks.spend != nullptr) {
        llama_grammar_hooks.spend(work);
    }
}

bool ends(const llama_grammar_element *element) {
    return element->type == LLAMA_GRETYPE_END || element->type == LLAMA_GRETYPE_ALT;
}

size_t mixed(size_t hash, const void *pointer) {
    return (hash ^ std::hash<const void *>()(pointer)) * 0x9E3779B97F4A7C15U;
}

} // namespace

template<typename Key> size_t GrammarStates::Hash::operator()(const Key &key) const {
    size_t hash = 0;
    if constexpr (std::is_same_v<Key, Top>) {
        hash = mixed(mixed(hash, key.first), key.second);
    } else {
        for (const StackCell *one : key) {
            hash = mixed(hash, one);
        }
    }
    return hash ^ (hash >> 32U);
}

GrammarStates::GrammarStates(const llama_grammar_rules &rules)
    : rules_(rules), only_characters_(std::none_of(rules.begin(), rules.end(), [](const llama_grammar_rule &rule) {
          return std::any_of(rule.begin(), rule.end(), [](const llama_grammar_element &element) {
              return element.type == LLAMA_GRETYPE_TOKEN || element.type == LLAMA_GRETYPE_TOKEN_NOT;
          });
      })) {}

void GrammarStates::keep(size_t bytes) {
    spend_on_states(work_of_byte * bytes);
    kept_bytes_ += bytes;
}

void GrammarStates::make_room() {
    if (kept_bytes_ > max_kept_bytes) {
        state_of_.clear();
        cell_of_.clear();
        states_.clear();
        cells_.clear();
        kept_bytes_ = 0;
    }
}

const StackCell *GrammarStates::cell(const llama_grammar_element *element, const StackCell *below) {
    const auto [found, is_new] = cell_of_.try_emplace({element, below}, nullptr);
    if (is_new) {
        keep(2 * sizeof(StackCell));
        found->second = &cells_.emplace_back(StackCell{element, below, {}, false});
    }
    return found->second;
}

const StackCell *GrammarStates::push_rest(const llama_grammar_element *rest, const StackCell *below) {
    return ends(rest) ? below : cell(rest, below);
}

const std::vector<const StackCell *> &GrammarStates::advanced(const StackCell *stack) {
    if (stack->is_advanced) {
        return stack->advanced;
    }
    std::vector<const StackCell *> found;
    std::vector<const StackCell *> todo = {stack};
    std::unordered_set<const StackCell *> seen = {stack};
    while (!todo.empty()) {
        const StackCell *one = todo.back();
        todo.pop_back();
        spend_on_states(work_of_step);
        if (one->element == nullptr || one->element->type != LLAMA_GRETYPE_RULE_REF) {
            found.push_back(one);
            continue;
        }
        const StackCell *behind = push_rest(one->element + 1, one->below);
        for (const llama_grammar_element *at = rules_[one->element->value].data();; ++at) {
            if (const StackCell *next = push_rest(at, behind); seen.insert(next).second) {
                todo.push_back(next);
            }
            while (!ends(at)) {
                ++at;
            }
            if (at->type == LLAMA_GRETYPE_END) {
                break;
            }
        }
    }
    keep(found.size() * pointer_bytes);
    stack->advanced = std::move(found);
    stack->is_advanced = true;
    return stack->advanced;
}

const GrammarState *GrammarStates::state_of(std::vector<const StackCell *> stacks) {
    std::sort(stacks.begin(), stacks.end(), std::less<>());
    stacks.erase(std::unique(stacks.begin(), stacks.end()), stacks.end());
    const auto found = state_of_.find(stacks);
    if (found != state_of_.end()) {
        return found->second;
    }
    keep(2 * sizeof(GrammarState) + 2 * stacks.size() * pointer_bytes);
    GrammarState &made = states_.emplace_back(
        GrammarState{stacks, std::find(stacks.begin(), stacks.end(), &empty_) != stacks.end(), {}, {}, {}});
    made.ascii.fill(&unknown_);
    state_of_.emplace(std::move(stacks), &made);
    return &made;
}

const GrammarState &GrammarStates::at(const llama_grammar_stacks &stacks) {
    std::vector<const StackCell *> cells;
    cells.reserve(stacks.size());
    for (const llama_grammar_stack &stack : stacks) {
        const StackCell *top = &empty_;
        for (const llama_grammar_element *element : stack) {
            top = cell(element, top);
        }
        cells.push_back(top);
    }
    return *state_of(std::move(cells));
}

/** The ranges of code points between all ends of the classes that may come next. */
void GrammarStates::divide(const GrammarState &state) {
    std::vector<uint32_t> firsts = {0};
    for (const StackCell *stack : state.stacks) {
        const llama_grammar_element *at = stack->element;
        if (at == nullptr || at->type == LLAMA_GRETYPE_CHAR_ANY) {
            continue;
        }
        do {
            const bool range = at[1].type == LLAMA_GRETYPE_CHAR_RNG_UPPER;
            firsts.push_back(at->value);
            firsts.push_back(at[range ? 1 : 0].value + 1);
            at += range ? 2 : 1;
        } while (at->type == LLAMA_GRETYPE_CHAR_ALT);
    }
    std::sort(firsts.begin(), firsts.end());
    firsts.erase(std::unique(firsts.begin(), firsts.end()), firsts.end());
    keep(firsts.size() * sizeof(GrammarState::Range));
    state.ranges.reserve(firsts.size());
    for (const uint32_t first : firsts) {
        state.ranges.push_back({first, nullptr, false});
    }
}

const GrammarState *GrammarStates::look_up(const GrammarState &state, uint32_t chr) {
    if (state.ranges.empty()) {
        divide(state);
    }
    const auto behind = std::upper_bound(state.ranges.begin(), state.ranges.end(), chr,
                                         [](uint32_t one, const auto &range) { return one < range.first; });
    GrammarState::Range &range = *(behind - 1);
    if (!range.known) {
        range.next = next_of(state, chr);
        range.known = true;
        const size_t end = behind == state.ranges.end() ? state.ascii.size() : behind->first;
        for (size_t one = range.first; one < std::min(end, state.ascii.size()); ++one) {
            state.ascii[one] = range.next;
        }
    }
    return range.next;
}

const GrammarState *GrammarStates::next_of(const GrammarState &state, uint32_t chr) {
    std::vector<const StackCell *> next;
    for (const StackCell *stack : state.stacks) {
        if (stack->element == nullptr) {
            continue;
        }
        const auto [matches, behind] = llama_grammar_match_char(stack->element, chr);
        spend_on_states(static_cast<size_t>(behind - stack->element));
        if (matches) {
            const auto &ways = advanced(push_rest(behind, stack->below));
            next.insert(next.end(), ways.begin(), ways.end());
        }
    }
    return next.empty() ? nullptr : state_of(std::move(next));
}

bool GrammarStates::reads_beginning(const GrammarState &state, llama_partial_utf8 beginning) {
    return std::any_of(state.stacks.begin(), state.stacks.end(), [&](const StackCell *stack) {
        return stack->element != nullptr && llama_grammar_match_partial_char(stack->element, beginning);
    });
}

} // namespace llmodel
