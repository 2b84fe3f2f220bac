#include "tokens/input_spans.h"

#include <algorithm>
#include <limits>

namespace llmodel {

InputSpans InputSpans::all() {
    InputSpans spans;
    spans.add(0, std::numeric_limits<size_t>::max());
    return spans;
}

void InputSpans::add(size_t begin, size_t end) {
    if (begin >= end) {
        return;
    }
    if (!spans_.empty() && spans_.back().second >= begin) {
        spans_.back().second = std::max(spans_.back().second, end);
    } else {
        spans_.emplace_back(begin, end);
    }
}

bool InputSpans::touch(size_t begin, size_t end) const {
    const auto after =
        std::ranges::upper_bound(spans_, begin, {}, [](const std::pair<size_t, size_t> &span) { return span.second; });
    return after != spans_.end() && after->first < end;
}

} // namespace llmodel
