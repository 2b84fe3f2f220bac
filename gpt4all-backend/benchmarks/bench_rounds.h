#pragma once

#include <algorithm>
#include <chrono>

/** Seconds of the quickest of several rounds of `work`: three at least, and as many as begin within `seconds`. */
template<typename Work> double quickest_round(double seconds, const Work &work) {
    using Clock = std::chrono::steady_clock;
    const auto since = [](Clock::time_point start) {
        return std::chrono::duration<double>(Clock::now() - start).count();
    };
    double best = 1e9;
    const auto start = Clock::now();
    for (int round = 0; round < 3 || since(start) < seconds; ++round) {
        const auto begun = Clock::now();
        work();
        best = std::min(best, since(begun));
    }
    return best;
}
