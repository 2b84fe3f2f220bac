#include "bench.h"

#include <algorithm>
#include <exception>
#include <string>
#include <thread>
#include <vector>

/** For worker_streams.py: has `model`, opened by the same process, answer all of the requests (a JSON array) at once,
 * and returns how many pieces of text came per second from the first until the last; below zero if one failed. */
extern "C" __attribute__((visibility("default"))) double bench_streams(llmodel_model *model, const char *requests) {
    try {
        const bench::json all = bench::json::parse(requests);
        const auto now = [] {
            return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
        };
        struct Stream {
            double begin = 0;
            bench::Answer answer;
            bool failed = false;
        };
        std::vector<Stream> streams(all.size());
        std::vector<std::thread> threads;
        for (size_t i = 0; i < all.size(); ++i) {
            threads.emplace_back([&, i] {
                Stream &stream = streams[i];
                stream.begin = now();
                try {
                    stream.answer = bench::stream(model, all[i]);
                } catch (const std::exception &) {
                    stream.failed = true;
                }
            });
        }
        for (std::thread &thread : threads) {
            thread.join();
        }
        double first = streams.front().begin + streams.front().answer.first_s;
        double last = 0;
        int64_t pieces = 0;
        for (const Stream &stream : streams) {
            if (stream.failed) {
                return -1;
            }
            first = std::min(first, stream.begin + stream.answer.first_s);
            last = std::max(last, stream.begin + stream.answer.last_s);
            pieces += stream.answer.pieces;
        }
        return static_cast<double>(pieces - 1) / (last - first);
    } catch (const std::exception &) {
        return -1;
    }
}
