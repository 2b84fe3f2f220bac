#include "api_fixture.h"
#include "full_disk.h"
#include "legacy_files.h"

#include <gmock/gmock.h>

#include <fstream>
#include <iterator>
#include <map>
#include <thread>
#include <vector>

namespace {

using namespace api;
using legacy_files::Recipe;
using testing::HasSubstr;

const Recipe llama{.format = "ggml"};
const Recipe gptj{.format = "ggml", .architecture = "gptj"};
const Recipe mpt{.format = "ggmm", .architecture = "mpt"};

Outcome convert(const std::string &path, const std::string &out_path, const json &options = json::object(),
                std::function<bool(float)> progress = {}) {
    char *text = nullptr;
    llmodel_error *error = nullptr;
    const llmodel_progress_fn report = [](float part, void *user) {
        return (*static_cast<std::function<bool(float)> *>(user))(part) ? 0 : 1;
    };
    const llmodel_status status = llmodel_convert(path.c_str(), out_path.c_str(), options.dump().c_str(),
                                                  progress ? report : nullptr, &progress, &text, &error);
    return outcome(status, text, error, "convert_result");
}

std::string read(const std::string &path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

/** A folder with a file of the recipe, and a cache in it. */
class OldFile {
  public:
    explicit OldFile(const Recipe &recipe = gptj) { legacy_files::write(path(), legacy_files::build(recipe)); }

    std::string path() const { return folder_.file("old.bin"); }
    std::string cache() const { return folder_.file("cache"); }
    std::string out() const { return folder_.file("new.gguf"); }
    json options() const { return {{"cache_dir", cache()}, {"n_ctx", 64}, {"threads", 1}}; }
    size_t files() const { return folder_.files(); }

    /** The files in the cache whose names end so. */
    size_t cached(const std::string &ending) const {
        size_t count = 0;
        std::error_code ignored;
        for (const auto &entry : std::filesystem::directory_iterator(cache() + "/translated", ignored)) {
            count += entry.path().string().ends_with(ending) ? 1 : 0;
        }
        return count;
    }

  private:
    TemporaryFolder folder_;
};

TEST(Convert, WritesAModelThatOpens) {
    for (const Recipe &recipe : {llama, gptj, mpt}) {
        const OldFile file(recipe);
        const Outcome result = convert(file.path(), file.out());
        ASSERT_EQ(result.status, LLMODEL_OK) << result.message;
        EXPECT_EQ(result.value.at("architecture"), recipe.architecture);
        EXPECT_EQ(result.value.at("format"), recipe.format);
        EXPECT_EQ(result.value.at("runs_as"), recipe.architecture == "gptj" ? "phi2" : recipe.architecture);
        EXPECT_EQ(result.value.at("input_bytes"), std::filesystem::file_size(file.path()));
        EXPECT_EQ(result.value.at("output_bytes"), std::filesystem::file_size(file.out()));
        EXPECT_FALSE(result.value.at("choices").empty());
        const json told = inspect(file.out()).value;
        EXPECT_EQ(told.at("architecture"), recipe.architecture);
        EXPECT_EQ(told.at("format"), "gguf");
        EXPECT_EQ(told.at("name"), "old");
        EXPECT_EQ(told.at("metadata").at("gpt4all.source.format"), recipe.format);
        const Model model(file.out(), {{"n_ctx", 64}, {"threads", 1}});
        EXPECT_EQ(model.run("complete", complete("the", {{"max_tokens", 2}})).status(), LLMODEL_OK);
    }
}

TEST(Convert, WeightsAreWhereTheyBelong) {
    const OldFile file;
    ASSERT_EQ(convert(file.path(), file.out()).status, LLMODEL_OK);
    const std::string bytes = read(file.out());
    const auto holds = [&](const std::string &name, const std::vector<std::uint32_t> &rows) {
        std::string values;
        for (const std::uint32_t row : rows) {
            for (std::uint32_t column = 0; column < 32; ++column) {
                const float value = legacy_files::value_at(name, row, column);
                values.append(reinterpret_cast<const char *>(&value), sizeof value);
            }
        }
        return bytes.find(values) != std::string::npos;
    };
    EXPECT_TRUE(holds("transformer.h.0.attn.v_proj.weight", {0, 1, 2, 3}));
    // heads of 16 rows, of which the first 8 are pairs
    EXPECT_TRUE(holds("transformer.h.0.attn.q_proj.weight", {0, 2, 4, 6, 1, 3, 5, 7, 8, 9}));
    EXPECT_TRUE(holds("transformer.h.0.attn.k_proj.weight", {16, 18, 20, 22, 17, 19, 21, 23, 24}));
}

TEST(Convert, TransposedWeightsAreTurned) {
    Recipe recipe = gptj;
    recipe.transposed = true;
    const OldFile file(recipe);
    ASSERT_EQ(convert(file.path(), file.out()).status, LLMODEL_OK);
    const std::string bytes = read(file.out());
    std::string values;
    for (std::uint32_t column = 0; column < 32; ++column) { // stored with rows and columns exchanged
        const float value = legacy_files::value_at("transformer.h.0.attn.v_proj.weight", column, 5);
        values.append(reinterpret_cast<const char *>(&value), sizeof value);
    }
    EXPECT_NE(bytes.find(values), std::string::npos);
}

TEST(Convert, PartsBecomeOneFile) {
    const OldFile whole(llama);
    const OldFile parts(llama);
    legacy_files::write(parts.path(), legacy_files::build(llama, 0, 2));
    ASSERT_EQ(convert(parts.path(), parts.out()).status, LLMODEL_NOT_FOUND);
    legacy_files::write(parts.path() + ".1", legacy_files::build(llama, 1, 2));
    ASSERT_EQ(convert(parts.path(), parts.out()).status, LLMODEL_OK);
    ASSERT_EQ(convert(whole.path(), whole.out()).status, LLMODEL_OK);
    // the tensors lie in the same order, whose values are all that follows the header
    const std::string left = read(parts.out());
    const std::string right = read(whole.out());
    EXPECT_TRUE(left == right);
}

TEST(Convert, TextIsTokenisedWithTheMergesRecovered) {
    const OldFile file;
    const Model model(file.path(), file.options());
    const Answer answer = model.run("tokenize", {{"content", "the the"}});
    ASSERT_EQ(answer.status(), LLMODEL_OK) << answer.failure.message;
    EXPECT_EQ(answer.result.at("tokens"), api::json::array({257, 258})); // "the", " the"
}

TEST(Convert, FilesThatCannotBeConvertedLeaveNothing) {
    const OldFile file;
    EXPECT_EQ(convert(file.path(), file.path()).status, LLMODEL_INVALID_ARGUMENT);
    EXPECT_EQ(convert(model_path("tiny-llama-f32.gguf"), file.out()).status, LLMODEL_UNSUPPORTED);
    EXPECT_EQ(convert(model_path("absent.bin"), file.out()).status, LLMODEL_NOT_FOUND);
    EXPECT_EQ(convert(file.path(), file.out(), {{"n_ctx", -1}}).status, LLMODEL_INVALID_ARGUMENT);
    const std::string bytes = legacy_files::build(gptj);
    legacy_files::write(file.path(), bytes.substr(0, bytes.size() - 1));
    const Outcome truncated = convert(file.path(), file.out());
    EXPECT_EQ(truncated.status, LLMODEL_INVALID_MODEL);
    EXPECT_EQ(truncated.detail.value("tensor", ""), "transformer.h.0.mlp.fc_out.bias");
    EXPECT_TRUE(truncated.detail.contains("offset"));
    EXPECT_EQ(file.files(), 1U);
}

TEST(Convert, ScalesThatGgufCannotHoldAreNamed) {
    Recipe recipe = gptj;
    recipe.type = recipe.file_type = 2;
    recipe.block = 32;
    recipe.block_bytes = 20;
    const OldFile file(recipe);
    std::string bytes = legacy_files::build(recipe);
    const std::string name = "transformer.h.0.attn.v_proj.weight";
    bytes.replace(bytes.find(name) + name.size(), 4, legacy_files::word(0x7F000000)); // 1.7e38
    legacy_files::write(file.path(), bytes);
    const Outcome result = convert(file.path(), file.out());
    EXPECT_EQ(result.status, LLMODEL_INVALID_MODEL);
    EXPECT_EQ(result.detail.value("tensor", ""), name);
    EXPECT_EQ(file.files(), 1U);
}

TEST(Convert, CancellingLeavesNothing) {
    for (const float at : {0.0F, 0.5F, 1.0F}) {
        const OldFile file;
        const Outcome result = convert(file.path(), file.out(), json::object(), [at](float part) { return part < at; });
        EXPECT_EQ(result.status, LLMODEL_CANCELLED) << result.message;
        EXPECT_EQ(file.files(), 1U);
    }
}

TEST(Convert, FullDiskIsAnErrorAndLeavesNothing) {
    const OldFile file;
    Outcome result;
    Failure opened;
    {
        const FullDisk full(50000);
        result = convert(file.path(), file.out());
        opened = refuse(file.path(), file.options());
    }
    EXPECT_EQ(result.status, LLMODEL_IO) << result.message;
    EXPECT_EQ(opened.status, LLMODEL_IO) << opened.message;
    EXPECT_EQ(file.cached(".gguf") + file.cached(".part"), 0U);
    EXPECT_FALSE(std::filesystem::exists(file.out()));
}

TEST(Convert, QuantisingTakesOldFilesToo) {
    const OldFile file;
    const Outcome result = quantize(file.path(), file.out(), {{"type", "Q8_0"}, {"cache_dir", file.cache()}});
    ASSERT_EQ(result.status, LLMODEL_OK) << result.message;
    EXPECT_EQ(inspect(file.out()).value.at("architecture"), "gptj");
    EXPECT_EQ(inspect(file.out()).value.at("quantization"), "Q8_0");
    const json calibrate{{"text", "ababababab"}, {"n_ctx", 4}, {"cache_dir", file.cache()}};
    const Outcome matrix = imatrix(file.path(), file.out(), calibrate);
    EXPECT_EQ(matrix.status, LLMODEL_OK) << matrix.message;
}

TEST(TranslationCache, OldFilesOpenAndAreTranslatedOnce) {
    const OldFile file;
    const json before = inspect(file.path(), file.options()).value;
    EXPECT_EQ(before.at("architecture"), "gptj");
    EXPECT_EQ(before.at("runs_as"), "phi2");
    EXPECT_EQ(before.at("format"), "ggml");
    EXPECT_EQ(before.at("path"), file.path());
    EXPECT_EQ(before.at("size"), std::filesystem::file_size(file.path()));
    EXPECT_EQ(before.at("translation").at("path"), nullptr);
    EXPECT_TRUE(before.at("memory").at("exact"));
    EXPECT_EQ(file.cached(".gguf"), 0U); // not for a look

    expect_works(Model(file.path(), file.options()));
    EXPECT_EQ(file.cached(".gguf"), 1U);
    const json after = inspect(file.path(), file.options()).value;
    const std::string made = after.at("translation").at("path");
    EXPECT_EQ(std::filesystem::file_size(made), after.at("translation").at("size"));
    EXPECT_EQ(before.at("memory").at("total"), after.at("memory").at("total"));

    const auto written = std::filesystem::last_write_time(made);
    const Model again(file.path(), file.options());
    EXPECT_EQ(std::filesystem::last_write_time(made), written);
    EXPECT_EQ(info(again.get()).value.at("translation").at("path"), made);
    EXPECT_EQ(file.cached(".gguf"), 1U);
    EXPECT_EQ(file.cached(".part"), 0U);
}

/** The user does not know the translation's name. */
TEST(TranslationCache, ErrorsTellOfTheOldFile) {
    const OldFile file;
    const auto expect_named = [&](llmodel_status expected, llmodel_status status, const std::string &message) {
        EXPECT_EQ(status, expected) << message;
        EXPECT_THAT(message, HasSubstr(file.path()));
        EXPECT_THAT(message, testing::Not(HasSubstr("translated/")));
    };
    json small = file.options();
    small["memory_budget"] = 1000;
    const Failure refused = refuse(file.path(), small);
    expect_named(LLMODEL_OUT_OF_MEMORY, refused.status, refused.message);

    const json type{{"type", "Q8_0"}, {"cache_dir", file.cache()}};
    const auto once = [](float part) { return part < 0.9F; };
    Outcome cancelled = quantize(file.path(), file.out(), type, once);
    expect_named(LLMODEL_CANCELLED, cancelled.status, cancelled.message);
    EXPECT_EQ(cancelled.detail.at("path"), file.path());
    const json calibrate{{"text", "ababababab"}, {"n_ctx", 4}, {"cache_dir", file.cache()}};
    cancelled = imatrix(file.path(), file.out(), calibrate, once);
    expect_named(LLMODEL_CANCELLED, cancelled.status, cancelled.message);
}

TEST(TranslationCache, ContentDecides) {
    const OldFile file;
    ASSERT_EQ(open_and_close(file.path(), file.options()).status, LLMODEL_OK);
    const std::string copy = file.path() + ".copy";
    std::filesystem::copy_file(file.path(), copy);
    ASSERT_EQ(open_and_close(copy, file.options()).status, LLMODEL_OK);
    EXPECT_EQ(file.cached(".gguf"), 1U); // the same one
    std::string bytes = legacy_files::build(gptj);
    bytes.back() = static_cast<char>(bytes.back() ^ 1);
    legacy_files::write(file.path(), bytes); // of the same size
    ASSERT_EQ(open_and_close(file.path(), file.options()).status, LLMODEL_OK);
    EXPECT_EQ(file.cached(".gguf"), 2U);
}

TEST(TranslationCache, DamagedTranslationsAreMadeAgain) {
    const OldFile file;
    ASSERT_EQ(open_and_close(file.path(), file.options()).status, LLMODEL_OK);
    const std::string made = inspect(file.path(), file.options()).value.at("translation").at("path");
    const std::string whole = read(made);
    legacy_files::write(made, whole.substr(0, whole.size() / 2));
    ASSERT_EQ(open_and_close(file.path(), file.options()).status, LLMODEL_OK);
    EXPECT_TRUE(read(made) == whole);
    legacy_files::write(made, std::string(whole.size(), 'x'));
    ASSERT_EQ(open_and_close(file.path(), file.options()).status, LLMODEL_OK);
    EXPECT_TRUE(read(made) == whole);
}

TEST(TranslationCache, ThreadsThatOpenTheSameFileTranslateItOnce) {
    const OldFile file;
    std::vector<llmodel_status> results(4);
    std::vector<std::thread> threads;
    threads.reserve(results.size());
    for (llmodel_status &result : results) {
        threads.emplace_back([&] { result = open_and_close(file.path(), file.options()).status; });
    }
    for (std::thread &thread : threads) {
        thread.join();
    }
    EXPECT_THAT(results, testing::Each(LLMODEL_OK));
    EXPECT_EQ(file.cached(".gguf"), 1U);
    EXPECT_EQ(file.cached(".part"), 0U);
}

TEST(TranslationCache, FoldersThatCannotBeMadeAreNamed) {
    const OldFile file;
    legacy_files::write(file.cache(), "a file in its place");
    const Failure failure = refuse(file.path(), file.options());
    EXPECT_EQ(failure.status, LLMODEL_IO);
    EXPECT_THAT(failure.message, HasSubstr("cache_dir"));
}

} // namespace
