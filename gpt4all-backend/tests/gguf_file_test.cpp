#include "gguf/gguf_file.h"
#include "gguf/utf8.h"
#include "gguf_edit.h"
#include "test_paths.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <string_view>
#include <unistd.h>

namespace llmodel::test {
namespace {

using ::testing::HasSubstr;

GgufFile parse(const Bytes &bytes) {
    MemorySource source(bytes, "test.gguf");
    return read_gguf(source);
}

/** The error of reading, after checking its status and that its message has a text in it. */
json expect_refused(const Bytes &bytes, llmodel_status status, const std::string &text) {
    try {
        parse(bytes);
    } catch (const Error &error) {
        EXPECT_EQ(error.status(), status) << error.what();
        EXPECT_THAT(error.what(), HasSubstr(text));
        EXPECT_THAT(error.what(), HasSubstr("test.gguf"));
        EXPECT_EQ(error.detail().at("path"), "test.gguf");
        return error.detail();
    }
    ADD_FAILURE() << "not refused: " << text;
    return json::object();
}

Bytes to_bytes(std::string_view text) {
    const auto *from = reinterpret_cast<const std::byte *>(text.data());
    return Bytes(from, from + text.size());
}

class GgufFileTest : public ::testing::Test {
  protected:
    Bytes bytes = read_bytes(std::filesystem::path(test_models) / "tiny-llama-f32.gguf");
    EditableGguf parts = EditableGguf::parse(bytes);
};

TEST_F(GgufFileTest, ReadsTheTinyModel) {
    const GgufFile file = read_gguf(std::filesystem::path(test_models) / "tiny-llama-f32.gguf");
    EXPECT_EQ(file.version, 3U);
    EXPECT_EQ(file.alignment, 32U);
    EXPECT_EQ(file.size, bytes.size());
    EXPECT_EQ(file.architecture(), "llama");
    EXPECT_EQ(file.get_uint("llama.block_count"), 2U);
    EXPECT_EQ(file.get_bool("tokenizer.ggml.add_bos_token"), true);
    EXPECT_NEAR(file.get_float("llama.attention.layer_norm_rms_epsilon").value(), 1e-5, 1e-9);
    const StringArray *tokens = file.get_strings("tokenizer.ggml.tokens");
    ASSERT_NE(tokens, nullptr);
    EXPECT_EQ(tokens->size(), 608U);
    EXPECT_EQ((*tokens)[1], "<s>");
    EXPECT_EQ((*tokens)[13], "<0x0A>");
    const GgufTensor *embedding = file.find_tensor("token_embd.weight");
    ASSERT_NE(embedding, nullptr);
    EXPECT_EQ(embedding->dims, (std::array<std::int64_t, 4>{64, 608, 1, 1}));
    EXPECT_EQ(embedding->elements(), 64U * 608U);
    EXPECT_EQ(embedding->size, 64U * 608U * 4U);
    EXPECT_EQ(embedding->offset % 32, 0U);
    EXPECT_EQ(file.find_tensor("no such tensor"), nullptr);
    EXPECT_EQ(file.find("no such key"), nullptr);
}

TEST_F(GgufFileTest, TakingApartAndPuttingTogetherGivesTheSameBytes) {
    EXPECT_EQ(parts.serialize(), bytes);
}

TEST_F(GgufFileTest, GettersNameTheKey) {
    const GgufFile file = parse(bytes);
    const auto refuses = [](const std::function<void()> &get, const std::string &key) {
        try {
            get();
            ADD_FAILURE() << key << " was taken";
        } catch (const Error &error) {
            EXPECT_EQ(error.status(), LLMODEL_INVALID_MODEL);
            EXPECT_EQ(error.detail().at("key"), key);
            EXPECT_TRUE(error.detail().contains("offset"));
        }
    };
    refuses([&] { file.get_string("llama.block_count"); }, "llama.block_count");
    refuses([&] { file.get_uint("general.name"); }, "general.name");
    refuses([&] { file.get_float("llama.block_count"); }, "llama.block_count");
    refuses([&] { file.get_bool("llama.block_count"); }, "llama.block_count");
    refuses([&] { file.get_array("general.name"); }, "general.name");
    refuses([&] { file.get_strings("tokenizer.ggml.scores"); }, "tokenizer.ggml.scores");
}

TEST_F(GgufFileTest, EveryTruncationOfTheHeaderIsRefused) {
    const std::size_t header = static_cast<std::size_t>(parse(bytes).data_offset);
    for (std::size_t size = 4; size < header; size += size < 400 ? 1 : 37) {
        const Bytes part(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
        EXPECT_THROW(parse(part), Error) << size;
    }
}

TEST_F(GgufFileTest, TruncatedDataSaysWhereTheFileEnds) {
    bytes.resize(bytes.size() - 1000);
    const json detail = expect_refused(bytes, LLMODEL_INVALID_MODEL, "ends at " + std::to_string(bytes.size()));
    EXPECT_EQ(detail.at("tensor"), "output.weight");
}

TEST_F(GgufFileTest, CountsBeyondTheFileAreRefusedBeforeAllocating) {
    for (const std::size_t at : {std::size_t{8}, std::size_t{16}}) {
        for (const std::uint64_t count : {std::uint64_t{5000}, ~std::uint64_t{0}, std::uint64_t{1} << 63}) {
            Bytes changed = bytes;
            std::memcpy(changed.data() + at, &count, sizeof count);
            EXPECT_THROW(parse(changed), Error) << at << " " << count;
        }
    }
    for (const std::uint64_t count : {std::uint64_t{1} << 40, ~std::uint64_t{0}}) {
        for (const GgufType type : {GgufType::string, GgufType::uint8, GgufType::float64}) {
            EditableGguf changed = parts;
            changed.set_bytes("a.b", GgufType::array, EditableGguf::array_head(type, count));
            const json detail = expect_refused(changed.serialize(), LLMODEL_INVALID_MODEL, "array of");
            EXPECT_EQ(detail.at("key"), "a.b");
        }
    }
    EditableGguf changed = parts;
    changed.set<std::uint64_t>("a.b", GgufType::string, std::uint64_t{1} << 50);
    expect_refused(changed.serialize(), LLMODEL_INVALID_MODEL, "length");
}

TEST_F(GgufFileTest, VersionsAndByteOrder) {
    parts.version = 1;
    expect_refused(parts.serialize(), LLMODEL_UNSUPPORTED, "version 1");
    parts.version = 4;
    expect_refused(parts.serialize(), LLMODEL_UNSUPPORTED, "version 4");
    parts.version = 0;
    expect_refused(parts.serialize(), LLMODEL_UNSUPPORTED, "version 0");
    parts.version = 0x03000000;
    expect_refused(parts.serialize(), LLMODEL_UNSUPPORTED, "big-endian");
    parts.version = 2;
    EXPECT_EQ(parse(parts.serialize()).version, 2U);
}

TEST_F(GgufFileTest, Keys) {
    parts.pairs.push_back(parts.pairs.front());
    EXPECT_EQ(expect_refused(parts.serialize(), LLMODEL_INVALID_MODEL, "occurs twice").at("key"),
              parts.pairs.front().key);
    parts.pairs.back().key.clear();
    expect_refused(parts.serialize(), LLMODEL_INVALID_MODEL, "non-empty UTF-8");
    parts.pairs.back().key = "a\xff";
    expect_refused(parts.serialize(), LLMODEL_INVALID_MODEL, "non-empty UTF-8");
    parts.pairs.back() = {"x", 77, Bytes(8)};
    expect_refused(parts.serialize(), LLMODEL_INVALID_MODEL, "no value type 77");
    parts.pairs.back() = {"x", static_cast<std::uint32_t>(GgufType::boolean), Bytes(1, std::byte{2})};
    expect_refused(parts.serialize(), LLMODEL_INVALID_MODEL, "0 or 1");
    parts.pairs.back() = {"x", static_cast<std::uint32_t>(GgufType::array),
                          EditableGguf::array_head(GgufType::array, 1)};
    expect_refused(parts.serialize(), LLMODEL_UNSUPPORTED, "arrays of arrays");
}

TEST_F(GgufFileTest, Alignment) {
    for (const std::uint32_t wrong : {0U, 3U, 1U << 30}) {
        EditableGguf changed = parts;
        changed.set("general.alignment", GgufType::uint32, wrong);
        EXPECT_EQ(expect_refused(changed.serialize(), LLMODEL_INVALID_MODEL, "power of two").at("key"),
                  "general.alignment");
    }
    EditableGguf changed = parts;
    changed.set<std::uint64_t>("general.alignment", GgufType::uint64, 32);
    expect_refused(changed.serialize(), LLMODEL_INVALID_MODEL, "uint32");
    changed.set<std::uint32_t>("general.alignment", GgufType::uint32, 128);
    changed.alignment = 128;
    changed.make_consistent();
    EXPECT_EQ(parse(changed.serialize()).alignment, 128U);
}

TEST_F(GgufFileTest, Tensors) {
    const auto refused = [&](llmodel_status status, const std::string &text,
                             const std::function<void(EditableGguf &)> &change) {
        EditableGguf changed = parts;
        change(changed);
        EXPECT_TRUE(expect_refused(changed.serialize(), status, text).contains("tensor")) << text;
    };
    refused(LLMODEL_INVALID_MODEL, "occurs twice", [](auto &file) { file.tensors[1].name = file.tensors[0].name; });
    refused(LLMODEL_INVALID_MODEL, "5 dimensions", [](auto &file) { file.tensors[0].dims = {1, 1, 1, 1, 1}; });
    refused(LLMODEL_INVALID_MODEL, "is 0", [](auto &file) { file.tensors[0].dims[1] = 0; });
    refused(LLMODEL_INVALID_MODEL, "overflows", [](auto &file) {
        file.tensors[0].dims = {std::uint64_t{1} << 31, std::uint64_t{1} << 31, 4};
    });
    refused(LLMODEL_INVALID_MODEL, "overflows", [](auto &file) { file.tensors[0].dims[0] = ~std::uint64_t{0}; });
    refused(LLMODEL_INVALID_MODEL, "cannot fit", [](auto &file) { file.tensors[0].dims[1] = 1 << 20; });
    refused(LLMODEL_INVALID_MODEL, "no tensor type 999", [](auto &file) { file.tensors[0].type = 999; });
    refused(LLMODEL_UNSUPPORTED, "dropped from ggml", [](auto &file) { file.tensors[0].type = 4; });
    refused(LLMODEL_INVALID_MODEL, "cannot be divided into", [](auto &file) {
        file.tensors[0].type = GGML_TYPE_Q8_0;
        file.tensors[0].dims[0] = 33;
    });
    refused(LLMODEL_INVALID_MODEL, "begins at", [](auto &file) { file.tensors[1].offset += 32; });
    refused(LLMODEL_INVALID_MODEL, "begins at", [](auto &file) { file.tensors[1].offset = 0; });
}

TEST_F(GgufFileTest, ForeignFormatsGetTheirOwnSentences) {
    const std::pair<std::string, std::string> cases[] = {
        {std::string("PK\x03\x04") + std::string(60, '\0'), "zip"},
        {std::string("\x80\x02}q") + std::string(60, '\0'), "pickle"},
        {std::string("\x10\0\0\0\0\0\0\0{\"a\":1}", 15) + std::string(60, ' '), "safetensors"},
        {"tjgg" + std::string(60, '\0'), "2023"},
        {"lmgg" + std::string(60, '\0'), "2023"},
        {"fmgg" + std::string(60, '\0'), "2023"},
        {"algg" + std::string(60, '\0'), "LoRA"},
        {"\n <!DOCTYPE html><html>", "web page"},
        {"<HTML><body>", "web page"},
        {"{\"error\": \"not found\"}", "JSON"},
        {"version https://git-lfs.github.com/spec/v1\noid", "Git LFS"},
        {std::string("\x1f\x8b\x08") + std::string(60, '\0'), "compressed"},
    };
    for (const auto &[start, text] : cases) {
        expect_refused(to_bytes(start), LLMODEL_UNSUPPORTED, text);
    }
    expect_refused(to_bytes("nonsense"), LLMODEL_INVALID_MODEL, "begins with 'nons'");
    expect_refused(to_bytes("G"), LLMODEL_INVALID_MODEL, "not a GGUF file");
    expect_refused(Bytes(), LLMODEL_INVALID_MODEL, "is empty");
}

TEST(GgufPathTest, MissingDirectoryAndUnreadable) {
    const auto status_of = [](const std::filesystem::path &path) {
        try {
            read_gguf(path);
        } catch (const Error &error) {
            EXPECT_EQ(error.detail().at("path"), path.string());
            return error.status();
        }
        return LLMODEL_OK;
    };
    EXPECT_EQ(status_of(std::filesystem::path(test_models) / "no-such-file.gguf"), LLMODEL_NOT_FOUND);
    EXPECT_EQ(status_of(test_models), LLMODEL_INVALID_MODEL);
    EXPECT_EQ(status_of("/dev/null"), LLMODEL_INVALID_MODEL);
    if (geteuid() != 0) { // root may read everything
        const std::filesystem::path path = std::filesystem::path(::testing::TempDir()) / "unreadable.gguf";
        std::ofstream(path) << "GGUF";
        std::filesystem::permissions(path, std::filesystem::perms::none);
        EXPECT_EQ(status_of(path), LLMODEL_IO);
        std::filesystem::remove(path);
    }
}

TEST(Utf8Test, WellFormedness) {
    for (const char *good : {"", "plain", "é", "日本", "🙂", "\x7f"}) {
        EXPECT_TRUE(is_valid_utf8(good)) << good;
    }
    for (const char *bad : {"\x80", "\xc0\x80", "\xc3", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xff"}) {
        EXPECT_FALSE(is_valid_utf8(bad)) << printable(bad);
    }
    EXPECT_EQ(printable("a\nb\xff"), "a\\x0ab\\xff");
    EXPECT_EQ(printable(std::string(200, 'x')), std::string(80, 'x') + "...");
}

} // namespace
} // namespace llmodel::test
