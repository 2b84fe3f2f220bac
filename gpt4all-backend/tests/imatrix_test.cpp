#include "api_fixture.h"
#include "full_disk.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace api;
using testing::HasSubstr;

const std::string tiny_name = "tiny-llama-f32.gguf";

// Its rows have 256 values, so that the smallest types can hold them.
const std::string wide = "trained/shakespeare-llama-q8_0.gguf";

std::string prose(int sentences = 100) {
    std::string text;
    for (int i = 0; i < sentences; ++i) {
        text += "The house number " + std::to_string(i * i) + " is old, and its garden is green in spring. ";
    }
    return text;
}

json options(const json &more = json::object()) {
    json all{{"text", prose()}, {"n_ctx", 64}, {"chunks", 3}, {"threads", 1}};
    all.update(more);
    return all;
}

TEST(Imatrix, TellsWhatItWrote) {
    const TemporaryFolder folder;
    const std::string out = folder.file("imatrix.gguf");
    const Outcome result = imatrix(model_path(tiny_name), out, options());
    ASSERT_EQ(result.status, LLMODEL_OK) << result.message;
    EXPECT_EQ(result.value.at("path"), out);
    EXPECT_EQ(result.value.at("dataset"), "text");
    EXPECT_EQ(result.value.at("chunks"), 3);
    EXPECT_EQ(result.value.at("n_ctx"), 64);
    EXPECT_EQ(result.value.at("tokens"), 192);
    EXPECT_EQ(result.value.at("weights"), 14); // seven of two blocks
    EXPECT_EQ(result.value.at("idle_experts"), 0);
    EXPECT_EQ(result.value.at("output_bytes"), std::filesystem::file_size(out));
    EXPECT_EQ(folder.files(), 1U);
    const Outcome more = imatrix(model_path(tiny_name), out, options({{"output_tensor", true}, {"dataset", "houses"}}));
    EXPECT_EQ(more.value.at("weights"), 15);
    EXPECT_EQ(more.value.at("dataset"), "houses");
}

/** IQ2_XXS stands for them: computing the tables of IQ1_S takes ten times as long. */
TEST(Imatrix, MakesTypesThatNeedOne) {
    const TemporaryFolder folder;
    const std::string matrix = folder.file("imatrix.gguf");
    ASSERT_EQ(imatrix(model_path(wide), matrix, options()).status, LLMODEL_OK);
    const std::string out = folder.file("out.gguf");
    json request{{"type", "IQ2_XXS"}, {"allow_requantize", true}};
    EXPECT_EQ(quantize(model_path(wide), out, request).status, LLMODEL_INVALID_ARGUMENT);
    request["imatrix"] = matrix;
    const Outcome result = quantize(model_path(wide), out, request);
    ASSERT_EQ(result.status, LLMODEL_OK) << result.message;
    const json made = inspect(out).value;
    EXPECT_EQ(made.at("quantization"), "IQ2_XXS");
    EXPECT_EQ(made.at("metadata").at("quantize.imatrix.file"), "imatrix.gguf");
    EXPECT_EQ(made.at("metadata").at("quantize.imatrix.dataset"), "text");
    EXPECT_EQ(made.at("metadata").at("quantize.imatrix.chunks_count"), 3);
    EXPECT_EQ(open_and_close(out).status, LLMODEL_OK);
}

TEST(Imatrix, ModelsThatOnlyEncodeHaveOne) {
    const TemporaryFolder folder;
    const std::string matrix = folder.file("imatrix.gguf");
    const Outcome made = imatrix(model_path("tiny-bert.gguf"), matrix, {{"text", prose()}, {"chunks", 2}});
    ASSERT_EQ(made.status, LLMODEL_OK) << made.message;
    EXPECT_EQ(made.value.at("n_ctx"), 256); // for which it was trained
    EXPECT_EQ(made.value.at("weights"), 12);
    EXPECT_EQ(
        quantize(model_path("tiny-bert.gguf"), folder.file("out.gguf"), {{"type", "Q4_0"}, {"imatrix", matrix}}).status,
        LLMODEL_OK);
}

TEST(Imatrix, TextComesFromAFile) {
    const TemporaryFolder folder;
    std::ofstream(folder.file("prose.txt")) << prose();
    json from_file = options({{"file", folder.file("prose.txt")}});
    from_file.erase("text");
    const Outcome result = imatrix(model_path(tiny_name), folder.file("a"), from_file);
    ASSERT_EQ(result.status, LLMODEL_OK) << result.message;
    EXPECT_EQ(result.value.at("dataset"), "prose.txt");
    from_file["chunks"] = 0;
    EXPECT_GT(imatrix(model_path(tiny_name), folder.file("a"), from_file).value.at("chunks"), 3);
}

