#include "legacy/old_model.h"
#include "legacy_files.h"

#include <gmock/gmock.h>

#include <functional>
#include <span>
#include <vector>

namespace {

using namespace llmodel;
using namespace llmodel::legacy;
using legacy_files::Recipe;
using testing::HasSubstr;

const Recipe llama_ggjt{};
const Recipe llama_ggml{.format = "ggml"};
const Recipe gptj{.format = "ggml", .architecture = "gptj"};
const Recipe mpt{.format = "ggml", .architecture = "mpt"};
const Recipe ggmm{.format = "ggmm", .architecture = "mpt"};

std::unique_ptr<ByteSource> source_of(const std::string &bytes) {
    return std::make_unique<MemorySource>(std::as_bytes(std::span(bytes)), "old.bin");
}

/** Reads and plans `bytes`, whose other parts are `parts`. */
Plan plan_of(const std::string &bytes, const std::vector<std::string> &parts = {}) {
    Sources sources;
    sources.push_back(source_of(bytes));
    const LegacyFile file =
        read_legacy_file(sources, [&](std::size_t index) { return source_of(parts.at(index - 1)); });
    Plan plan = plan_translation(file, {});
    check_plan(plan, "old.bin");
    return plan;
}

void refused(const std::string &bytes, llmodel_status status, const std::string &says, const char *tensor = nullptr) {
    try {
        plan_of(bytes);
        ADD_FAILURE() << "taken, though " << says;
    } catch (const Error &error) {
        EXPECT_EQ(error.status(), status) << error.what();
        EXPECT_THAT(error.what(), HasSubstr(says));
        EXPECT_THAT(error.what(), HasSubstr("old.bin"));
        EXPECT_TRUE(error.detail().contains("offset")) << error.what();
        if (tensor != nullptr) {
            EXPECT_EQ(error.detail().value("tensor", ""), tensor) << error.what();
        }
    }
}

std::string with_word(std::string bytes, std::size_t at, std::uint32_t value) {
    return bytes.replace(at, 4, legacy_files::word(value));
}

TEST(LegacyRead, FormatsAreRecognised) {
    const auto kind = [](const Recipe &recipe) {
        const Plan plan = plan_of(legacy_files::build(recipe));
        return plan.format + " " + std::to_string(plan.version) + " " + plan.architecture + " as " + plan.runs_as;
    };
    EXPECT_EQ(kind(llama_ggjt), "ggjt 1 llama as llama");
    EXPECT_EQ(kind({.version = 3}), "ggjt 3 llama as llama");
    EXPECT_EQ(kind({.format = "ggmf"}), "ggmf 1 llama as llama");
    EXPECT_EQ(kind(llama_ggml), "ggml 0 llama as llama");
    EXPECT_EQ(kind(gptj), "ggml 0 gptj as phi2");
    EXPECT_EQ(kind(mpt), "ggml 0 mpt as mpt");
    EXPECT_EQ(kind(ggmm), "ggmm 0 mpt as mpt");
}

TEST(LegacyRead, OthersAreNamed) {
    refused(with_word(legacy_files::build(llama_ggjt), 4, 4), LLMODEL_UNSUPPORTED, "version 4");
    std::string gpt2 = "lmgg";
    for (const std::uint32_t number : {50257U, 1024U, 768U, 12U, 12U, 2U, 50257U, 1U, 0x21U, 1U}) {
        gpt2 += legacy_files::word(number);
    }
    refused(gpt2, LLMODEL_UNSUPPORTED, "GPT-2");
    std::string noise = "lmgg";
    for (std::uint32_t i = 1; i < 20; ++i) {
        noise += legacy_files::word(i * 0x1F3D5B79);
    }
    refused(noise, LLMODEL_UNSUPPORTED, "not that of LLaMA, GPT-J or MPT");
    refused("lmgg", LLMODEL_INVALID_MODEL, "truncated");
}

TEST(LegacyRead, EveryTruncationIsAnErrorThatSaysWhere) {
    for (const Recipe &recipe : {llama_ggjt, llama_ggml, gptj, mpt, ggmm}) {
        const std::string whole = legacy_files::build(recipe);
        for (std::size_t length = 4; length < whole.size(); length += length < 400 ? 1 : 97) {
            try {
                plan_of(whole.substr(0, length));
                ADD_FAILURE() << recipe.format << " " << recipe.architecture << " of " << length << " bytes";
            } catch (const Error &error) {
                EXPECT_EQ(error.status(), LLMODEL_INVALID_MODEL) << error.what();
                EXPECT_TRUE(error.detail().contains("offset")) << error.what();
            }
        }
    }
}

TEST(LegacyRead, TruncatedTensorIsNamed) {
    const std::string whole = legacy_files::build(gptj);
    refused(whole.substr(0, whole.size() - 4), LLMODEL_INVALID_MODEL, "the file ends 124 bytes further on",
            "transformer.h.0.mlp.fc_out.bias");
    const std::size_t last = whole.rfind("transformer.h.0.mlp.fc_out.bias") - 16;
    refused(whole.substr(0, last), LLMODEL_INVALID_MODEL, "is missing; the file ends at byte " + std::to_string(last),
            "transformer.h.0.mlp.fc_out.bias");
    refused(whole.substr(0, last + 6), LLMODEL_INVALID_MODEL, "the description of the next tensor",
            "transformer.h.0.mlp.fc_out.weight");
}

TEST(LegacyRead, HeadersAreHeldAgainstTheFile) {
    const std::string bytes = legacy_files::build(gptj);
    const auto changed = [&](std::size_t index, std::uint32_t value) { return with_word(bytes, 4 + 4 * index, value); };
    std::string huge = changed(0, 1U << 19);
    refused(with_word(huge, 4 + 4 * 7, 1U << 19), LLMODEL_INVALID_MODEL, "claims 524288 tokens");
    refused(changed(4, 1000000), LLMODEL_INVALID_MODEL, "n_layer");
    refused(changed(5, 7), LLMODEL_INVALID_MODEL, "n_rot");
    refused(changed(5, 1000), LLMODEL_INVALID_MODEL, "n_rot");
    refused(changed(6, 5000), LLMODEL_UNSUPPORTED, "has version 5 of the quantisation");
    refused(changed(8, 0xFFFFFFF0), LLMODEL_INVALID_MODEL, "its length is 4294967280 bytes");
    const std::string llama = legacy_files::build(llama_ggjt);
    refused(with_word(llama, 8, 0), LLMODEL_INVALID_MODEL, "n_vocab");
    refused(with_word(llama, 12, 0x7FFFFFFF), LLMODEL_INVALID_MODEL, "n_embd");
    refused(with_word(legacy_files::build(mpt), 4 + 4 * 5, 0x7F800000), LLMODEL_UNSUPPORTED, "not that of");
}

TEST(LegacyRead, TensorsAreHeldAgainstTheHeader) {
    const std::string bytes = legacy_files::build(gptj);
    const std::size_t at = bytes.find("lm_head.weight") - 20; // dimensions, length of the name, type, shape
    refused(with_word(bytes, at, 3), LLMODEL_INVALID_MODEL, "3 dimensions");
    refused(with_word(bytes, at + 4, 100000), LLMODEL_INVALID_MODEL, "name of a tensor claims 100000 bytes");
    refused(with_word(bytes, at + 8, 77), LLMODEL_INVALID_MODEL, "no type 77", "lm_head.weight");
    refused(with_word(bytes, at + 8, 10), LLMODEL_INVALID_MODEL, "no type 10", "lm_head.weight"); // Q2_K came later
    refused(with_word(bytes, at + 12, 0), LLMODEL_INVALID_MODEL, "a dimension of a tensor is 0");
    refused(with_word(bytes, at + 12, 1U << 22), LLMODEL_INVALID_MODEL, "truncated", "lm_head.weight");
    const std::uint32_t half = 131; // of the rows: what follows is read as another tensor
    refused(with_word(bytes, at + 16, half), LLMODEL_INVALID_MODEL, "tensor");
    std::string renamed = bytes;
    renamed.replace(renamed.find("lm_head.weight"), 14, "lm_hxxx.weight");
    refused(renamed, LLMODEL_INVALID_MODEL, "'lm_head.weight' is missing");
    const std::string extra = bytes + legacy_files::word(1) + legacy_files::word(1) + legacy_files::word(0) +
                              legacy_files::word(1) + "x" + legacy_files::word(0);
    refused(extra, LLMODEL_UNSUPPORTED, "no such tensor", "x");
    refused(extra + extra.substr(bytes.size()), LLMODEL_INVALID_MODEL, "occurs twice", "x");
}

TEST(LegacyRead, QuirksAreKnown) {
    Recipe padless = llama_ggml;
    padless.lacks_last_token = true;
    EXPECT_THAT(plan_of(legacy_files::build(padless)).choices, testing::Contains(HasSubstr("<pad>")));
    Recipe old = gptj;
    old.transposed = true;
    for (const OutputTensor &tensor : plan_of(legacy_files::build(old)).tensors) {
        const bool is_square = tensor.name.find("attn_") != std::string::npos && tensor.name.ends_with("weight") &&
                               tensor.name.find("norm") == std::string::npos;
        EXPECT_EQ(tensor.source.transposed, is_square || tensor.name == "blk.0.ffn_up.weight") << tensor.name;
    }
    Recipe q4_0 = old;
    q4_0.type = q4_0.file_type = 2;
    q4_0.block = 32;
    q4_0.block_bytes = 20;
    refused(legacy_files::build(q4_0), LLMODEL_UNSUPPORTED, "transposed");
}

TEST(LegacyRead, BareTypesOfMptAreTriedUntilTheyFit) {
    Recipe recipe = mpt;
    recipe.type = recipe.file_type = 2;
    recipe.block = 32;
    for (const std::uint32_t bytes : {18U, 20U}) { // layouts c and b
        recipe.block_bytes = bytes;
        const std::string file = legacy_files::build(recipe);
        for (const OutputTensor &tensor : plan_of(file).tensors) {
            if (tensor.n_dims == 2) {
                EXPECT_EQ(tensor.source.type.bytes, bytes);
            }
        }
        refused(file.substr(0, file.size() - 100), LLMODEL_INVALID_MODEL, "truncated",
                "transformer.blocks.0.ffn.down_proj.weight");
    }
}

TEST(LegacyRead, PartsMustFit) {
    const std::string first = legacy_files::build(llama_ggml, 0, 2);
    const std::string second = legacy_files::build(llama_ggml, 1, 2);
    EXPECT_EQ(plan_of(first, {second}).tensors.size(), plan_of(legacy_files::build(llama_ggml)).tensors.size());
    const auto refuses = [&](const std::string &part, const char *says) {
        try {
            plan_of(first, {part});
            ADD_FAILURE() << "taken, though " << says;
        } catch (const Error &error) {
            EXPECT_EQ(error.status(), LLMODEL_INVALID_MODEL);
            EXPECT_THAT(error.what(), HasSubstr(says));
        }
    };
    refuses(legacy_files::build(gptj), "not a part of the model");
    refuses(with_word(second, 12, 64), "differs");
    refuses(second.substr(0, second.size() - 10), "truncated");
    refuses(legacy_files::build(llama_ggml), "is missing from part 2");
}

} // namespace
