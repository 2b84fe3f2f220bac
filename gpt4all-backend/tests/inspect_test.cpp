#include "api_fixture.h"
#include "log_fixture.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <optional>

namespace {

using namespace api;
using testing::HasSubstr;

TEST(Inspect, TellsWhatIsInTheFile) {
    const std::string path = model_path("tiny-llama-f32.gguf");
    const Outcome result = inspect(path);
    ASSERT_EQ(result.status, LLMODEL_OK) << result.message;
    const json &info = result.value;
    EXPECT_EQ(info.at("path"), path);
    EXPECT_EQ(info.at("format"), "gguf");
    EXPECT_EQ(info.at("format_version"), 3);
    EXPECT_EQ(info.at("size"), std::filesystem::file_size(path));
    EXPECT_EQ(info.at("architecture"), "llama");
    EXPECT_EQ(info.at("quantization"), "F32");
    EXPECT_EQ(info.at("bits_per_weight"), 32.0);
    EXPECT_EQ(info.at("capabilities"), json({{"generate", true}, {"embed", true}, {"rerank", false}}));
    EXPECT_FALSE(info.at("chat_template").get<std::string>().empty());
    EXPECT_EQ(info.at("metadata").at("general.architecture"), "llama");
    EXPECT_EQ(info.at("metadata").at("tokenizer.ggml.tokens").at("length"), info.at("n_vocab"));
    EXPECT_EQ(info.at("metadata").at("tokenizer.ggml.tokens").at("type"), "string");
    EXPECT_LT(info.at("special_tokens").at("eos").at("id"), info.at("n_vocab"));
    EXPECT_FALSE(info.at("special_tokens").at("eos").at("text").get<std::string>().empty());

    // all weights but the norms are matrices of these sides
    const auto width = info.at("n_embd").get<uint64_t>();
    const auto inner = info.at("metadata").at("llama.feed_forward_length").get<uint64_t>();
    const auto narrow = width * info.at("n_head_kv").get<uint64_t>() / info.at("n_head").get<uint64_t>();
    const auto layers = info.at("n_layer").get<uint64_t>();
    const uint64_t in_layer = 2 * width * width + 2 * width * narrow + 3 * width * inner + 2 * width;
    const uint64_t outer =
        (info.at("n_tensors").get<uint64_t>() - 9 * layers - 1) * width * info.at("n_vocab").get<uint64_t>();
    EXPECT_EQ(info.at("n_params"), layers * in_layer + width + outer);
}

TEST(Inspect, AnOpenModelIsDescribedAsItWasOpened) {
    const TemporaryFolder folder;
    const std::string path = folder.file("model.gguf");
    std::filesystem::copy_file(model_path("tiny-llama-f32.gguf"), path);
    const json options{{"n_ctx", 512}};
    json expected = inspect(path, options).value;
    const Model model(path, options);
    std::filesystem::remove(path);
    json described = info(model.get()).value;
    EXPECT_EQ(described.at("opened").at("n_ctx"), 512);
    described.erase("opened");
    for (json *each : {&described, &expected}) {
        for (json &device : each->at("memory").at("devices")) {
            EXPECT_GT(device.at("free"), 0);
            device.erase("free"); // changes at any time
        }
    }
    EXPECT_EQ(described, expected);
}

TEST(Inspect, NamesTheQuantization) {
    EXPECT_EQ(inspect(model_path("tiny-llama-q8_0.gguf")).value.at("quantization"), "Q8_0");
    EXPECT_EQ(inspect(model_path("tiny-llama-q4_0.gguf")).value.at("quantization"), "Q4_0");
}

TEST(Inspect, TellsWhatAModelCanDo) {
    EXPECT_EQ(inspect(model_path("tiny-bert.gguf")).value.at("capabilities"),
              json({{"generate", false}, {"embed", true}, {"rerank", false}}));
    EXPECT_EQ(inspect(model_path("tiny-bert-rerank.gguf")).value.at("capabilities"),
              json({{"generate", false}, {"embed", true}, {"rerank", true}}));
}

TEST(Inspect, FilesThatAreNoModelsAreTypedErrors) {
    const TemporaryFolder folder;
    EXPECT_EQ(inspect(folder.file("absent.gguf")).status, LLMODEL_NOT_FOUND);
    write_bytes(folder.file("empty.gguf"), "");
    EXPECT_EQ(inspect(folder.file("empty.gguf")).status, LLMODEL_INVALID_MODEL);
    write_bytes(folder.file("text.gguf"), "this is a letter, not a model");
    EXPECT_NE(inspect(folder.file("text.gguf")).status, LLMODEL_OK);
    EXPECT_EQ(inspect(model_path("tiny-llama-lora.gguf")).status, LLMODEL_UNSUPPORTED);

    std::ifstream whole(model_path("tiny-llama-f32.gguf"), std::ios::binary);
    std::string half(std::filesystem::file_size(model_path("tiny-llama-f32.gguf")) / 2, '\0');
    whole.read(half.data(), static_cast<std::streamsize>(half.size()));
    write_bytes(folder.file("half.gguf"), half);
    const Outcome result = inspect(folder.file("half.gguf"));
    EXPECT_EQ(result.status, LLMODEL_INVALID_MODEL);
    EXPECT_THAT(result.message, HasSubstr("half.gguf"));
}

TEST(Inspect, TakesLessThanThreeTenthsOfASecond) {
    if (sanitized) {
        GTEST_SKIP() << "a sanitizer takes time of its own";
    }
    const auto path = real_model();
    if (!path) {
        GTEST_SKIP() << "the default model is not in the cache; python3 -m ci.fetch.default_model puts it there";
    }
    double best = INFINITY;
    for (int i = 0; i < 5; ++i) {
        const std::clock_t start = std::clock(); // of the processor, for the machine may be busy
        const Outcome result = inspect(*path);
        best = std::min(best, static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC);
        ASSERT_EQ(result.status, LLMODEL_OK) << result.message;
        EXPECT_EQ(result.value.at("n_params"), 134515008);
    }
    EXPECT_LT(best, 0.3);
}

TEST(MemoryBudget, ModelOverItIsRefusedWithAContextThatFits) {
    const std::string path = model_path("tiny-llama-f32.gguf");
    json options{{"n_ctx", 65536}};
    const json estimate = inspect(path, options).value.at("memory");
    const uint64_t total = estimate.at("total").get<uint64_t>();
    const uint64_t context = estimate.at("devices").at(0).at("context").get<uint64_t>();
    const uint64_t budget = total - context / 2;
    options["memory_budget"] = budget;

    const Outcome result = open_and_close(path, options);
    ASSERT_EQ(result.status, LLMODEL_OUT_OF_MEMORY) << result.message;
    EXPECT_EQ(result.detail.at("needed"), total);
    EXPECT_EQ(result.detail.at("available"), budget);
    EXPECT_THAT(result.message, HasSubstr("MiB"));
    const auto advised = result.detail.at("n_ctx").get<uint64_t>();
    EXPECT_THAT(result.message, HasSubstr(std::to_string(advised)));
    EXPECT_NEAR(static_cast<double>(advised), 32768, 512);

    options["n_ctx"] = advised;
    EXPECT_EQ(open_and_close(path, options).status, LLMODEL_OK);
}

TEST(MemoryBudget, SmallestBudgetAdvisesAnotherModelAndZeroNeverRefuses) {
    const std::string path = model_path("tiny-llama-f32.gguf");
    const Outcome result = open_and_close(path, {{"memory_budget", 1}});
    EXPECT_EQ(result.status, LLMODEL_OUT_OF_MEMORY);
    EXPECT_FALSE(result.detail.contains("n_ctx"));
    EXPECT_THAT(result.message, HasSubstr("smaller"));
    EXPECT_EQ(open_and_close(path, {{"memory_budget", 0}}).status, LLMODEL_OK);
}

TEST(MemoryBudget, MoreThanTheMachineHasIsRefusedOfItself) {
    // the mask of the attention alone has as many values as the product of context and batch
    const json options{{"n_ctx", 8388608}, {"n_batch", 65536}, {"n_ubatch", 65536}};
    const Outcome result = open_and_close(model_path("tiny-llama-f32.gguf"), options);
    EXPECT_EQ(result.status, LLMODEL_OUT_OF_MEMORY) << result.message;
    EXPECT_GT(result.detail.at("needed"), result.detail.at("available"));
}

/** In KiB. */
long resident() {
    std::ifstream status("/proc/self/status");
    std::string line;
    while (std::getline(status, line)) {
        if (line.starts_with("VmRSS:")) {
            return std::strtol(line.c_str() + 6, nullptr, 10);
        }
    }
    return 0;
}

/** In KiB: what the process needs beside the model, and what it need not have read yet. */
struct Slack {
    long more;
    long less = more;
};

/** Opens the model, fills the context with one prompt, and leaves with 0 if what the process has grown by is within a
 *  tenth of `estimate`, and the slack. */
[[noreturn]] void measure(const std::string &path, const json &options, uint64_t estimate, Slack slack) {
    static_cast<void>(devices()); // what every process pays once
    const long before = resident();
    llmodel_model *handle = nullptr;
    if (llmodel_open(path.c_str(), options.dump().c_str(), nullptr, nullptr, &handle, nullptr) != LLMODEL_OK) {
        std::_Exit(2);
    }
    // a request has no more than the context that the model was trained for: several fill a longer one
    const size_t all = options.at("n_ctx").get<size_t>();
    const size_t each = std::min<size_t>(all, 2048);
    const size_t answer = options.contains("speculative") ? 80 : 2; // enough to draft and check
    std::vector<llmodel_task *> tasks(all / each);
    for (size_t i = 0; i < tasks.size(); ++i) {
        const json request{{"prompt", std::vector<size_t>(each - answer - 6, 5 + i)},
                           {"max_tokens", answer},
                           {"ignore_eos", true},
                           {"temperature", 0}};
        if (llmodel_submit(handle, "complete", request.dump().c_str(), &tasks[i], nullptr) != LLMODEL_OK) {
            std::_Exit(3);
        }
    }
    for (llmodel_task *task : tasks) {
        llmodel_event event{};
        while (event.kind != LLMODEL_EVENT_DONE) {
            if (llmodel_next(task, -1, &event, nullptr) != LLMODEL_OK) {
                std::_Exit(4);
            }
        }
    }
    const long used = resident() - before;
    const long expected = static_cast<long>(estimate / 1024);
    std::fprintf(stderr, "estimated %ld KiB, used %ld KiB\n", expected, used);
    const bool holds = used <= expected + used / 10 + slack.more && used >= expected - used / 10 - slack.less;
    std::_Exit(holds ? 0 : 1);
}

/** Each measures in a process of its own, in which nothing was allocated before. */
class MemoryEstimate : public testing::Test {
  protected:
    static constexpr const char *estimate_variable = "LLMODEL_TEST_ESTIMATE"; // for that process
    static constexpr const char *cache_variable = "LLMODEL_TEST_CACHE";

