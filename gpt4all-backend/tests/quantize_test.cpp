#include "api_fixture.h"
#include "full_disk.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace api;

const std::string source = "tiny-llama-f32.gguf";

/** An importance matrix in the format that llama-imatrix wrote before 2025. */
void write_imatrix(const std::string &path, const std::vector<std::pair<std::string, std::vector<float>>> &entries) {
    std::ofstream file(path, std::ios::binary);
    const auto number = [&file](size_t value) {
        const auto narrow = static_cast<int32_t>(value);
        file.write(reinterpret_cast<const char *>(&narrow), sizeof narrow);
    };
    number(entries.size());
    for (const auto &[name, values] : entries) {
        number(name.size());
        file << name;
        number(1); // calls
        number(values.size());
        file.write(reinterpret_cast<const char *>(values.data()),
                   static_cast<std::streamsize>(values.size() * sizeof(float)));
    }
}

TEST(Quantize, WritesAModelOfTheTypeThatOpens) {
    const TemporaryFolder folder;
    const std::string out = folder.file("out.gguf");
    const Outcome result = quantize(model_path(source), out, {{"type", "Q8_0"}});
    ASSERT_EQ(result.status, LLMODEL_OK) << result.message;
    EXPECT_EQ(result.value.at("path"), out);
    EXPECT_EQ(result.value.at("type"), "Q8_0");
    EXPECT_EQ(result.value.at("input_bytes"), std::filesystem::file_size(model_path(source)));
    EXPECT_EQ(result.value.at("output_bytes"), std::filesystem::file_size(out));
    EXPECT_NEAR(result.value.at("bits_per_weight").get<double>(), 8.5, 0.2);
    EXPECT_EQ(folder.files(), 1U);
    EXPECT_EQ(inspect(out).value.at("quantization"), "Q8_0");
    EXPECT_EQ(inspect(out).value.at("n_params"), inspect(model_path(source)).value.at("n_params"));
    EXPECT_EQ(open_and_close(out).status, LLMODEL_OK);
}

TEST(Quantize, CopyKeepsEveryWeight) {
    const TemporaryFolder folder;
    ASSERT_EQ(quantize(model_path(source), folder.file("copy.gguf"), {{"type", "COPY"}}).status, LLMODEL_OK);
    EXPECT_EQ(inspect(folder.file("copy.gguf")).value.at("bits_per_weight"), 32.0);
}

TEST(Quantize, EveryTypeIsMadeOrRefusedWithAReason) {
    const TemporaryFolder folder;
    const std::map<std::string, std::string> same_types = {
        {"Q5_K", "Q5_K_M"}, {"Q4_K", "Q4_K_M"}, {"Q3_K", "Q3_K_M"}, {"COPY", "F32"}};
    for (const char *type :
         {"F32",    "F16",  "BF16",   "Q8_0",   "Q6_K",  "Q5_K",   "Q5_K_M", "Q5_K_S",  "Q5_1",     "Q5_0",
          "Q4_K",   "Q4_1", "Q4_K_M", "Q4_K_S", "Q4_0",  "IQ4_XS", "IQ4_NL", "Q3_K",    "Q3_K_L",   "Q3_K_M",
          "Q3_K_S", "Q2_K", "IQ3_M",  "IQ3_S",  "TQ2_0", "IQ3_XS", "TQ1_0",  "IQ3_XXS", "Q2_K_S",   "IQ2_M",
          "IQ2_S",  "Q2_0", "IQ2_XS", "IQ1_M",  "IQ1_S", "Q1_0",   "COPY",   "IQ2_XXS", "MXFP4_MOE"}) {
        for (const bool pure : {false, true}) {
            const std::string out = folder.file(std::string(type) + (pure ? "-pure" : ""));
            const Outcome result = quantize(model_path(source), out, {{"type", type}, {"pure", pure}});
            if (result.status == LLMODEL_OK) {
                const Outcome made = inspect(out);
                EXPECT_EQ(made.status, LLMODEL_OK) << type;
                const auto same = same_types.find(type);
                EXPECT_EQ(made.value.value("quantization", ""), same == same_types.end() ? type : same->second);
            } else {
                EXPECT_TRUE(result.status == LLMODEL_UNSUPPORTED || result.status == LLMODEL_INVALID_ARGUMENT)
                    << type << ": " << result.message;
                EXPECT_FALSE(std::filesystem::exists(out));
            }
        }
    }
    EXPECT_GT(folder.files(), 60U);
}

TEST(Quantize, TensorsTakeTheTypesGiven) {
    const TemporaryFolder folder;
    const auto bits = [&](const json &options) {
        const Outcome result = quantize(model_path(source), folder.file("out.gguf"), options);
        EXPECT_EQ(result.status, LLMODEL_OK) << result.message;
        return result.value.value("bits_per_weight", 0.0);
    };
    const double pure = bits({{"type", "Q4_0"}, {"pure", true}});
    EXPECT_GT(bits({{"type", "Q4_0"}, {"pure", true}, {"token_embedding_type", "q8_0"}}), pure);
    const json ffn{{"pattern", "ffn_down"}, {"type", "q8_0"}};
    EXPECT_GT(bits({{"type", "Q4_0"}, {"pure", true}, {"tensor_types", {ffn}}}), pure);
}

