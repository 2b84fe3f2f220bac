#include "grammar/unique_items.h"

#include "error.h"
#include "grammar/marks.h"
#include "json_schema/accepts.h"
#include "json_schema/automaton.h"

#include <algorithm>
#include <memory>
#include <mutex>
#include <utility>

namespace llmodel {

namespace {

// Some values can be written in several ways, and are counted several times.
constexpr double spellings = 64;
constexpr size_t max_steps = 50000; // of looking ahead
constexpr size_t max_class = 5000;
constexpr size_t max_depth = 500; // of an item that is compared as a value, not as a text

const ArrayMark *array_mark(const llama_grammar_element *element) {
    const bool is = element->type == LLAMA_GRETYPE_TOKEN && element->value == mark::known;
    return is ? static_cast<const ArrayMark *>(element) : nullptr;
}

/** The text of an item as it was written. */
std::string text_of(const ArrayMark &mark) {
    std::u32string text;
    for (const ArrayMark *at = &mark; at->before != nullptr; at = at->before) {
        text += static_cast<char32_t>(at->chr);
    }
    std::reverse(text.begin(), text.end());
    return json_schema::utf8_of(text);
}

bool deep(const std::string &text) {
    size_t depth = 0;
    return std::any_of(text.begin(), text.end(), [&](char c) {
        depth += c == '[' || c == '{' ? 1 : 0;
        depth -= (c == ']' || c == '}') && depth > 0 ? 1 : 0;
        return depth > max_depth;
    });
}

/** A text that equal values share. An object with a name twice is what most readers take it for. */
std::string value_of(const std::string &text) {
    const json value = deep(text) ? json(json::value_t::discarded) : json::parse(text, nullptr, false);
    return value.is_discarded() ? text : json_schema::canonical(value);
}

UniqueItems &items(const llama_grammar_rules &rules) {
    return *static_cast<UniqueItems *>(rules.marks.get());
}

} // namespace

ArrayMark::ArrayMark(State its_state, const SeenItems *items, const ArrayMark *behind, uint32_t c)
    : llama_grammar_element{LLAMA_GRETYPE_TOKEN, mark::known}, state(its_state), seen(items), before(behind), chr(c) {
    if (before == nullptr) {
        return;
    }
    in_string = before->in_string != (chr == '"' && !before->escaped);
    escaped = before->in_string && !before->escaped && chr == '\\';
}

const ArrayMark *UniqueItems::make(ArrayMark::State state, const SeenItems *seen, const ArrayMark *before,
                                   uint32_t chr) {
    const MarkKey key = {state, seen, before, chr};
    const auto [found, added] = mark_of_.emplace(key, nullptr);
    if (added) {
        marks_.emplace_back(ArrayMark(state, seen, before, chr), key);
        found->second = &marks_.back().first;
    }
    return found->second;
}

const SeenItems *UniqueItems::add(const SeenItems *before, size_t value) {
    const SeenKey key = {before, value};
    const auto [found, added] = seen_of_.emplace(key, nullptr);
    if (added) {
        seen_.emplace_back(SeenItems{before, value, before == nullptr ? 1 : before->count + 1}, key);
        found->second = &seen_.back().first;
    }
    return found->second;
}

const ArrayMark *UniqueItems::end_item(const ArrayMark &mark) {
    std::string value = value_of(text_of(mark));
    const auto [found, added] = value_of_.emplace(value, values_.size());
    if (added) {
        values_.push_back(std::move(value));
    }
    for (const SeenItems *seen = mark.seen; seen != nullptr; seen = seen->before) {
        if (seen->value == found->second) {
            return nullptr;
        }
    }
    return make(ArrayMark::State::between, add(mark.seen, found->second));
}

void UniqueItems::forget(const Made &after) {
    for (; marks_.size() > after.marks; marks_.pop_back()) {
        mark_of_.erase(marks_.back().second);
    }
    for (; seen_.size() > after.seen; seen_.pop_back()) {
        seen_of_.erase(seen_.back().second);
    }
    for (; values_.size() > after.values; values_.pop_back()) {
        value_of_.erase(values_.back());
    }
}

void UniqueItems::trial(bool begins) {
    if (begins) {
        before_trial_ = made();
    } else {
        forget(before_trial_);
    }
}

/** Whether so few values can still come of the item that is being written that all of them might be there. */
bool UniqueItems::few(const llama_grammar_stack &stack, size_t array) {
    const ArrayMark &mark = *array_mark(stack[array]);
    if (mark.count() == 0) {
        return false;
    }
    size_t end = array + 1;
    while (end < stack.size() && !(stack[end]->type == LLAMA_GRETYPE_TOKEN && stack[end]->value == mark::end)) {
        ++end;
    }
    const double many = spellings * static_cast<double>(mark.count() + 1);
    double values = 1;
    for (size_t i = end + 1; i < stack.size() && values <= many; ++i) {
        values *= array_mark(stack[i]) == nullptr ? counts_.from(stack[i]) : 1;
    }
    return end < stack.size() && values <= many;
}

/** Looks for a new value with which an item can end. There are few, so that each can be tried. */
bool UniqueItems::can_end(const llama_grammar_stack &stack, size_t array) {
    const Made before = made();
    const size_t count = array_mark(stack[array])->count();
    std::vector<llama_grammar_stack> todo = {stack};
    bool found = false;
    size_t steps = 0;
    looking_ahead_ = true;
    try {
        while (!found && !todo.empty()) {
            const llama_grammar_stack from = std::move(todo.back());
            todo.pop_back();
            if (from.size() <= array || array_mark(from[array])->count() > count) {
                found = true;
                break;
            }
            const ArrayMark &mark = *array_mark(from[array]);
            // All blanks are one; and after the first character, other ways to read the text do without.
            bool blank_tried = steps > 0;
            const llama_grammar_element *behind = from.back();
            size_t tried = 0;
            for (const auto &[low, high] : class_at(behind)) {
                for (uint32_t c = low; c <= high && tried < max_class; ++c) {
                    if (is_blank(c) && !mark.in_string && std::exchange(blank_tried, true)) {
                        continue;
                    }
                    ++tried;
                    if (++steps > max_steps) {
                        found = true;
                        break;
                    }
                    llama_grammar_stack next(from.begin(), from.end() - 1);
                    if (behind->type != LLAMA_GRETYPE_END && behind->type != LLAMA_GRETYPE_ALT) {
                        next.push_back(behind);
                    }
                    read(c, next);
                    llama_grammar_advance_stack(rules_, next, todo);
                }
            }
        }
    } catch (...) {
        looking_ahead_ = false;
        throw;
    }
    looking_ahead_ = false;
    todo.clear();
    forget(before);
    return found;
}

bool UniqueItems::admit(const llama_grammar_stack &stack) {
    for (size_t i = 0; i < stack.size() && !looking_ahead_; ++i) {
        const ArrayMark *mark = array_mark(stack[i]);
        if (mark != nullptr && mark->state == ArrayMark::State::inside && few(stack, i) && !can_end(stack, i)) {
            return false;
        }
    }
    return true;
}

bool UniqueItems::doubtful(const llama_grammar_stack &stack) {
    for (size_t i = 0; i < stack.size(); ++i) {
        const ArrayMark *mark = array_mark(stack[i]);
        if (mark != nullptr &&
            (mark->state == ArrayMark::State::lost || (mark->state == ArrayMark::State::blurred && few(stack, i)))) {
            return true;
        }
    }
    return false;
}

void UniqueItems::read(uint32_t chr, llama_grammar_stack &stack) {
    for (const llama_grammar_element *&element : stack) {
        const ArrayMark *mark = array_mark(element);
        const bool before_the_item = mark != nullptr && mark->before == nullptr && is_blank(chr);
        if (mark != nullptr && mark->state == ArrayMark::State::inside && !before_the_item) {
            element = chr == 0 ? make(ArrayMark::State::blurred, mark->seen)
                               : make(ArrayMark::State::inside, mark->seen, mark, chr);
        }
    }
}

/** An array's mark comes to the top where the array has ended. What is in doubt stays so, below everything else. */
bool UniqueItems::leave(llama_grammar_stack &stack) {
    const ArrayMark *mark = array_mark(stack.back());
    const bool lost = mark->state == ArrayMark::State::lost;
    if (lost && stack.size() == 1) {
        return false;
    }
    stack.pop_back();
    if (lost && (array_mark(stack[0]) == nullptr || array_mark(stack[0])->state != ArrayMark::State::lost)) {
        stack.insert(stack.begin(), make(ArrayMark::State::lost, nullptr));
    }
    return true;
}

bool UniqueItems::pass(llama_grammar_stack &stack) {
    const llama_grammar_element *at = stack.back();
    if (at->value == mark::known) {
        return leave(stack);
    }
    stack.pop_back();
    if (at->value == mark::array) {
        stack.push_back(make(ArrayMark::State::between, nullptr));
    } else {
        const auto found = std::find_if(stack.rbegin(), stack.rend(),
                                        [](const llama_grammar_element *one) { return array_mark(one) != nullptr; });
        if (found == stack.rend()) {
            stack.clear();
            return false;
        }
        const ArrayMark &mark = *array_mark(*found);
        if (at->value == mark::begin && mark.state == ArrayMark::State::between) {
            *found = make(ArrayMark::State::inside, mark.seen);
        } else if (at->value == mark::end && mark.state == ArrayMark::State::blurred) {
            *found = make(ArrayMark::State::lost, nullptr);
        } else if (at->value == mark::end && mark.state == ArrayMark::State::inside) {
            *found = end_item(mark);
            if (*found == nullptr) {
                stack.clear();
                return false;
            }
        }
    }
    ++at;
    if (at->type != LLAMA_GRETYPE_END && at->type != LLAMA_GRETYPE_ALT) {
        stack.push_back(at);
    }
    return true;
}

void follow_marks() {
    static std::once_flag once;
    std::call_once(once, [] {
        llama_grammar_hooks.pass = [](const llama_grammar_rules &rules, llama_grammar_stack &stack) {
            if (!rules.marks) {
                rules.marks = std::make_shared<UniqueItems>(rules);
            }
            return items(rules).pass(stack);
        };
        llama_grammar_hooks.read = [](const llama_grammar_rules &rules, uint32_t chr, llama_grammar_stack &stack) {
            items(rules).read(chr, stack);
        };
        llama_grammar_hooks.admit = [](const llama_grammar_rules &rules, const llama_grammar_stack &stack) {
            return items(rules).admit(stack);
        };
        llama_grammar_hooks.trial = [](const llama_grammar_rules &rules, bool begins) { items(rules).trial(begins); };
        llama_grammar_hooks.doubtful = [](const llama_grammar_rules &rules, const llama_grammar_stack &stack) {
            return items(rules).doubtful(stack);
        };
    });
}

} // namespace llmodel
