// Times grammars of JSON Schemas, ours and those of llama.cpp's converter. Reads {"model", "repeats", "schemas":
// [{"name", "schema", "text"}]} and prints {"vocab": [tokens in hexadecimal], "eos", "tokens": {name: [ids of the
// text]}, "times": {contender: {name: {"compile": [seconds, ...], "mask": [seconds for a token, ...]} or {"error"}}}}.
// A mask is of the whole vocabulary, at each token of the text.

#include "grammar/budget.h"
#include "json-schema-to-grammar.h"
#include "json/parse.h"
#include "json_schema/compile.h"
#include "llama-grammar.h"
#include "llama/logging.h"

#include <chrono>
#include <functional>
#include <iostream>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using llmodel::json;
using Clock = std::chrono::steady_clock;
using Grammar = std::unique_ptr<llama_grammar, decltype(&llama_grammar_free_impl)>;

double seconds_since(Clock::time_point begin) {
    return std::chrono::duration<double>(Clock::now() - begin).count();
}

std::vector<llama_token> tokens_of(const llama_vocab *vocab, const std::string &text) {
    std::vector<llama_token> tokens(text.size() + 8);
    const int count = llama_tokenize(vocab, text.c_str(), static_cast<int>(text.size()), tokens.data(),
                                     static_cast<int>(tokens.size()), false, false);
    tokens.resize(static_cast<size_t>(count));
    return tokens;
}

std::string piece_of(const llama_vocab *vocab, llama_token token) {
    std::string piece(256, '\0');
    const int size = llama_token_to_piece(vocab, token, piece.data(), static_cast<int>(piece.size()), 0, false);
    piece.resize(static_cast<size_t>(size < 0 ? 0 : size));
    return piece;
}

std::string hexadecimal(const std::string &bytes) {
    const char *digits = "0123456789abcdef";
    std::string made;
    for (const char byte : bytes) {
        const auto value = static_cast<unsigned char>(byte);
        made += digits[value / 16];
        made += digits[value % 16];
    }
    return made;
}

Grammar parsed(const llama_vocab *vocab, const std::string &text) {
    Grammar made = {llama_grammar_init_impl(vocab, text.c_str(), "root", false, nullptr, 0, nullptr, 0),
                    llama_grammar_free_impl};
    if (made == nullptr) {
        throw std::runtime_error("llama.cpp does not take the grammar");
    }
    return made;
}

/** The time for a mask at each token of a text that the grammar admits. */
json masks(const llama_vocab *vocab, llama_grammar &grammar, const std::vector<llama_token> &text) {
    json times = json::array();
    std::vector<llama_token_data> data(static_cast<size_t>(llama_vocab_n_tokens(vocab)));
    for (const llama_token token : text) {
        for (size_t i = 0; i < data.size(); ++i) {
            data[i] = {static_cast<llama_token>(i), 0, 0};
        }
        llama_token_data_array candidates = {data.data(), data.size(), -1, false};
        const auto begin = Clock::now();
        llama_grammar_apply_impl(grammar, &candidates);
        times.push_back(seconds_since(begin));
        if (data[static_cast<size_t>(token)].logit != 0) {
            throw std::runtime_error("it does not admit the text");
        }
        llama_grammar_accept_impl(grammar, token);
    }
    return times;
}

json measure(const llama_vocab *vocab, const json &asked, const std::vector<llama_token> &text, int repeats,
             const std::function<std::string(const json &, int)> &convert) {
    json found = {{"compile", json::array()}, {"mask", json::array()}};
    try {
        for (int i = 0; i < repeats; ++i) {
            const auto begin = Clock::now();
            const Grammar grammar = parsed(vocab, convert(asked.at("schema"), i));
            found["compile"].push_back(seconds_since(begin));
            for (const json &one : masks(vocab, *grammar, text)) {
                found["mask"].push_back(one);
            }
        }
    } catch (const std::exception &error) {
        return {{"error", error.what()}};
    }
    return found;
}

/** The same schema in another document, which is not remembered. */
json not_remembered(json schema, int number) {
    schema["$comment"] = std::to_string(number);
    return schema;
}

} // namespace

int main() {
    const std::string input(std::istreambuf_iterator<char>(std::cin), {});
    const json asked = llmodel::parse_json(input.c_str(), "the request");
    llmodel::capture_llama_log();
    llmodel::bound_grammars();
    llama_model_params params = llama_model_default_params();
    params.vocab_only = true;
    const std::unique_ptr<llama_model, decltype(&llama_model_free)> model = {
        llama_model_load_from_file(asked.at("model").get<std::string>().c_str(), params), llama_model_free};
    if (model == nullptr) {
        std::cerr << "the model cannot be opened\n";
        return 1;
    }
    const llama_vocab *vocab = llama_model_get_vocab(model.get());
    json said = {{"vocab", json::array()}, {"eos", llama_vocab_eos(vocab)}, {"tokens", json::object()}};
    for (llama_token token = 0; token < llama_vocab_n_tokens(vocab); ++token) {
        said["vocab"].push_back(hexadecimal(piece_of(vocab, token)));
    }
    const int repeats = asked.at("repeats").get<int>();
    for (const json &one : asked.at("schemas")) {
        const auto name = one.at("name").get<std::string>();
        const std::vector<llama_token> text = tokens_of(vocab, one.at("text").get<std::string>());
        said["tokens"][name] = text;
        said["times"]["libllmodel"][name] = measure(vocab, one, text, repeats, [](const json &schema, int number) {
            return llmodel::gbnf_of(*llmodel::compile_json_schema(not_remembered(schema, number)));
        });
        said["times"]["llama.cpp"][name] = measure(vocab, one, text, repeats, [](const json &schema, int) {
            return json_schema_to_grammar(common_json::parse(schema.dump()));
        });
    }
    std::cout << llmodel::dump_json(said) << '\n';
    return 0;
}
