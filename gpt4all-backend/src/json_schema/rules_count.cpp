#include "rules.h"

#include <algorithm>
#include <map>

namespace llmodel::json_schema {

namespace {

size_t times(size_t a, size_t b) {
    return a == 0 || b == 0 ? 0 : a > Rules::endless / b ? Rules::endless : std::min(Rules::endless, a * b);
}

/** So many texts of a symbol that has `one`, repeated as it says. */
size_t texts_of(size_t one, const Symbol &symbol) {
    if (symbol.most == Symbol::unlimited) {
        return one == 0 ? 1 : Rules::endless;
    }
    size_t all = 0;
    size_t power = 1;
    for (size_t n = 0; n <= symbol.most && all < Rules::endless; ++n) {
        all += n >= symbol.least ? power : 0;
        power = times(power, one);
        if (one <= 1 && n >= symbol.least) { // "" and one more
            all += symbol.most > n ? times(one, symbol.most - n) : 0;
            break;
        }
    }
    return std::min(all, Rules::endless);
}

} // namespace

size_t Rules::count(RuleId rule, RuleId space) const {
    std::map<RuleId, size_t> known = {{space, 1}};
    std::map<RuleId, bool> open;
    std::vector<RuleId> path = {rule};
    while (!path.empty()) {
        const RuleId at = path.back();
        if (known.count(at) != 0 && !open[at]) {
            path.pop_back();
            continue;
        }
        open[at] = true;
        known[at] = endless; // if it turns out to be within itself
        const size_t before = path.size();
        size_t all = 0;
        for (const Sequence &sequence : rules_[at]) {
            size_t one = 1;
            for (const Symbol &symbol : sequence.symbols_) {
                size_t texts = 1;
                if (symbol.kind == Symbol::Kind::set) {
                    texts = 0;
                    for (const CharRange &range : symbol.set.ranges()) {
                        texts += range.high - range.low + 1;
                    }
                } else if (symbol.kind == Symbol::Kind::rule) {
                    if (const auto found = known.find(symbol.rule); found != known.end()) {
                        texts = found->second;
                    } else {
                        path.push_back(symbol.rule);
                    }
                }
                one = times(one, texts_of(texts, symbol));
            }
            all = std::min(endless, all + one);
        }
        if (path.size() == before) {
            known[at] = all;
            open[at] = false;
            path.pop_back();
        }
    }
    return known[rule];
}

} // namespace llmodel::json_schema
