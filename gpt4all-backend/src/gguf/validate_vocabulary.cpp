#include "gguf/utf8.h"
#include "gguf/validation.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>
#include <string>
#include <unordered_set>

namespace llmodel::validation {

namespace {

constexpr std::size_t max_tokens = std::size_t{1} << 22;
constexpr std::size_t max_template_bytes = std::size_t{1} << 20;
constexpr std::size_t max_templates = 64;

constexpr std::string_view tokens_key = "tokenizer.ggml.tokens";

/** The families of tokenizers of llama.cpp. */
enum class Family { sentencepiece, wordpiece, byte_pair, unigram, rwkv, plamo2, test };

struct Defaults {
    const char *name;
    Family family;
    std::int64_t bos, eos, sep; /**< The ids that llama.cpp assumes where the file gives none; -1 for none. */
    bool add_bos, add_eos;
};

constexpr Defaults known_tokenizers[] = {
    {"llama", Family::sentencepiece, 1, 2, -1, true, false},
    {"bert", Family::wordpiece, 101, -1, 102, true, false},
    {"gpt2", Family::byte_pair, 11, 11, -1, false, false},
    {"hybriddna", Family::byte_pair, 11, 11, -1, false, false},
    {"whitespace", Family::byte_pair, 11, 11, -1, false, false},
    {"gemma4", Family::byte_pair, -1, -1, -1, true, false},
    {"t5", Family::unigram, -1, 1, -1, false, true},
    {"rwkv", Family::rwkv, -1, -1, -1, false, false},
    {"plamo2", Family::plamo2, 1, 2, -1, false, false},
    {"test", Family::test, -1, -1, -1, false, false},
};

/** Pre-tokenizers with which llama.cpp adds a BOS token unless the file says otherwise. */
constexpr std::string_view pre_tokenizers_with_bos[] = {
    "llama3",   "llama-v3", "llama-bpe", "falcon3",      "falcon-h1", "pixtral",
    "midm-2.0", "lfm2",     "tekken",    "jina-v5-nano", "chameleon",
};

class Vocabulary {
  public:
    explicit Vocabulary(const GgufFile &file) : file_(file) {}

    void check() {
        find_family();
        check_tokens();
        check_attributes();
        check_flags();
        check_merges();
        check_character_map();
        check_special_tokens();
        check_suppressed();
        check_range(file_, "tokenizer.ggml.token_type_count", 1, 1024);
    }

  private:
    [[noreturn]] void fail(std::string_view key, const std::string &message) const {
        file_.fail(LLMODEL_INVALID_MODEL, key, message);
    }

    void find_family() {
        constexpr std::string_view key = "tokenizer.ggml.model";
        const auto name = file_.get_string(key);
        if (!name) {
            fail(key, "is missing; the file has no tokenizer");
        }
        if (*name == "none" || *name == "no_vocab") {
            file_.fail(LLMODEL_UNSUPPORTED, key, "is '" + std::string(*name) + "': the model does not work on text");
        }
        for (const Defaults &known : known_tokenizers) {
            if (*name == known.name) {
                defaults_ = &known;
            }
        }
        if (defaults_ == nullptr) {
            file_.fail(LLMODEL_UNSUPPORTED, key, "is '" + printable(*name) + "', an unknown tokenizer");
        }
        pre_ = file_.get_string("tokenizer.ggml.pre").value_or("");
    }

    /** The longest token that a tokenizer of the family handles in reasonable time and stack. */
    std::size_t max_token_bytes() const {
        switch (defaults_->family) {
        case Family::wordpiece:
            return 512;
        case Family::unigram:
        case Family::rwkv:
        case Family::plamo2:
            return 1024;
        default:
            return 65536;
        }
    }

    void check_tokens() {
        tokens_ = file_.get_strings(tokens_key);
        if (tokens_ == nullptr) {
            fail(tokens_key, "is missing");
        }
        if (tokens_->size() == 0 || tokens_->size() > max_tokens) {
            fail(tokens_key, "holds " + std::to_string(tokens_->size()) + " tokens, which is not between 1 and " +
                                 std::to_string(max_tokens));
        }
        // tries take about a hundred bytes for each byte of a token, suffix tables the square of its length
        const bool has_trie = defaults_->family == Family::unigram || defaults_->family == Family::rwkv;
        const std::uint64_t most_work = std::uint64_t{1} << (has_trie ? 26 : 30);
        std::unordered_set<std::string_view> seen;
        seen.reserve(tokens_->size());
        std::uint64_t work = 0;
        for (std::size_t i = 0; i < tokens_->size(); ++i) {
            const std::string_view text = (*tokens_)[i];
            if (text.size() > max_token_bytes()) {
                fail(tokens_key, "holds a token (number " + std::to_string(i) + ") of " + std::to_string(text.size()) +
                                     " bytes; at most " + std::to_string(max_token_bytes()) + " are allowed");
            }
            if (!text.empty() && !seen.insert(text).second) {
                fail(tokens_key,
                     "holds the token '" + printable(text) + "' twice, the second time as number " + std::to_string(i));
            }
            work += defaults_->family == Family::plamo2 ? text.size() * text.size() : text.size();
        }
        if (work > most_work) {
            fail(tokens_key, "holds tokens that together are longer than any model needs");
        }
    }

