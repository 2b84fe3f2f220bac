#include "gguf/validate_model.h"
#include "gguf_edit.h"
#include "test_paths.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <functional>
#include <limits>
#include <string>
#include <vector>

namespace llmodel::test {
namespace {

using ::testing::HasSubstr;

void validate(const EditableGguf &parts) {
    const Bytes bytes = parts.serialize();
    MemorySource source(bytes, "test.gguf");
    validate_model(read_gguf(source));
}

class ValidateModelTest : public ::testing::TestWithParam<const char *> {
  protected:
    EditableGguf load(const char *name) {
        return EditableGguf::parse(read_bytes(std::filesystem::path(test_models) / name));
    }

    void refused(const EditableGguf &parts, llmodel_status status, const std::string &key, const std::string &text) {
        try {
            validate(parts);
            ADD_FAILURE() << "not refused: " << key << " " << text;
        } catch (const Error &error) {
            EXPECT_EQ(error.status(), status) << error.what();
            EXPECT_THAT(error.what(), HasSubstr(text));
            EXPECT_EQ(error.detail().value(key.find("weight") == std::string::npos ? "key" : "tensor", ""), key)
                << error.what();
        }
    }

    /** Sets a number and expects that the file is refused for it. */
    template<typename T>
    void refuses(const std::string &key, GgufType type, T value, const std::string &text = "",
                 llmodel_status status = LLMODEL_INVALID_MODEL) {
        EditableGguf changed = llama;
        changed.set(key, type, value);
        refused(changed, status, key, text);
    }
    void refuses_uint(const std::string &key, std::uint32_t value, const std::string &text = "") {
        refuses(key, GgufType::uint32, value, text);
    }
    void refuses_float(const std::string &key, float value) { refuses(key, GgufType::float32, value); }

