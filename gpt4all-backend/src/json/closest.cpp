#include "closest.h"

#include <algorithm>
#include <array>
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

/** Edits (insert, delete, replace, swap neighbours) that turn `a` into `b`, if they are fewer than `limit`. A schema
 * may have any number of names of its own, which are compared with all that there are: most are told by their lengths.
 */
size_t distance(const std::string &a, const std::string &b, size_t limit) {
    if (std::max(a.size(), b.size()) - std::min(a.size(), b.size()) >= limit || b.size() > longest_name) {
        return limit;
    }
    std::array<std::array<size_t, longest_name + 1>, 3> rows{}; // of the last two letters of `a`, and the next one
    for (size_t i = 0; i <= a.size(); ++i) {
        auto &row = rows[i % 3];
        const auto &above = rows[(i + 2) % 3];
        const auto &above_that = rows[(i + 1) % 3];
        size_t least = row[0] = i;
        for (size_t j = 1; j <= b.size(); ++j) {
            if (i == 0) {
                row[j] = j;
                continue;
            }
            row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                row[j] = std::min(row[j], above_that[j - 2] + 1);
            }
            least = std::min(least, row[j]);
        }
        if (i > 0 && least > limit) { // by more than a swap could mend
            return limit;
        }
    }
    return rows[a.size() % 3][b.size()];
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
        const size_t edits = distance(wanted, bare(candidate), best_edits);
        if (edits < best_edits && edits < candidate.size()) {
            best = candidate;
            best_edits = edits;
        }
    }
    return std::string(best);
}

} // namespace llmodel