    void check_attributes() const {
        constexpr std::string_view scores_key = "tokenizer.ggml.scores";
        if (const GgufArray *scores = file_.get_array(scores_key)) {
            check_length(scores_key, *scores);
            const auto *values = scores->as<float>();
            if (values == nullptr && scores->as<std::int32_t>() == nullptr) {
                fail(scores_key, std::string("must hold numbers of type float32 or int32 but holds ") +
                                     gguf_type_label(scores->type));
            }
            if (values != nullptr &&
                std::any_of(values->begin(), values->end(), [](float score) { return std::isnan(score); })) {
                fail(scores_key, "holds something other than a number");
            }
        }
        constexpr std::string_view types_key = "tokenizer.ggml.token_type";
        if (const GgufArray *types = file_.get_array(types_key)) {
            check_length(types_key, *types);
            const auto *values = types->as<std::int32_t>();
            if (values == nullptr) {
                fail(types_key,
                     std::string("must hold numbers of type int32 but holds ") + gguf_type_label(types->type));
            }
            constexpr std::int32_t byte_token = 6;
            const auto count = static_cast<std::ptrdiff_t>(tokens_->size());
            if (defaults_->family == Family::wordpiece &&
                std::find(values->begin(), values->begin() + count, byte_token) != values->begin() + count) {
                fail(types_key, "says that a token is a byte, which a WordPiece vocabulary does not have");
            }
        }
    }

    void check_length(std::string_view key, const GgufArray &array) const {
        if (array.size() < tokens_->size()) {
            fail(key,
                 "has " + std::to_string(array.size()) + " entries for " + std::to_string(tokens_->size()) + " tokens");
        }
    }

    void check_flags() const {
        for (const std::string_view key :
             {"tokenizer.ggml.add_bos_token", "tokenizer.ggml.add_eos_token", "tokenizer.ggml.add_sep_token",
              "tokenizer.ggml.add_space_prefix", "tokenizer.ggml.remove_extra_whitespaces",
              "tokenizer.ggml.normalizer.lowercase", "tokenizer.ggml.normalizer.strip_accents"}) {
            file_.get_bool(key);
        }
    }

    void check_merges() const {
        constexpr std::string_view key = "tokenizer.ggml.merges";
        const StringArray *merges = file_.get_strings(key);
        if (merges == nullptr && defaults_->family == Family::byte_pair && pre_ != "kimi-k2") {
            fail(key, "is missing, but a byte-pair tokenizer needs it");
        }
        if (merges != nullptr && merges->size() > max_tokens) {
            fail(key, "holds " + std::to_string(merges->size()) + " merges, more than any model needs");
        }
    }

    /** SentencePiece's normalisation: the length of a table of 32-bit words, the table, and strings ending in NUL. */
    void check_character_map() const {
        constexpr std::string_view key = "tokenizer.ggml.precompiled_charsmap";
        const GgufArray *array = file_.get_array(key);
        if (array == nullptr || defaults_->family != Family::unigram) {
            return;
        }
        const void *bytes = nullptr;
        if (const auto *items = array->as<std::uint8_t>(); items != nullptr && array->type == GgufType::uint8) {
            bytes = items->data();
        } else if (const auto *signed_items = array->as<std::int8_t>()) {
            bytes = signed_items->data();
        } else {
            fail(key, std::string("must hold bytes but holds ") + gguf_type_label(array->type));
        }
        std::uint32_t table_bytes = 0;
        const std::size_t size = array->size();
        if (size > sizeof table_bytes) {
            std::memcpy(&table_bytes, bytes, sizeof table_bytes);
        }
        if (size <= sizeof table_bytes || table_bytes >= size - sizeof table_bytes || table_bytes % 4 != 0) {
            fail(key, "is damaged: a table of " + std::to_string(table_bytes) + " bytes does not fit into " +
                          std::to_string(size));
        }
        if (static_cast<const char *>(bytes)[size - 1] != '\0') {
            fail(key, "is damaged: its last string does not end");
        }
    }