    void SetUp() override { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
    void TearDown() override {
        unsetenv(estimate_variable);
        unsetenv(cache_variable);
    }

    /** are_kept: laid-out weights, from an opening before. */
    static void expect_estimate_holds(const std::string &path, const json &options, Slack slack,
                                      bool are_kept = false) {
        if (sanitized) {
            GTEST_SKIP() << "a sanitizer takes memory of its own";
        }
        if (std::getenv(estimate_variable) == nullptr) {
            const Outcome result = inspect(path, options);
            ASSERT_EQ(result.status, LLMODEL_OK) << result.message;
            EXPECT_TRUE(result.value.at("memory").at("exact").get<bool>());
            const json &memory = result.value.at("memory");
            const uint64_t spared = are_kept ? memory.at("reclaimable").get<uint64_t>() : 0;
            setenv(estimate_variable, std::to_string(memory.at("total").get<uint64_t>() - spared).c_str(), 1);
        }
        const uint64_t estimate = std::strtoull(std::getenv(estimate_variable), nullptr, 10);
        EXPECT_EXIT(measure(path, options, estimate, slack), testing::ExitedWithCode(0), "");
    }
};

constexpr Slack small_model_noise{8L * 1024}; // code that is touched for the first time, and the heap's slack

TEST_F(MemoryEstimate, HoldsForATinyModel) {
    expect_estimate_holds(model_path("tiny-llama-f32.gguf"), {{"n_ctx", 2048}}, small_model_noise);
}

TEST_F(MemoryEstimate, HoldsForALongContextOfATinyModel) {
    expect_estimate_holds(model_path("tiny-llama-q8_0.gguf"), {{"n_ctx", 16384}, {"n_parallel", 8}}, small_model_noise);
}

TEST_F(MemoryEstimate, HoldsForTheDefaultModel) {
    const auto path = real_model();
    if (!path) {
        GTEST_SKIP() << "the default model is not in the cache; python3 -m ci.fetch.default_model puts it there";
    }
    expect_estimate_holds(*path, {{"n_ctx", 512}, {"cache_disk_mib", 0}}, {1024});
}

TEST_F(MemoryEstimate, IsLessByWhatIsReclaimableWhereLaidOutWeightsAreKept) {
    const auto path = real_model();
    if (!path) {
        GTEST_SKIP() << "the default model is not in the cache; python3 -m ci.fetch.default_model puts it there";
    }
    std::optional<TemporaryFolder> folder;
    if (std::getenv(cache_variable) == nullptr) {
        folder.emplace();
        setenv(cache_variable, folder->file("cache").c_str(), 1);
        Log log(LLMODEL_LOG_DEBUG);
        const Model first(*path, {{"n_ctx", 512}, {"cache_dir", std::getenv(cache_variable)}});
        if (log.count("weights are mapped from") == 0) {
            GTEST_SKIP() << "laid-out weights are not kept here";
        }
    }
    // rows of the table of tokens are read as they come up: 49,152 of 576 numbers, in Q8_0
    constexpr long table = 49'152L * 576 / 32 * 34 / 1024;
    expect_estimate_holds(*path, {{"n_ctx", 512}, {"cache_dir", std::getenv(cache_variable)}}, {1024, table}, true);
}

TEST_F(MemoryEstimate, HoldsForDraftsFromNgrams) {
    const auto path = real_model();
    if (!path) {
        GTEST_SKIP() << "the default model is not in the cache; python3 -m ci.fetch.default_model puts it there";
    }
    const json drafts{{"type", "ngram-mod"}};
    expect_estimate_holds(*path, {{"n_ctx", 512}, {"cache_disk_mib", 0}, {"speculative", drafts}}, {1024});
}

TEST(Inspect, DraftsOfOtherRequestsAreEstimatedApart) {
    const std::string path = model_path("tiny-llama-f32.gguf");
    const auto memory_for = [&path](int n_parallel, const char *type) {
        return inspect(path, {{"n_ctx", 512}, {"n_parallel", n_parallel}, {"speculative", {{"type", type}}}})
            .value.at("memory");
    };
    const json one = memory_for(1, "ngram-mod");
    const json four = memory_for(4, "ngram-mod");
    EXPECT_FALSE(one.contains("drafts_max"));
    EXPECT_FALSE(memory_for(4, "none").contains("drafts_max"));
    const auto vocabulary = inspect(path).value.at("n_vocab").get<uint64_t>();
    // probabilities for three more drafts, of 64 tokens each
    const uint64_t drafts = uint64_t{3} * 64 * vocabulary * sizeof(float);
    EXPECT_GE(four.at("drafts_max"), drafts);
    EXPECT_LT(four.at("total").get<uint64_t>() - one.at("total").get<uint64_t>(), drafts / 2);
    // the table of n-grams, which has 16 MiB
    EXPECT_GT(one.at("total").get<uint64_t>(), memory_for(1, "none").at("total").get<uint64_t>() + (16 << 20));
}

} // namespace
