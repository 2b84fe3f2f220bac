#include "bench.h"

#include <algorithm>
#include <exception>
#include <thread>
#include <vector>

namespace {

using Moments = std::vector<double>; // in seconds: when each piece of one answer arrived

double now() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/** Pieces per second while all streams are being written; below zero if they never were. */
double rate(const std::vector<Moments> &streams) {
    double begin = streams.front().front();
    double end = streams.front().back();
    for (const Moments &moments : streams) {
        begin = std::max(begin, moments.front());
        end = std::min(end, moments.back());
    }
    std::ptrdiff_t pieces = 0;
    for (const Moments &moments : streams) {
        pieces += std::upper_bound(moments.begin(), moments.end(), end) -
                  std::upper_bound(moments.begin(), moments.end(), begin);
    }
    return begin < end ? static_cast<double>(pieces) / (end - begin) : -1;
}

} // namespace

/** For a program that opened `model` through another language, to compare itself with: has the model answer all of the
 * requests (a JSON array) at once, and returns how many pieces of text came per second while all answers were being
 * written; below zero if one failed.
 */
extern "C" __attribute__((visibility("default"))) double bench_streams(llmodel_model *model, const char *requests) {
    try {
        const bench::json all = bench::json::parse(requests);
        std::vector<Moments> streams(all.size());
        std::vector<std::thread> threads;
        for (size_t i = 0; i < all.size(); ++i) {
            threads.emplace_back([&, i] {
                try {
                    bench::stream(model, all[i], [&moments = streams[i]] { moments.push_back(now()); });
                } catch (const std::exception &) {
                    streams[i].clear();
                }
            });
        }
        for (std::thread &thread : threads) {
            thread.join();
        }
        const bool failed = std::any_of(streams.begin(), streams.end(), [](const Moments &it) { return it.empty(); });
        return failed ? -1 : rate(streams);
    } catch (const std::exception &) {
        return -1;
    }
}
