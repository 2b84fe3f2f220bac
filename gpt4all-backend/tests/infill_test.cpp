#include "api_fixture.h"
#include "gguf_edit.h"

#include <fstream>

namespace {

using namespace api;

TEST(Infill, IsRefusedWhereTheModelHasNoTokensForIt) {
    const TinyLlama model;
    const Answer answer = model.run("infill", {{"input_prefix", "def f(x):\n"}, {"input_suffix", "return y\n"}});
    EXPECT_EQ(answer.status(), LLMODEL_UNSUPPORTED) << answer.failure.message;
    expect_works(model);
}

using llmodel::GgufType;
using llmodel::test::EditableGguf;

/** Tokens that the vocabularies of both small models have. */
enum : uint32_t { prefix_id = 301, suffix_id, middle_id, repository_id, file_id };

/** A copy of a small model with tokens for infilling. */
std::string with_infill_tokens(const TemporaryFolder &folder, const std::string &name, bool with_files) {
    EditableGguf model = EditableGguf::parse(llmodel::test::read_bytes(model_path(name)));
    std::vector<std::pair<std::string, uint32_t>> ids = {{"pre", prefix_id}, {"suf", suffix_id}, {"mid", middle_id}};
    if (with_files) {
        ids.insert(ids.end(), {{"rep", repository_id}, {"sep", file_id}});
    }
    for (const auto &[kind, id] : ids) {
        model.set<uint32_t>("tokenizer.ggml.fim_" + kind + "_token_id", GgufType::uint32, id);
    }
    const std::string path = folder.file(name.substr(name.rfind('/') + 1));
    const auto bytes = model.serialize();
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char *>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    return path;
}

json tokens_of(const Model &model, const std::string &text) {
    return model.run("tokenize", {{"content", text}}).result.at("tokens");
}

json joined(const std::vector<json> &parts) {
    json all = json::array();
    for (const json &part : parts) {
        if (part.is_array()) {
            all.insert(all.end(), part.begin(), part.end());
        } else {
            all.push_back(part);
        }
    }
    return all;
}

/** The texts that a model continues an infill request's and a prompt of tokens with. */
void expect_same(const Model &model, const json &infill, const json &prompt) {
    json request = infill;
    request.update({{"max_tokens", 8}, {"temperature", 0}});
    const Answer filled = model.run("infill", request);
    ASSERT_EQ(filled.status(), LLMODEL_OK) << filled.failure.message;
    const Answer completed = model.run("complete", {{"prompt", prompt}, {"max_tokens", 8}, {"temperature", 0}});
    ASSERT_EQ(completed.status(), LLMODEL_OK) << completed.failure.message;
    EXPECT_EQ(filled.result["usage"]["prompt_tokens"], prompt.size());
    EXPECT_EQ(filled.text(), completed.text());
}

TEST(Infill, PutsThePromptBehindThePrefix) {
    const TemporaryFolder folder;
    const Model model(with_infill_tokens(folder, "tiny-llama-f32.gguf", false));
    const auto text = [&](const std::string &of) { return tokens_of(model, of); };
    expect_same(model, {{"input_prefix", "cat "}, {"input_suffix", " house"}, {"prompt", "dog"}},
                joined({1, prefix_id, text("cat "), text("dog"), suffix_id, text(" house"), middle_id}));
}

TEST(Infill, FilesAreToldInTheTokensOfTheModel) {
    const TemporaryFolder folder;
    for (const std::string name : {"tiny-llama-f32.gguf", "trained/shakespeare-gptj-q8_0.gguf"}) {
        const Model model(with_infill_tokens(folder, name, true), {{"n_ctx", 256}, {"n_batch", 128}});
        const auto text = [&](const std::string &of) { return tokens_of(model, of); };
        json begin = joined(
            {repository_id, text("myproject\n"), file_id, text("b.py\n"), text("x"), file_id, text("filename\n")});
        if (name == "tiny-llama-f32.gguf") {
            begin.push_back(1);
        }
        expect_same(model,
                    {{"input_prefix", "a"},
                     {"input_suffix", "b"},
                     {"input_extra", json::array({{{"filename", "b.py"}, {"text", "x"}}})}},
                    joined({begin, prefix_id, text("a"), suffix_id, text("b"), middle_id}));
    }
}

TEST(Infill, FillsTheGapWithARealModel) {
    const auto path = real_model();
    if (!path) {
        GTEST_SKIP() << "the real model is not here: run `make model` or set GPT4ALL_TEST_MODEL";
    }
    const Model model(*path, {{"n_ctx", 512}, {"n_parallel", 1}});
    const json request = {{"input_prefix", "def add(a, b):\n"},
                          {"input_suffix", "\nprint(add(1, 2))\n"},
                          {"input_extra", {{{"filename", "b.py"}, {"text", "x = 1\n"}}}},
                          {"prompt", "    return"},
                          {"max_tokens", 8},
                          {"temperature", 0}};
    const Answer answer = model.run("infill", request);
    if (answer.status() == LLMODEL_UNSUPPORTED) {
        GTEST_SKIP() << "the real model was not trained to fill gaps";
    }
    ASSERT_EQ(answer.status(), LLMODEL_OK) << answer.failure.message;
    EXPECT_FALSE(content_of(answer).empty());
    EXPECT_EQ(answer.text(), content_of(answer));
}

} // namespace
