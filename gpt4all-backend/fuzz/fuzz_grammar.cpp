#include "backends/backend.h"
#include "engine/model.h"
#include "error.h"
#include "json/parse.h"
#include "json/schema.h"
#include "json/utf8.h"
#include "operations/requests.h"
#include "sampling.h"
#include "server-schema.h"

#include <array>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

namespace {

using llmodel::json;

/** Calls in JSON, by special tokens, in tags with arguments in tags, and in channels. */
constexpr std::array templates = {"NousResearch-Hermes-2-Pro-Llama-3-8B-tool_use.jinja",
                                  "meta-llama-Llama-3.1-8B-Instruct.jinja", "Qwen3-Coder.jinja",
                                  "openai-gpt-oss-120b.jinja"};

/** A tiny model for each template; never closed. */
llmodel::Engine &engine_with(size_t place) {
    static std::array<llmodel::Model *, templates.size()> models = {};
    if (models[place] == nullptr) {
        std::ifstream file(std::string(FUZZ_TEMPLATES) + "/" + templates[place]);
        const std::string source{std::istreambuf_iterator<char>(file), {}};
        const json options = {{"chat_template", source}, {"n_ctx", 512}, {"n_threads", 1}, {"n_parallel", 1}};
        models[place] = new llmodel::Model(FUZZ_MODEL, options, {});
    }
    return models[place]->generator("fuzz");
}

/** The request that the bytes stand for: a grammar, a schema, a tool's parameters, or the whole of it. */
json request_of(unsigned kind, unsigned choice, const std::string &text) {
    json request = {{"messages", json::array({{{"role", "user"}, {"content", "x"}}})}};
    if (kind == 0) {
        return {{"prompt", "x"}, {"grammar", text}};
    }
    json value = llmodel::parse_json(text.c_str(), "fuzz");
    if (kind == 1) {
        request["json_schema"] = std::move(value);
    } else if (kind == 2) {
        json function = {{"name", "f"}, {"description", "f"}, {"parameters", std::move(value)}};
        request["tools"] = json::array({{{"type", "function"}, {"function", std::move(function)}}});
        request["tool_choice"] = choice % 2 == 0 ? "auto" : "required";
        request["parallel_tool_calls"] = choice % 4 < 2;
    } else {
        return value;
    }
    return request;
}

/** Reads a text by the grammar that the sampler allows, some tokens long. */
void walk(const llama_vocab *vocab, const std::string &grammar, unsigned seed) {
    const auto start = std::chrono::steady_clock::now();
    const std::unique_ptr<llama_sampler, decltype(&llama_sampler_free)> sampler(
        llama_sampler_init_grammar(vocab, grammar.c_str(), "root"), llama_sampler_free);
    std::minstd_rand random(seed);
    std::vector<llama_token_data> tokens(static_cast<size_t>(llama_vocab_n_tokens(vocab)));
    for (int step = 0; step < 16 && std::chrono::steady_clock::now() - start < std::chrono::seconds(1); ++step) {
        for (size_t i = 0; i < tokens.size(); ++i) {
            tokens[i] = {static_cast<llama_token>(i), 0, 0};
        }
        llama_token_data_array all{tokens.data(), tokens.size(), -1, false};
        llama_sampler_apply(sampler.get(), &all);
        std::erase_if(tokens, [vocab](const llama_token_data &token) {
            return std::isinf(token.logit) || llama_vocab_is_eog(vocab, token.id);
        });
        if (tokens.empty()) {
            return;
        }
        llama_sampler_accept(sampler.get(), tokens[random() % tokens.size()].id);
        tokens.resize(static_cast<size_t>(llama_vocab_n_tokens(vocab)));
    }
}

} // namespace

/** The bytes are a request with a grammar, a schema or tools. It is refused as a mistake of the user's, or turned into
 * a sampler that can be used, within bounds of time and memory. */
extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 2) {
        return 0;
    }
    const unsigned kind = data[0] % 4;
    const std::string text(data + 2, data + size);
    if (llmodel::first_invalid_utf8(text) != std::string::npos) {
        return 0;
    }
    llmodel::Engine &engine = engine_with(data[0] / 4 % templates.size());
    llmodel::Generation generation;
    try {
        const llmodel::json request = request_of(kind, data[1], text);
        llmodel::validate(request, kind == 0 ? "complete_request" : "chat_request");
        generation = kind == 0 ? llmodel::prepare_complete(engine, request) : llmodel::prepare_chat(engine, request);
    } catch (const llmodel::Error &error) {
        if (error.status() == LLMODEL_INTERNAL) {
            std::abort();
        }
        return 0;
    }
    task_params params = server_schema::eval_llama_cmpl_schema(engine.vocab(), engine.params(),
                                                               engine.meta().logit_bias_eog, generation.parameters);
    const common_sampler_ptr sampler(common_sampler_init(engine.weights(), params.sampling));
    const std::string &grammar = common_grammar_value(params.sampling.grammar);
    if (!grammar.empty()) {
        try {
            walk(engine.vocab(), grammar, data[1]);
        } catch (const llmodel::Error &error) {
            if (error.status() != LLMODEL_GRAMMAR_ERROR) {
                std::abort();
            }
        }
    }
    return 0;
}
