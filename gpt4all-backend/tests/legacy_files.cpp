#include "legacy_files.h"

#include <bit>
#include <cstring>
#include <fstream>
#include <utility>

namespace legacy_files {

namespace {

constexpr std::uint32_t layers = 1;

class File {
  public:
    File(const Recipe &recipe, std::uint32_t part, std::uint32_t parts) : recipe_(recipe), part_(part), parts_(parts) {}

    std::string build() {
        put_magic();
        if (recipe_.architecture == "llama") {
            put_llama();
        } else if (recipe_.architecture == "gptj") {
            put_gptj();
        } else {
            put_mpt();
        }
        return std::move(bytes_);
    }

  private:
    enum class Cut { none, rows, columns };

    void put(std::uint32_t value) { bytes_ += word(value); }
    void put(float value) { put(std::bit_cast<std::uint32_t>(value)); }

    void put_magic() {
        bytes_ = std::string(recipe_.format.rbegin(), recipe_.format.rend()); // a 32-bit word
        if (recipe_.format == "ggmf" || recipe_.format == "ggjt") {
            put(recipe_.version);
        }
    }

    void put_token(const std::string &text) {
        put(static_cast<std::uint32_t>(text.size()));
        bytes_ += text;
    }

    void put_values(const std::string &name, std::uint32_t type, std::uint32_t columns, std::uint32_t rows, Cut cut) {
        const std::uint32_t first_row = cut == Cut::rows ? rows * part_ : 0;
        const std::uint32_t first_column = cut == Cut::columns ? columns * part_ : 0;
        for (std::uint32_t row = first_row; row < first_row + rows; ++row) {
            if (type == 0) {
                for (std::uint32_t column = first_column; column < first_column + columns; ++column) {
                    put(value_at(name, row, column));
                }
                continue;
            }
            for (std::uint32_t block = 0; block < columns / recipe_.block; ++block) {
                for (std::uint32_t i = 0; i < recipe_.block_bytes; ++i) { // no scale is large
                    bytes_ += static_cast<char>((row * 7 + block * 3 + i) % 48);
                }
            }
        }
    }

    /** A matrix, or a vector if there are no rows. */
    void put_tensor(const std::string &name, std::uint32_t columns, std::uint32_t rows, Cut cut = Cut::none) {
        const std::uint32_t type = rows == 0 ? 0 : recipe_.type;
        columns /= cut == Cut::columns ? parts_ : 1;
        rows /= cut == Cut::rows ? parts_ : 1;
        put(rows == 0 ? std::uint32_t{1} : 2);
        put(static_cast<std::uint32_t>(name.size()));
        put(type);
        put(columns);
        if (rows != 0) {
            put(rows);
        }
        bytes_ += name;
        while (recipe_.format == "ggjt" && bytes_.size() % 32 != 0) {
            bytes_ += '\0';
        }
        put_values(name, type, columns, rows == 0 ? 1 : rows, cut);
    }

    void put_square(const std::string &name, std::uint32_t columns, std::uint32_t rows) {
        put_tensor(name, recipe_.transposed ? rows : columns, recipe_.transposed ? columns : rows);
    }

    void put_llama() {
        const std::uint32_t n_vocab = 264;
        const std::uint32_t n_ff = 64;
        const std::uint32_t width = recipe_.width;
        for (const std::uint32_t number :
             {n_vocab, width, std::uint32_t{32}, recipe_.heads, layers, width / recipe_.heads, recipe_.file_type}) {
            put(number);
        }
        for (std::uint32_t id = 0; id < n_vocab; ++id) {
            if (recipe_.lacks_last_token && id + 1 == n_vocab) {
                break;
            }
            static const char *const pieces[] = {" ", "t", "h", "th", " th"};
            put_token(id == 0    ? " \xE2\x81\x87 "
                      : id <= 2  ? ""
                      : id < 259 ? std::string(1, static_cast<char>(id - 3))
                                 : pieces[id - 259]);
            if (recipe_.format != "ggml") {
                put(id < 259 ? 0.0F : -static_cast<float>(id));
            }
        }
        put_tensor("tok_embeddings.weight", width, n_vocab, Cut::columns);
        put_tensor("norm.weight", width, 0);
        put_tensor("output.weight", width, n_vocab, Cut::rows);
        const std::string layer = "layers.0.";
        for (const char *name : {"wq", "wk", "wv"}) {
            put_tensor(layer + "attention." + name + ".weight", width, width, Cut::rows);
        }
        put_tensor(layer + "attention.wo.weight", width, width, Cut::columns);
        put_tensor(layer + "attention_norm.weight", width, 0);
        put_tensor(layer + "feed_forward.w1.weight", width, n_ff, Cut::rows);
        put_tensor(layer + "feed_forward.w2.weight", n_ff, width, Cut::columns);
        put_tensor(layer + "feed_forward.w3.weight", width, n_ff, Cut::rows);
        put_tensor(layer + "ffn_norm.weight", width, 0);
    }

