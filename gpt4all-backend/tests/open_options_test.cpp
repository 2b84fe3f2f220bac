#include "api_fixture.h"

#include <gmock/gmock.h>

#include <algorithm>

namespace {

using namespace api;
using testing::HasSubstr;

json memory(const json &options, const std::string &name = "tiny-llama-f32.gguf") {
    const Outcome result = inspect(model_path(name), options);
    EXPECT_EQ(result.status, LLMODEL_OK) << options << ": " << result.message;
    return result.status == LLMODEL_OK ? result.value.at("memory") : json();
}

uint64_t host(const json &memory, const char *part) {
    return memory.at("devices").at(0).at(part).get<uint64_t>();
}

void expect_refused(const json &options, llmodel_status status, const std::string &path) {
    const Outcome result = inspect(model_path("tiny-llama-f32.gguf"), options);
    EXPECT_EQ(result.status, status) << options << ": " << result.message;
    EXPECT_EQ(result.detail.value("path", ""), path) << options;
    EXPECT_FALSE(result.message.empty());
}

TEST(OpenOptions, ContextIsTheTrainedOneUnlessGiven) {
    const Outcome result = inspect(model_path("tiny-llama-f32.gguf"));
    ASSERT_EQ(result.status, LLMODEL_OK) << result.message;
    EXPECT_EQ(result.value.at("memory").at("n_ctx"),
              std::min<uint64_t>(result.value.at("n_ctx_train").get<uint64_t>(), 8192));
    EXPECT_EQ(memory({{"n_ctx", 512}}).at("n_ctx"), 512);
}

TEST(OpenOptions, CacheOfKeysAndValuesIsAsLongAndAsWideAsAskedFor) {
    const json model_info = inspect(model_path("tiny-llama-f32.gguf")).value;
    const auto head_width = model_info.at("n_embd").get<uint64_t>() / model_info.at("n_head").get<uint64_t>();
    const uint64_t per_token = model_info.at("n_layer").get<uint64_t>() * model_info.at("n_head_kv").get<uint64_t>() *
                               head_width * 2; // values
    EXPECT_EQ(host(memory({{"n_ctx", 1024}}), "context"), 1024 * per_token * 2);
    EXPECT_EQ(host(memory({{"n_ctx", 2048}, {"cache_type_k", "f32"}, {"cache_type_v", "f32"}}), "context"),
              2048 * per_token * 4);
    // 32 values in 34 bytes
    EXPECT_EQ(host(memory({{"n_ctx", 1024}, {"cache_type_k", "q8_0"}, {"cache_type_v", "q8_0"}}), "context"),
              1024 * per_token * 34 / 32);
}

TEST(OpenOptions, DeviceThatDoesNotExistIsNamed) {
    const Outcome result = inspect(model_path("tiny-llama-f32.gguf"), {{"device", {"CPU", "TPU7"}}});
    EXPECT_EQ(result.status, LLMODEL_INVALID_ARGUMENT);
    EXPECT_THAT(result.message, HasSubstr("TPU7"));
    EXPECT_EQ(result.detail.at("path"), "/device");
    EXPECT_FALSE(result.detail.at("devices").empty());
    EXPECT_EQ(memory({{"device", "cpu"}}).at("devices").size(), 1U);
}

TEST(OpenOptions, GpuIsAnErrorWhereThereIsNone) {
    const Outcome found = devices();
    for (const json &device : found.value.at("devices")) {
        if (device.at("type") == "gpu" || device.at("type") == "igpu") {
            GTEST_SKIP() << "this machine has a GPU";
        }
    }
    expect_refused({{"device", "gpu"}}, LLMODEL_INVALID_ARGUMENT, "/device");
}

TEST(OpenOptions, ContradictionsAndOddValuesAreNamed) {
    expect_refused({{"cache_type_v", "q8_0"}, {"flash_attn", "off"}}, LLMODEL_INVALID_ARGUMENT, "/cache_type_v");
    expect_refused({{"tensor_split", std::vector<double>(100, 1.0)}}, LLMODEL_INVALID_ARGUMENT, "/tensor_split");
    expect_refused({{"n_ctx", -1}}, LLMODEL_INVALID_ARGUMENT, "/n_ctx");
    expect_refused({{"rope_scaling", "spline"}}, LLMODEL_INVALID_ARGUMENT, "/rope_scaling");
    expect_refused({{"speculative", {{"type", "ngram-mod"}, {"n_max", 8}, {"n_min", 9}}}}, LLMODEL_INVALID_ARGUMENT,
                   "/speculative/n_min");
    expect_refused({{"draft", {{"path", model_path("tiny-llama-f32.gguf")}, {"n_max", 2}, {"n_min", 3}}}},
                   LLMODEL_INVALID_ARGUMENT, "/draft/n_min");
}

TEST(OpenOptions, AdapterIsCheckedAndItsWeightsCount) {
    const std::string adapter = model_path("tiny-llama-lora.gguf");
    const uint64_t without = host(memory(json::object()), "weights");
    EXPECT_GT(host(memory({{"lora", {{{"path", adapter}, {"scale", 0.5}}}}}), "weights"), without);

    const auto refuse = [](const std::string &path) {
        return inspect(model_path("tiny-llama-f32.gguf"), {{"lora", {{{"path", path}}}}});
    };
    EXPECT_EQ(refuse(model_path("absent.gguf")).status, LLMODEL_NOT_FOUND);
    EXPECT_EQ(refuse(model_path("tiny-llama-q8_0.gguf")).status, LLMODEL_UNSUPPORTED);
    EXPECT_THAT(refuse(model_path("tiny-llama-q8_0.gguf")).message, HasSubstr("tiny-llama-q8_0.gguf"));
    EXPECT_NE(inspect(model_path("tiny-bert.gguf"), {{"lora", {{{"path", adapter}}}}}).status, LLMODEL_OK);
}

TEST(OpenOptions, DraftModelIsCheckedAndItsMemoryCounts) {
    const json alone = memory({{"n_ctx", 1024}});
    const json both = memory({{"n_ctx", 1024}, {"draft", {{"path", model_path("tiny-llama-f32.gguf")}}}});
    EXPECT_EQ(host(both, "context"), 2 * host(alone, "context"));
    EXPECT_EQ(host(both, "weights"), 2 * host(alone, "weights"));
    EXPECT_EQ(inspect(model_path("tiny-llama-f32.gguf"), {{"draft", {{"path", model_path("absent.gguf")}}}}).status,
              LLMODEL_NOT_FOUND);
    EXPECT_EQ(
        inspect(model_path("tiny-llama-f32.gguf"), {{"draft", {{"path", model_path("tiny-llama-lora.gguf")}}}}).status,
        LLMODEL_UNSUPPORTED);
}

TEST(OpenOptions, WithoutRepackingNothingIsCopied) {
    const std::string quantized = "tiny-llama-q4_0.gguf";
    const json plain = memory({{"repack", false}}, quantized);
    EXPECT_EQ(plain.at("reclaimable"), 0);
    EXPECT_LE(host(plain, "weights"), std::filesystem::file_size(model_path(quantized)));
}

} // namespace