TEST(Imatrix, TextsThatDoNotServeAreRefused) {
    const TemporaryFolder folder;
    std::ofstream(folder.file("latin1.txt"), std::ios::binary) << prose() << "caf\xe9";
    const auto refuse = [&](const json &given, llmodel_status status, const std::string &option) {
        const Outcome result = imatrix(model_path(tiny_name), folder.file("out.gguf"), given);
        EXPECT_EQ(result.status, status) << given << ": " << result.message;
        EXPECT_EQ(result.detail.value("path", ""), option) << result.message;
        EXPECT_FALSE(std::filesystem::exists(folder.file("out.gguf")));
        EXPECT_EQ(folder.files(), 1U);
    };
    refuse(json::object(), LLMODEL_INVALID_ARGUMENT, "/text");
    refuse({{"text", prose()}, {"file", "x"}}, LLMODEL_INVALID_ARGUMENT, "/text");
    refuse({{"text", "too short"}}, LLMODEL_INVALID_ARGUMENT, "/text");
    refuse({{"file", folder.file("")}}, LLMODEL_INVALID_ARGUMENT, "/file");
    refuse({{"file", "/dev/zero"}}, LLMODEL_INVALID_ARGUMENT, "/file");
    refuse({{"file", folder.file("latin1.txt")}}, LLMODEL_INVALID_ARGUMENT, "/file");
    refuse({{"file", folder.file("none.txt")}}, LLMODEL_NOT_FOUND, folder.file("none.txt"));
    refuse({{"text", prose()}, {"n_ctx", 4096}}, LLMODEL_INVALID_ARGUMENT, "/n_ctx");
    refuse({{"text", prose()}, {"device", "abacus"}}, LLMODEL_INVALID_ARGUMENT, "/device");
    refuse({{"text", prose()}, {"chunk", 1}}, LLMODEL_INVALID_ARGUMENT, "/chunk");
}

TEST(Imatrix, FilesThatDoNotServeAreRefused) {
    const TemporaryFolder folder;
    const std::string out = folder.file("out.gguf");
    EXPECT_EQ(imatrix(model_path("absent.gguf"), out, options()).status, LLMODEL_NOT_FOUND);
    EXPECT_EQ(imatrix(model_path("tiny-llama-lora.gguf"), out, options()).status, LLMODEL_UNSUPPORTED);
    EXPECT_EQ(imatrix(model_path(tiny_name), folder.file(""), options()).status, LLMODEL_INVALID_ARGUMENT);
    EXPECT_EQ(imatrix(model_path(tiny_name), folder.file("no/folder/out"), options()).status, LLMODEL_NOT_FOUND);
    for (const auto &broken : std::filesystem::directory_iterator(model_path("broken"))) {
        const Outcome result = imatrix(broken.path().string(), out, options());
        EXPECT_TRUE(result.status == LLMODEL_INVALID_MODEL || result.status == LLMODEL_UNSUPPORTED ||
                    result.status == LLMODEL_OUT_OF_MEMORY)
            << broken.path() << ": " << result.message;
    }
    EXPECT_EQ(folder.files(), 0U);

    std::filesystem::copy_file(model_path(tiny_name), folder.file("same.gguf"));
    const Outcome same = imatrix(folder.file("same.gguf"), folder.file("same.gguf"), options());
    EXPECT_EQ(same.status, LLMODEL_INVALID_ARGUMENT);
    EXPECT_EQ(inspect(folder.file("same.gguf")).status, LLMODEL_OK);
}

TEST(Imatrix, WeightsThatAreNotFiniteAreTold) {
    if (sanitized) {
        GTEST_SKIP()
            << "sanitizer builds keep llama.cpp's assert(), which ends the process at a number that is not finite";
    }
    const TemporaryFolder folder;
    std::string bytes;
    {
        std::ifstream file(model_path(tiny_name), std::ios::binary);
        bytes.assign(std::istreambuf_iterator<char>(file), {});
    }
    // the end of the file is weights of the last tensors
    const size_t half = bytes.size() / 2 / sizeof(float) * sizeof(float);
    std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(half), bytes.end(), '\xff');
    std::ofstream(folder.file("nan.gguf"), std::ios::binary) << bytes;
    const Outcome result = imatrix(folder.file("nan.gguf"), folder.file("out.gguf"), options());
    EXPECT_EQ(result.status, LLMODEL_INVALID_MODEL) << result.message;
    EXPECT_THAT(result.message, HasSubstr("is not finite"));
    EXPECT_EQ(folder.files(), 1U);
}

TEST(Imatrix, ProgressGrowsOnTheCallersThread) {
    const TemporaryFolder folder;
    std::vector<float> seen;
    const auto caller = std::this_thread::get_id();
    bool elsewhere = false;
    const Outcome result = imatrix(model_path(tiny_name), folder.file("out.gguf"), options(), [&](float part) {
        seen.push_back(part);
        elsewhere = elsewhere || std::this_thread::get_id() != caller;
        return true;
    });
    ASSERT_EQ(result.status, LLMODEL_OK) << result.message;
    EXPECT_FALSE(elsewhere);
    EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end()));
    EXPECT_EQ(seen.front(), 0.0F);
    EXPECT_EQ(seen.back(), 1.0F);
}

TEST(Imatrix, CancellingLeavesNothing) {
    for (const float at : {0.0F, 0.05F, 0.5F, 1.0F}) {
        const TemporaryFolder folder;
        const Outcome result =
            imatrix(model_path(tiny_name), folder.file("out.gguf"), options(), [at](float part) { return part < at; });
        EXPECT_EQ(result.status, LLMODEL_CANCELLED) << result.message;
        EXPECT_EQ(folder.files(), 0U);
    }
}

TEST(Imatrix, FullDiskIsAnErrorAndLeavesNothing) {
    const TemporaryFolder folder;
    const Outcome result = [&] {
        const FullDisk full(1000);
        return imatrix(model_path(tiny_name), folder.file("out.gguf"), options());
    }();
    EXPECT_EQ(result.status, LLMODEL_IO) << result.message;
    EXPECT_EQ(folder.files(), 0U);
}

} // namespace