    EditableGguf llama = load("tiny-llama-f32.gguf");
};

TEST_F(ValidateModelTest, TheTinyModelsPass) {
    for (const char *name : {"tiny-llama-f32.gguf", "tiny-llama-q8_0.gguf", "tiny-llama-q4_0.gguf", "tiny-bert.gguf",
                             "tiny-bert-rerank.gguf"}) {
        EXPECT_NO_THROW(validate(load(name))) << name;
    }
}

TEST_F(ValidateModelTest, Architecture) {
    EditableGguf changed = llama;
    changed.set_string("general.architecture", "perceptron");
    refused(changed, LLMODEL_UNSUPPORTED, "general.architecture", "'perceptron'");
    changed.set_string("general.architecture", "clip");
    refused(changed, LLMODEL_UNSUPPORTED, "general.architecture", "vision");
    changed.remove("general.architecture");
    refused(changed, LLMODEL_INVALID_MODEL, "general.architecture", "missing");
    refused(load("tiny-llama-lora.gguf"), LLMODEL_UNSUPPORTED, "general.type", "adapter");
    changed = llama;
    changed.set_string("general.name", "\xff\xff");
    refused(changed, LLMODEL_INVALID_MODEL, "general.name", "UTF-8");
    changed = llama;
    changed.tensors.clear();
    EXPECT_THROW(validate(changed), Error);
}

TEST_F(ValidateModelTest, Sizes) {
    refuses_uint("llama.block_count", 0);
    refuses_uint("llama.block_count", 513);
    refuses_uint("llama.embedding_length", 0);
    refuses_uint("llama.embedding_length", 0x80000000U);
    refuses_uint("llama.context_length", 0);
    refuses_uint("llama.context_length", 1);
    refuses_uint("llama.context_length", 0xFFFFFFFFU);
    refuses_uint("llama.vocab_size", 0xFFFFFFFFU);
    refuses_uint("llama.feed_forward_length", 0xFFFFFFFFU);
    refuses_uint("llama.pooling_type", 9);
    refuses_uint("llama.nextn_predict_layers", 3);
    refuses_uint("llama.ssm.group_count", 0);
    refuses_uint("llama.wkv.head_size", 0);
    refuses_uint("llama.full_attention_interval", 0);
    EditableGguf changed = llama;
    changed.remove("llama.context_length");
    refused(changed, LLMODEL_INVALID_MODEL, "llama.context_length", "missing");
    refuses("llama.block_count", GgufType::float32, 2.0F, "integer");
    refuses("llama.block_count", GgufType::int32, std::int32_t{-2}, "negative");
}

TEST_F(ValidateModelTest, Attention) {
    refuses_uint("llama.attention.head_count", 0xFFFFFFFFU);
    refuses_uint("llama.attention.head_count", 1000);
    refuses_uint("llama.attention.head_count_kv", 3, "does not divide");
    refuses_uint("llama.attention.head_count_kv", 8, "more than");
    refuses_uint("llama.attention.key_length", 0);
    refuses_uint("llama.attention.sliding_window", 0xFFFFFFFFU);
    EditableGguf changed = llama;
    changed.set_array<std::uint32_t>("llama.attention.head_count_kv", GgufType::uint32, {2});
    refused(changed, LLMODEL_INVALID_MODEL, "llama.attention.head_count_kv", "1 values for a model of 2 layers");
    changed.set_array<std::int32_t>("llama.attention.head_count_kv", GgufType::int32, {2, -1});
    refused(changed, LLMODEL_INVALID_MODEL, "llama.attention.head_count_kv", "negative");
    changed.set_array<float>("llama.attention.head_count_kv", GgufType::float32, {2, 2});
    refused(changed, LLMODEL_INVALID_MODEL, "llama.attention.head_count_kv", "integers");
    changed.set_array<std::uint32_t>("llama.attention.head_count_kv", GgufType::uint32, {2, 2});
    EXPECT_NO_THROW(validate(changed));
}

TEST_F(ValidateModelTest, FloatsMustBeFinite) {
    constexpr float nan = std::numeric_limits<float>::quiet_NaN();
    refuses_float("llama.attention.layer_norm_rms_epsilon", nan);
    refuses_float("llama.attention.layer_norm_rms_epsilon", -1e-5F);
    refuses_float("llama.rope.freq_base", 0.0F);
    refuses_float("llama.rope.freq_base", -1.0F);
    refuses_float("llama.rope.freq_base", std::numeric_limits<float>::infinity());
    refuses_float("llama.rope.scaling.factor", nan);
    refuses_float("llama.rope.scaling.factor", -4.0F);
    refuses_float("llama.logit_scale", nan);
}

TEST_F(ValidateModelTest, Rope) {
    refuses_uint("llama.rope.dimension_count", 15, "pairs");
    refuses_uint("llama.rope.dimension_count", 64, "16 dimensions of a head");
    EditableGguf changed = llama;
    changed.set_array<std::int32_t>("llama.rope.dimension_sections", GgufType::int32, {0, 0, 0, 0});
    refused(changed, LLMODEL_INVALID_MODEL, "llama.rope.dimension_sections", "does not fit");
    changed.set_array<std::int32_t>("llama.rope.dimension_sections", GgufType::int32, {-1, 4, 4, 0});
    refused(changed, LLMODEL_INVALID_MODEL, "llama.rope.dimension_sections", "negative");
}

TEST_F(ValidateModelTest, Experts) {
    refuses_uint("llama.expert_count", 5000);
    EditableGguf changed = llama;
    changed.set<std::uint32_t>("llama.expert_count", GgufType::uint32, 8);
    refused(changed, LLMODEL_INVALID_MODEL, "llama.expert_used_count", "must be positive");
    changed.set<std::uint32_t>("llama.expert_used_count", GgufType::uint32, 9);
    refused(changed, LLMODEL_INVALID_MODEL, "llama.expert_used_count", "above 8");
    changed.set_array<std::uint32_t>("llama.expert_used_count", GgufType::uint32, {0, 2});
    refused(changed, LLMODEL_INVALID_MODEL, "llama.expert_used_count", "size of an expert");
    changed.set<std::uint32_t>("llama.expert_used_count", GgufType::uint32, 2);
    EXPECT_NO_THROW(validate(changed));
    changed.set<std::uint32_t>("llama.expert_group_count", GgufType::uint32, 3);
    refused(changed, LLMODEL_INVALID_MODEL, "llama.expert_group_count", "does not fit 8 experts");
}

TEST_F(ValidateModelTest, Outputs) {
    refuses_uint("llama.embedding_length_out", 1023, "makes embeddings of 64");
    EditableGguf changed = llama;
    changed.set<std::uint32_t>("llama.embedding_length_out", GgufType::uint32, 64);
    EXPECT_NO_THROW(validate(changed));
    changed.set_strings("llama.classifier.output_labels", std::vector<std::string>(65, "label"));
    refused(changed, LLMODEL_INVALID_MODEL, "llama.classifier.output_labels", "no classifier");
}

TEST_F(ValidateModelTest, Tokenizer) {
    EditableGguf changed = llama;
    changed.set_string("tokenizer.ggml.model", "none");
    refused(changed, LLMODEL_UNSUPPORTED, "tokenizer.ggml.model", "does not work on text");
    changed.set_string("tokenizer.ggml.model", "crystal ball");
    refused(changed, LLMODEL_UNSUPPORTED, "tokenizer.ggml.model", "'crystal ball'");
    changed.set_string("tokenizer.ggml.model", "gpt2");
    refused(changed, LLMODEL_INVALID_MODEL, "tokenizer.ggml.merges", "missing");
    changed.remove("tokenizer.ggml.model");
    refused(changed, LLMODEL_INVALID_MODEL, "tokenizer.ggml.model", "missing");
}

TEST_F(ValidateModelTest, Tokens) {
    EditableGguf changed = llama;
    changed.set_strings("tokenizer.ggml.tokens", {"a", "b", "a"});
    refused(changed, LLMODEL_INVALID_MODEL, "tokenizer.ggml.tokens", "'a' twice");
    changed.set_strings("tokenizer.ggml.tokens", {});
    refused(changed, LLMODEL_INVALID_MODEL, "tokenizer.ggml.tokens", "0 tokens");
    changed.set_strings("tokenizer.ggml.tokens", {std::string(100000, 'x')});
    refused(changed, LLMODEL_INVALID_MODEL, "tokenizer.ggml.tokens", "100000 bytes");
    changed.set_array<float>("tokenizer.ggml.tokens", GgufType::float32, {1, 2});
    refused(changed, LLMODEL_INVALID_MODEL, "tokenizer.ggml.tokens", "array of strings");
    changed.remove("tokenizer.ggml.tokens");
    refused(changed, LLMODEL_INVALID_MODEL, "tokenizer.ggml.tokens", "missing");
    changed = llama;
    changed.set_array<float>("tokenizer.ggml.scores", GgufType::float32, std::vector<float>(607));
    refused(changed, LLMODEL_INVALID_MODEL, "tokenizer.ggml.scores", "607 entries for 608 tokens");
    changed.set_array<float>("tokenizer.ggml.scores", GgufType::float32, std::vector<float>(608, std::nanf("")));
    refused(changed, LLMODEL_INVALID_MODEL, "tokenizer.ggml.scores", "other than a number");
    changed.set_array<double>("tokenizer.ggml.scores", GgufType::float64, std::vector<double>(608));
    refused(changed, LLMODEL_INVALID_MODEL, "tokenizer.ggml.scores", "float64");
    changed = llama;
    changed.set_array<std::int32_t>("tokenizer.ggml.token_type", GgufType::int32, {1, 1});
    refused(changed, LLMODEL_INVALID_MODEL, "tokenizer.ggml.token_type", "2 entries");
    changed = load("tiny-bert.gguf");
    changed.set_array("tokenizer.ggml.token_type", GgufType::int32, std::vector<std::int32_t>(1000, 6));
    refused(changed, LLMODEL_INVALID_MODEL, "tokenizer.ggml.token_type", "WordPiece");
}

TEST_F(ValidateModelTest, SpecialTokens) {
    EditableGguf changed = llama;
    changed.set<std::uint32_t>("tokenizer.ggml.bos_token_id", GgufType::uint32, 5000);
    EXPECT_NO_THROW(validate(changed)) << "llama.cpp then takes its default, which is in the vocabulary";
    refuses("tokenizer.ggml.bos_token_id", GgufType::int32, std::int32_t{1}, "uint32");
    refuses("tokenizer.ggml.add_bos_token", GgufType::uint32, std::uint32_t{1}, "true or false");
    changed = load("tiny-bert.gguf");
    changed.set_strings("tokenizer.ggml.tokens", {"[PAD]", "[UNK]", "[CLS]", "[SEP]"});
    changed.remove("tokenizer.ggml.seperator_token_id");
    refused(changed, LLMODEL_INVALID_MODEL, "tokenizer.ggml.seperator_token_id", "missing");
    changed.set<std::uint32_t>("tokenizer.ggml.seperator_token_id", GgufType::uint32, 4);
    refused(changed, LLMODEL_INVALID_MODEL, "tokenizer.ggml.seperator_token_id", "only 4 tokens");
    changed = llama;
    changed.set_string("tokenizer.ggml.model", "t5");
    changed.remove("tokenizer.ggml.bos_token_id");
    changed.set<std::uint8_t>("tokenizer.ggml.add_bos_token", GgufType::boolean, 1);
    refused(changed, LLMODEL_INVALID_MODEL, "tokenizer.ggml.bos_token_id", "missing");
}

TEST_F(ValidateModelTest, CharacterMap) {
    const std::string key = "tokenizer.ggml.precompiled_charsmap";
    EditableGguf changed = llama;
    changed.set_string("tokenizer.ggml.model", "t5");
    changed.set<std::uint8_t>("tokenizer.ggml.add_bos_token", GgufType::boolean, 0);
    EXPECT_NO_THROW(validate(changed));
    changed.set_array<std::uint8_t>(key, GgufType::uint8, {4, 0, 0, 0, 1, 2, 3, 4, 0});
    EXPECT_NO_THROW(validate(changed));
    changed.set_array<std::uint8_t>(key, GgufType::uint8, {4, 0, 0, 0, 1, 2, 3, 4, 9});
    refused(changed, LLMODEL_INVALID_MODEL, key, "does not end");
    changed.set_array<std::uint8_t>(key, GgufType::uint8, {255, 255, 255, 255, 1, 2, 3, 4, 0});
    refused(changed, LLMODEL_INVALID_MODEL, key, "does not fit");
    changed.set_array<std::uint8_t>(key, GgufType::uint8, {1});
    refused(changed, LLMODEL_INVALID_MODEL, key, "damaged");
    changed.set_array<float>(key, GgufType::float32, {1, 2});
    refused(changed, LLMODEL_INVALID_MODEL, key, "bytes");
}

TEST_F(ValidateModelTest, ChatTemplates) {
    EditableGguf changed = llama;
    changed.set_string("tokenizer.chat_template", std::string((1 << 20) + 1, 'x'));
    refused(changed, LLMODEL_INVALID_MODEL, "tokenizer.chat_template", "at most 1048576");
    changed.set_string("tokenizer.chat_template", "\xc3");
    refused(changed, LLMODEL_INVALID_MODEL, "tokenizer.chat_template", "UTF-8");
    changed.set<std::uint32_t>("tokenizer.chat_template", GgufType::uint32, 1);
    refused(changed, LLMODEL_INVALID_MODEL, "tokenizer.chat_template", "a string");
}

TEST_F(ValidateModelTest, TensorTypes) {
    const auto with_type = [&](const std::string &name, ggml_type type) {
        EditableGguf changed = llama;
        changed.find_tensor(name)->type = static_cast<std::uint32_t>(type);
        changed.make_consistent();
        return changed;
    };
    refused(with_type("blk.0.attn_norm.weight", GGML_TYPE_F16), LLMODEL_INVALID_MODEL, "blk.0.attn_norm.weight",
            "must be of F32");
    refused(with_type("output_norm.weight", GGML_TYPE_I32), LLMODEL_INVALID_MODEL, "output_norm.weight", "F32");
    for (const ggml_type type : {GGML_TYPE_I32, GGML_TYPE_F64, GGML_TYPE_I8, GGML_TYPE_Q8_1}) {
        refused(with_type("blk.1.ffn_up.weight", type), LLMODEL_INVALID_MODEL, "blk.1.ffn_up.weight",
                ggml_type_name(type));
        refused(with_type("token_embd.weight", type), LLMODEL_INVALID_MODEL, "token_embd.weight", ggml_type_name(type));
    }
    EXPECT_NO_THROW(validate(with_type("blk.1.ffn_up.weight", GGML_TYPE_BF16)));
    EXPECT_NO_THROW(validate(with_type("blk.1.ffn_up.weight", GGML_TYPE_Q4_0)));
}

class SplitModelTest : public ValidateModelTest {
  protected:
    void SetUp() override { std::filesystem::create_directories(folder); }
    void TearDown() override { std::filesystem::remove_all(folder); }

