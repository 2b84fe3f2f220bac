#include "name_choices.h"

#include "automaton.h"

#include <algorithm>

namespace llmodel::json_schema {

NameChoices::NameChoices(Rules &rules, const std::vector<std::pair<std::string, RuleId>> &names) : rules_(rules) {
    names_.reserve(names.size());
    for (const auto &[name, after] : names) {
        names_.emplace_back(code_points(name), after);
    }
}

/** What the names, which are in order and share their first `from` characters, go on with. */
Sequence NameChoices::spell(Names::const_iterator begin, Names::const_iterator end, size_t from) {
    Sequence made;
    const std::u32string &first = begin->first;
    const std::u32string &last = std::prev(end)->first;
    size_t same = from;
    while (same < std::min(first.size(), last.size()) && first[same] == last[same]) {
        ++same;
    }
    made.text(utf8_of(std::u32string_view(first).substr(from, same - from)));
    if (end - begin == 1) { // no name is the beginning of another, since each ends with a quote
        return made.rule(begin->second);
    }
    const RuleId branch = rules_.add();
    while (begin != end) {
        const auto next =
            std::find_if(begin, end, [&](const auto &name) { return name.first[same] != begin->first[same]; });
        rules_.alternative(branch, spell(begin, next, same));
        begin = next;
    }
    return made.rule(branch);
}

void NameChoices::add(RuleId rule, size_t begin, size_t end) {
    while (begin < end) {
        size_t size = 1;
        while (begin % (2 * size) == 0 && begin + 2 * size <= end) {
            size *= 2;
        }
        const auto [block, added] = blocks_.emplace(std::pair(begin, size), 0);
        if (added) {
            const auto from = names_.begin() + static_cast<std::ptrdiff_t>(begin);
            Names sorted(from, from + static_cast<std::ptrdiff_t>(size));
            std::sort(sorted.begin(), sorted.end());
            block->second = rules_.add(spell(sorted.begin(), sorted.end(), 0));
        }
        rules_.alternative(rule, Sequence().rule(block->second));
        begin += size;
    }
}

} // namespace llmodel::json_schema