    /** The id that llama.cpp will use: the file's if it is one of the vocabulary, else the default if that is. */
    std::optional<std::uint64_t> special(std::string_view key, std::int64_t fallback) const {
        const GgufValue *value = file_.find(key);
        if (value != nullptr && value->type != GgufType::uint32) {
            fail(key, std::string("must be of type uint32, not ") + gguf_type_label(value->type));
        }
        const auto id = file_.get_uint(key);
        if (id && *id < tokens_->size()) {
            return id;
        }
        if (fallback >= 0 && static_cast<std::uint64_t>(fallback) < tokens_->size()) {
            return static_cast<std::uint64_t>(fallback);
        }
        return std::nullopt;
    }

    void check_special_tokens() const {
        for (auto at = file_.metadata.lower_bound("tokenizer.ggml.");
             at != file_.metadata.end() && at->first.starts_with("tokenizer.ggml."); ++at) {
            if (at->first.ends_with("_token_id")) {
                special(at->first, -1);
            }
        }
        const bool is_wordpiece = defaults_->family == Family::wordpiece;
        const bool pre_adds_bos = std::find(std::begin(pre_tokenizers_with_bos), std::end(pre_tokenizers_with_bos),
                                            pre_) != std::end(pre_tokenizers_with_bos);
        const bool always_adds_bos = is_wordpiece || pre_ == "gemma4" || std::string_view(defaults_->name) == "gemma4";
        const bool add_bos =
            always_adds_bos ||
            file_.get_bool("tokenizer.ggml.add_bos_token").value_or(defaults_->add_bos || pre_adds_bos);
        const bool add_eos = file_.get_bool("tokenizer.ggml.add_eos_token").value_or(defaults_->add_eos);
        const std::int64_t bos = pre_ == "chatglm-bpe" ? -1 : defaults_->bos;
        require(add_bos, "tokenizer.ggml.bos_token_id", bos);
        require(add_eos && !is_wordpiece, "tokenizer.ggml.eos_token_id", defaults_->eos);
        require(is_wordpiece, "tokenizer.ggml.seperator_token_id", defaults_->sep); // spelt so in the format
        require(defaults_->family == Family::unigram || is_wordpiece, "tokenizer.ggml.unknown_token_id",
                is_wordpiece ? 100 : 2);
    }

    void require(bool is_used, std::string_view key, std::int64_t fallback) const {
        if (is_used && !special(key, fallback)) {
            fail(key, file_.find(key) == nullptr
                          ? "is missing, but the tokenizer needs it"
                          : "is " + std::to_string(*file_.get_uint(key)) + ", but there are only " +
                                std::to_string(tokens_->size()) + " tokens");
        }
    }

    void check_suppressed() const {
        constexpr std::string_view key = "tokenizer.ggml.suppress_tokens";
        const GgufArray *array = file_.get_array(key);
        if (array != nullptr && array->as<std::int32_t>() == nullptr) {
            fail(key, std::string("must hold numbers of type int32 but holds ") + gguf_type_label(array->type));
        }
    }

    const GgufFile &file_;
    const Defaults *defaults_ = nullptr;
    const StringArray *tokens_ = nullptr;
    std::string_view pre_;
};

void check_templates(const GgufFile &file) {
    constexpr std::string_view prefix = "tokenizer.chat_template";
    std::size_t count = 0;
    for (auto at = file.metadata.lower_bound(prefix); at != file.metadata.end() && at->first.starts_with(prefix);
         ++at) {
        if (at->first == "tokenizer.chat_templates") { // the names of the others
            file.get_strings(at->first);
            continue;
        }
        const std::string_view text = *file.get_string(at->first);
        if (text.size() > max_template_bytes) {
            file.fail(LLMODEL_INVALID_MODEL, at->first,
                      "is a chat template of " + std::to_string(text.size()) + " bytes; at most " +
                          std::to_string(max_template_bytes) + " are allowed");
        }
        if (!is_valid_utf8(text) || text.find('\0') != std::string_view::npos) {
            file.fail(LLMODEL_INVALID_MODEL, at->first, "is not valid UTF-8 text");
        }
        if (++count > max_templates) {
            file.fail(LLMODEL_INVALID_MODEL, at->first,
                      "is one chat template too many; at most " + std::to_string(max_templates) + " are allowed");
        }
    }
}

} // namespace

void check_vocabulary(const GgufFile &file) {
    Vocabulary(file).check();
    check_templates(file);
}

} // namespace llmodel::validation