TEST(Quantize, OptionsThatCannotBeMetAreNamed) {
    const TemporaryFolder folder;
    const auto refuse = [&](const std::string &path, const json &options, const std::string &option) {
        const Outcome result = quantize(path, folder.file("out.gguf"), options);
        EXPECT_EQ(result.status, LLMODEL_INVALID_ARGUMENT) << options << ": " << result.message;
        EXPECT_EQ(result.detail.value("path", ""), option) << result.message;
        EXPECT_EQ(folder.files(), 0U);
    };
    const json broken{{"pattern", "("}, {"type", "q8_0"}};
    refuse(model_path(source), {{"type", "Q4_0"}, {"tensor_types", {broken}}}, "/tensor_types/0/pattern");
    refuse(model_path("tiny-llama-q8_0.gguf"), {{"type", "Q4_0"}}, "/allow_requantize");
    refuse(model_path(source), {{"type", "Q9"}}, "/type");
}

TEST(Quantize, QuantisedModelIsQuantisedAgainWhereAllowed) {
    const TemporaryFolder folder;
    const Outcome result = quantize(model_path("tiny-llama-q8_0.gguf"), folder.file("out.gguf"),
                                    {{"type", "Q4_0"}, {"allow_requantize", true}});
    EXPECT_EQ(result.status, LLMODEL_OK) << result.message;
}

TEST(Quantize, FilesThatCannotBeQuantisedAreRefused) {
    const TemporaryFolder folder;
    const std::string out = folder.file("out.gguf");
    EXPECT_EQ(quantize(model_path("absent.gguf"), out, {{"type", "Q8_0"}}).status, LLMODEL_NOT_FOUND);
    EXPECT_EQ(quantize(model_path("tiny-llama-lora.gguf"), out, {{"type", "Q8_0"}}).status, LLMODEL_UNSUPPORTED);
    std::ofstream(folder.file("noise.gguf")) << "no model";
    EXPECT_NE(quantize(folder.file("noise.gguf"), out, {{"type", "Q8_0"}}).status, LLMODEL_OK);
    EXPECT_FALSE(std::filesystem::exists(out));

    std::filesystem::copy_file(model_path(source), folder.file("same.gguf"));
    const Outcome same = quantize(folder.file("same.gguf"), folder.file("same.gguf"), {{"type", "Q8_0"}});
    EXPECT_EQ(same.status, LLMODEL_INVALID_ARGUMENT);
    EXPECT_EQ(inspect(folder.file("same.gguf")).value.at("quantization"), "F32");

    EXPECT_EQ(quantize(model_path(source), folder.file("no/such/folder/out.gguf"), {{"type", "Q8_0"}}).status,
              LLMODEL_NOT_FOUND);
}

TEST(Quantize, ImportanceMatrixIsUsedAndRecorded) {
    const TemporaryFolder folder;
    const json info = inspect(model_path(source)).value;
    const auto width = info.at("n_embd").get<size_t>();
    const std::string matrix = folder.file("imatrix.dat");
    std::vector<float> importance(width, 1.0F);
    importance.front() = 1000.0F;
    write_imatrix(matrix, {{"blk.0.attn_q.weight", importance}});
    const json options{{"type", "Q4_0"}, {"imatrix", matrix}};
    const Outcome result = quantize(model_path(source), folder.file("with.gguf"), options);
    ASSERT_EQ(result.status, LLMODEL_OK) << result.message;
    const json metadata = inspect(folder.file("with.gguf")).value.at("metadata");
    EXPECT_EQ(metadata.at("quantize.imatrix.file"), "imatrix.dat");
    EXPECT_EQ(metadata.at("quantize.imatrix.entries_count"), 1);
}

TEST(Quantize, DamagedImportanceMatricesAreRefused) {
    const TemporaryFolder folder;
    const std::string out = folder.file("out.gguf");
    const auto status = [&](const std::string &name) {
        return quantize(model_path(source), out, {{"type", "Q4_0"}, {"imatrix", folder.file(name)}}).status;
    };
    EXPECT_EQ(status("absent.dat"), LLMODEL_NOT_FOUND);
    std::ofstream(folder.file("huge.dat"), std::ios::binary) << std::string("\xff\xff\xff\x7f\xff\xff\xff\x7f", 8);
    EXPECT_EQ(status("huge.dat"), LLMODEL_INVALID_MODEL);
    write_imatrix(folder.file("negative.dat"), {{"blk.0.attn_q.weight", {-1.0F}}});
    EXPECT_EQ(status("negative.dat"), LLMODEL_INVALID_MODEL);
    write_imatrix(folder.file("narrow.dat"), {{"blk.0.attn_q.weight", {1.0F}}});
    EXPECT_EQ(status("narrow.dat"), LLMODEL_INVALID_ARGUMENT);
    EXPECT_FALSE(std::filesystem::exists(out));
}

TEST(Quantize, ProgressGrowsOnTheCallersThread) {
    const TemporaryFolder folder;
    std::vector<float> seen;
    const auto caller = std::this_thread::get_id();
    bool elsewhere = false;
    const Outcome result = quantize(model_path(source), folder.file("out.gguf"), {{"type", "IQ4_NL"}}, [&](float part) {
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

TEST(Quantize, CancellingLeavesNothing) {
    for (const float at : {0.0F, 1.0F}) {
        const TemporaryFolder folder;
        const Outcome result = quantize(model_path(source), folder.file("out.gguf"), {{"type", "Q4_K"}},
                                        [at](float part) { return part < at; });
        EXPECT_EQ(result.status, LLMODEL_CANCELLED) << result.message;
        EXPECT_EQ(folder.files(), 0U);
    }
}

TEST(Quantize, FullDiskIsAnErrorAndLeavesNothing) {
    const TemporaryFolder folder;
    const Outcome result = [&] {
        const FullDisk full(100000);
        return quantize(model_path(source), folder.file("out.gguf"), {{"type", "F16"}});
    }();
    EXPECT_EQ(result.status, LLMODEL_IO) << result.message;
    EXPECT_EQ(folder.files(), 0U);
}

} // namespace