    void write(const std::string &name, const EditableGguf &parts) {
        const Bytes bytes = parts.serialize();
        std::ofstream(folder / name, std::ios::binary)
            .write(reinterpret_cast<const char *>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    }

    llmodel_status open(const std::string &name) {
        try {
            validate_model(read_gguf(folder / name));
        } catch (const Error &error) {
            return error.status();
        }
        return LLMODEL_OK;
    }

    const std::filesystem::path folder =
        std::filesystem::path(::testing::TempDir()) /
        ("split-" + std::string(::testing::UnitTest::GetInstance()->current_test_info()->name()));
};

TEST_F(SplitModelTest, OtherPartsAreReadToo) {
    EditableGguf first = llama;
    first.set<std::uint16_t>("split.count", GgufType::uint16, 2);
    first.set<std::uint16_t>("split.no", GgufType::uint16, 0);
    EditableGguf second;
    second.set<std::uint16_t>("split.no", GgufType::uint16, 1);
    second.tensors.push_back(first.tensors.back());
    first.tensors.pop_back();
    second.make_consistent();
    write("m-00001-of-00002.gguf", first);
    EXPECT_EQ(open("m-00001-of-00002.gguf"), LLMODEL_NOT_FOUND);
    write("m-00002-of-00002.gguf", second);
    EXPECT_EQ(open("m-00001-of-00002.gguf"), LLMODEL_OK);
    write("m.gguf", first);
    EXPECT_EQ(open("m.gguf"), LLMODEL_INVALID_MODEL) << "not named like the first part";
    second.tensors.push_back(first.tensors.front());
    second.make_consistent();
    write("m-00002-of-00002.gguf", second);
    EXPECT_EQ(open("m-00001-of-00002.gguf"), LLMODEL_INVALID_MODEL) << "a tensor twice";
    second.tensors.pop_back();
    second.tensors.back().type = GGML_TYPE_I32;
    write("m-00002-of-00002.gguf", second);
    EXPECT_EQ(open("m-00001-of-00002.gguf"), LLMODEL_INVALID_MODEL) << "a tensor of a wrong type";
    first.set<std::uint16_t>("split.no", GgufType::uint16, 1);
    write("m-00001-of-00002.gguf", first);
    EXPECT_EQ(open("m-00001-of-00002.gguf"), LLMODEL_INVALID_MODEL) << "not the first part";
}

class ValidateAdapterTest : public ValidateModelTest {
  protected:
    llmodel_status check(const EditableGguf &parts) {
        const Bytes bytes = parts.serialize();
        MemorySource source(bytes, "adapter.gguf");
        try {
            validate_adapter(read_gguf(source), read_gguf(std::filesystem::path(test_models) / "tiny-llama-f32.gguf"));
        } catch (const Error &error) {
            return error.status();
        }
        return LLMODEL_OK;
    }

    EditableGguf adapter = load("tiny-llama-lora.gguf");
};

TEST_F(ValidateAdapterTest, Adapters) {
    EXPECT_EQ(check(adapter), LLMODEL_OK);
    EXPECT_EQ(check(llama), LLMODEL_UNSUPPORTED) << "no adapter";
    EditableGguf changed = adapter;
    changed.set_string("general.architecture", "bert");
    EXPECT_EQ(check(changed), LLMODEL_UNSUPPORTED) << "of another architecture";
    changed = adapter;
    changed.set("adapter.lora.alpha", GgufType::float32, std::nanf(""));
    EXPECT_EQ(check(changed), LLMODEL_INVALID_MODEL);
    changed = adapter;
    changed.tensors[0].type = GGML_TYPE_I32;
    EXPECT_EQ(check(changed), LLMODEL_INVALID_MODEL);
    changed = adapter;
    changed.tensors[0].name = "blk.0.attn_q.weight";
    EXPECT_EQ(check(changed), LLMODEL_INVALID_MODEL);
    changed = adapter;
    changed.tensors[0].dims.push_back(2);
    changed.make_consistent();
    EXPECT_EQ(check(changed), LLMODEL_INVALID_MODEL);
}

} // namespace
} // namespace llmodel::test
