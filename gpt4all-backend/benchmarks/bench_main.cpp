// Runs a plan and tells how long each answer took: llmodel_bench PLAN.json [PORT of a llama-server]
//
// A plan is {"model", "options", "steps"}; a step is a list of requests that are sent at once, each from a thread of
// its own. Prints "ready" when the model is open, and at the end one line of JSON.

#include "bench.h"

#include <cstdio>
#include <exception>
#include <fstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

using bench::json;

json run_step(bench::Contender &contender, const json &requests) {
    std::vector<bench::Answer> answers(requests.size());
    std::vector<std::exception_ptr> failures(requests.size());
    std::vector<std::thread> threads;
    const auto start = std::chrono::steady_clock::now();
    for (size_t i = 0; i < requests.size(); ++i) {
        threads.emplace_back([&, i] {
            try {
                answers[i] = contender.answer(requests[i]);
            } catch (...) {
                failures[i] = std::current_exception();
            }
        });
    }
    for (std::thread &thread : threads) {
        thread.join();
    }
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    json listed = json::array();
    for (size_t i = 0; i < answers.size(); ++i) {
        if (failures[i]) {
            std::rethrow_exception(failures[i]);
        }
        const bench::Answer &answer = answers[i];
        listed.push_back({{"first_s", answer.first_s},
                          {"last_s", answer.last_s},
                          {"pieces", answer.pieces},
                          {"tokens", answer.tokens},
                          {"cached", answer.cached}});
    }
    return {{"wall_s", took.count()}, {"answers", std::move(listed)}};
}

int run(int argc, char **argv) {
    if (argc < 2) {
        throw std::runtime_error("usage: llmodel_bench PLAN.json [PORT]");
    }
    std::ifstream file(argv[1]);
    const json plan = json::parse(file);
    const auto start = std::chrono::steady_clock::now();
    const auto contender = argc > 2 ? bench::connect_to(static_cast<uint16_t>(std::stoul(argv[2])))
                                    : bench::open_model(plan.at("model"), plan.at("options"));
    const std::chrono::duration<double> open = std::chrono::steady_clock::now() - start;
    std::puts("ready");
    std::fflush(stdout);

    json steps = json::array();
    for (const json &requests : plan.at("steps")) {
        steps.push_back(run_step(*contender, requests));
    }
    const json result = {{"open_s", open.count()}, {"steps", std::move(steps)}};
    std::puts(result.dump().c_str());
    return 0;
}

} // namespace

int main(int argc, char **argv) {
    try {
        return run(argc, argv);
    } catch (const std::exception &error) {
        std::fprintf(stderr, "llmodel_bench: %s\n", error.what());
        return 1;
    }
}
