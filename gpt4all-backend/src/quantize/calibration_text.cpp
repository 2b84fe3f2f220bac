#include "quantize/calibration_text.h"

#include "gguf/byte_source.h"
#include "gguf/utf8.h"

#include <algorithm>
#include <limits>
#include <span>
#include <string_view>
#include <system_error>

namespace llmodel {

namespace {

namespace fs = std::filesystem;

// Tokens at the end of a part of a text, which may be others with the rest.
constexpr size_t uncertain_tokens = 64;
constexpr size_t likely_bytes_per_token = 8;

[[noreturn]] void refuse(const char *option, const std::string &what) {
    throw Error(LLMODEL_INVALID_ARGUMENT, std::string("the option ") + option + ": " + what, {{"path", option}});
}

std::string read_file(const fs::path &path) {
    std::error_code ignored;
    if (fs::is_directory(path, ignored)) {
        refuse("/file", path.string() + " is a folder; name a text file");
    }
    if (fs::exists(path, ignored) && !fs::is_regular_file(path, ignored)) {
        refuse("/file", path.string() + " is not a regular file; write the text to one, or give it as text");
    }
    FileSource file(path);
    if (file.size() > std::numeric_limits<int32_t>::max()) {
        refuse("/file", path.string() + " has more than 2 GiB; a few megabytes are plenty");
    }
    std::string text(file.size(), '\0');
    file.read(0, std::as_writable_bytes(std::span(text)));
    if (!is_valid_utf8(text)) {
        refuse("/file", path.string() + " is not UTF-8 text; convert it, for example with iconv");
    }
    return text;
}

/** At least the first `needed` tokens, if there are so many: to split a long text takes minutes. */
Tokens first_tokens(const std::string &text, const llama_vocab *vocab, size_t needed) {
    for (size_t bytes = needed * likely_bytes_per_token;; bytes *= 2) {
        std::string_view part(text);
        if (bytes < part.size()) {
            while ((static_cast<unsigned char>(text[bytes]) & 0xC0U) == 0x80U) { // within a character
                ++bytes;
            }
            part = part.substr(0, bytes);
        }
        Tokens tokens = tokenize(part, vocab, true, false, "the text");
        if (part.size() == text.size() || tokens.size() >= needed + uncertain_tokens) {
            return tokens;
        }
    }
}

} // namespace

CalibrationText read_calibration_text(const json &options) {
    if (options.contains("text") == options.contains("file")) {
        refuse("/text", "give either text or file: text for the model to read, like that which it is for");
    }
    CalibrationText result;
    if (options.contains("file")) {
        result.file = options["file"].get<std::string>();
        result.text = read_file(result.file);
        result.name = result.file.filename().string();
    } else {
        result.text = options["text"].get<std::string>();
        result.name = "text";
    }
    result.name = options.value("dataset", result.name);
    return result;
}

std::vector<Tokens> cut_into_chunks(const CalibrationText &text, const llama_vocab *vocab, size_t n_ctx, size_t most) {
    const Tokens tokens = first_tokens(text.text, vocab, most == 0 ? text.text.size() : most * n_ctx);
    const size_t count = most == 0 ? tokens.size() / n_ctx : std::min(most, tokens.size() / n_ctx);
    if (count == 0) {
        throw Error(LLMODEL_INVALID_ARGUMENT,
                    "the text has " + std::to_string(tokens.size()) + " tokens, but at least " + std::to_string(n_ctx) +
                        " (n_ctx) are needed; give a longer one, ideally of some ten thousand tokens",
                    {{"path", text.file.empty() ? "/text" : "/file"}, {"tokens", tokens.size()}, {"n_ctx", n_ctx}});
    }
    const bool has_first = llama_vocab_get_add_bos(vocab) || llama_vocab_type(vocab) == LLAMA_VOCAB_TYPE_WPM;
    std::vector<Tokens> chunks;
    for (size_t i = 0; i < count; ++i) {
        const auto begin = tokens.begin() + static_cast<std::ptrdiff_t>(i * n_ctx);
        chunks.emplace_back(begin, begin + static_cast<std::ptrdiff_t>(n_ctx));
        if (has_first) {
            chunks.back().front() = llama_vocab_bos(vocab);
        }
    }
    return chunks;
}

} // namespace llmodel