    static const std::vector<std::string> &byte_pair_tokens() {
        static const std::vector<std::string> tokens = [] {
            std::vector<std::string> made;
            made.reserve(300);
            for (int byte = 0; byte < 256; ++byte) {
                made.emplace_back(1, static_cast<char>(byte));
            }
            for (const char *text : {"th", "the", " the", "he", "<|endoftext|>", "<|extratoken_1|>"}) {
                made.emplace_back(text);
            }
            return made;
        }();
        return tokens;
    }

    void put_gptj() {
        const std::uint32_t width = recipe_.width;
        const auto n_vocab = static_cast<std::uint32_t>(byte_pair_tokens().size());
        for (const std::uint32_t number : {n_vocab, std::uint32_t{64}, width, recipe_.heads, layers,
                                           width / recipe_.heads / 2, recipe_.file_type, n_vocab}) {
            put(number);
        }
        for (const std::string &token : byte_pair_tokens()) {
            put_token(token);
        }
        put_tensor("transformer.wte.weight", width, n_vocab);
        put_tensor("transformer.ln_f.weight", width, 0);
        put_tensor("transformer.ln_f.bias", width, 0);
        put_tensor("lm_head.weight", width, n_vocab);
        put_tensor("lm_head.bias", n_vocab, 0);
        const std::string layer = "transformer.h.0.";
        put_tensor(layer + "ln_1.weight", width, 0);
        put_tensor(layer + "ln_1.bias", width, 0);
        for (const char *name : {"q_proj", "k_proj", "v_proj", "out_proj"}) {
            put_square(layer + "attn." + name + ".weight", width, width);
        }
        put_square(layer + "mlp.fc_in.weight", width, 4 * width);
        put_tensor(layer + "mlp.fc_in.bias", 4 * width, 0);
        put_tensor(layer + "mlp.fc_out.weight", 4 * width, width);
        put_tensor(layer + "mlp.fc_out.bias", width, 0);
    }

    void put_mpt() {
        const std::uint32_t width = recipe_.width;
        const auto n_vocab = static_cast<std::uint32_t>(byte_pair_tokens().size());
        const bool own = recipe_.format == "ggmm"; // GPT4All's
        if (own) {
            for (const std::uint32_t number : {n_vocab, std::uint32_t{64}, layers, recipe_.heads, width}) {
                put(number);
            }
        } else {
            for (const std::uint32_t number : {width, std::uint32_t{64}, recipe_.heads, layers, n_vocab}) {
                put(number);
            }
        }
        put(8.0F); // alibi_bias_max
        put(0.0F); // clip_qkv
        put(recipe_.file_type);
        if (own) {
            put(n_vocab);
        }
        for (const std::string &token : byte_pair_tokens()) {
            std::string text = token;
            if (token.size() == 1 && static_cast<unsigned char>(token[0]) >= 0x80) {
                const auto byte = static_cast<unsigned char>(token[0]);
                text = {static_cast<char>(0xC0 | byte >> 6), static_cast<char>(0x80 | (byte & 0x3F))};
            }
            put_token(text);
        }
        put_tensor("transformer.wte.weight", width, n_vocab);
        put_tensor("transformer.norm_f.weight", width, 0);
        const std::string layer = "transformer.blocks.0.";
        put_tensor(layer + "norm_1.weight", width, 0);
        put_tensor(layer + "norm_2.weight", width, 0);
        put_tensor(layer + "attn.Wqkv.weight", width, 3 * width);
        put_tensor(layer + "attn.out_proj.weight", width, width);
        put_tensor(layer + "ffn.up_proj.weight", width, 4 * width);
        put_tensor(layer + "ffn.down_proj.weight", 4 * width, width);
    }

    const Recipe &recipe_;
    std::uint32_t part_;
    std::uint32_t parts_;
    std::string bytes_;
};

} // namespace

std::string word(std::uint32_t value) {
    std::string bytes(sizeof value, '\0');
    std::memcpy(bytes.data(), &value, sizeof value);
    return bytes;
}

float value_at(const std::string &name, std::uint32_t row, std::uint32_t column) {
    std::uint32_t of_name = 0;
    for (const char letter : name) {
        of_name = of_name * 31 + static_cast<unsigned char>(letter);
    }
    return static_cast<float>((row * 131 + column * 7 + of_name % 16) % 256) / 512.0F - 0.25F;
}

std::string build(const Recipe &recipe, std::uint32_t part, std::uint32_t parts) {
    return File(recipe, part, parts).build();
}

void write(const std::string &path, const std::string &bytes) {
    std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

} // namespace legacy_files
