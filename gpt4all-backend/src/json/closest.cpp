#include "closest.h"

#include <algorithm>
#include <cstddef>

namespace llmodel {

namespace {

constexpr size_t longest_name = 64;

std::string bare(std::string_view name) {
    std::string out;
    for (const char c : name) {
        if (c != '_' && c != '-') {
            out += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
        }
    }
    return out;
}

/** Edits (insert, delete, replace, swap neighbours) that turn `a` into `b`. */
size_t distance(const std::string &a, const std::string &b) {
    std::vector<std::vector<size_t>> edits(a.size() + 1, std::vector<size_t>(b.size() + 1));
    for (size_t i = 0; i <= a.size(); ++i) {
        for (size_t j = 0; j <= b.size(); ++j) {
            if (i == 0 || j == 0) {
                edits[i][j] = i + j;
                continue;
            }
            edits[i][j] = std::min(
                {edits[i - 1][j] + 1, edits[i][j - 1] + 1, edits[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                edits[i][j] = std::min(edits[i][j], edits[i - 2][j - 2] + 1);
            }
        }
    }
    return edits[a.size()][b.size()];
}

} // namespace

std::string closest(std::string_view name, const std::vector<std::string_view> &candidates) {
    if (name.size() > longest_name) {
        return {};
    }
    const std::string wanted = bare(name);
    std::string_view best;
    size_t best_edits = wanted.size() / 3 + 1;
    for (const std::string_view candidate : candidates) {
        const size_t edits = distance(wanted, bare(candidate));
        if (edits < best_edits && edits < candidate.size()) {
            best = candidate;
            best_edits = edits;
        }
    }
    return std::string(best);
}

} // namespace llmodel
