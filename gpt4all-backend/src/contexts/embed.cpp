#include "contexts/embed.h"

#include "contexts/pool.h"

#include <algorithm>
#include <cmath>
#include <string>

namespace llmodel {

namespace {

const char *pooling_name(PoolingType pooling) {
    switch (pooling) {
    case LLAMA_POOLING_TYPE_NONE:
        return "none";
    case LLAMA_POOLING_TYPE_CLS:
        return "cls";
    case LLAMA_POOLING_TYPE_LAST:
        return "last";
    case LLAMA_POOLING_TYPE_RANK:
        return "rank";
    default:
        return "mean";
    }
}

/** The inputs of a request: `input` is one of them or an array of them. */
std::vector<const json *> inputs_of(const json &input) {
    std::vector<const json *> inputs;
    if (input.is_array() && !input.empty() && (input[0].is_string() || input[0].is_array())) {
        for (const json &each : input) {
            inputs.push_back(&each);
        }
    } else {
        inputs.push_back(&input);
    }
    return inputs;
}

/** Cuts the text but not the tokens that the model puts behind every text. */
void cut(Tokens &tokens, size_t limit, const llama_vocab *vocab) {
    size_t tail = 0;
    while (tail < limit / 2 && llama_vocab_is_control(vocab, tokens[tokens.size() - 1 - tail])) {
        ++tail;
    }
    const auto first = tokens.begin() + static_cast<std::ptrdiff_t>(limit - tail);
    tokens.erase(first, tokens.end() - static_cast<std::ptrdiff_t>(tail));
}

Tokens input_tokens(const Context &context, const json &input, size_t index, bool truncate) {
    const std::string where = "input " + std::to_string(index);
    if (input.empty() || (input.is_string() && input.get_ref<const std::string &>().empty())) {
        throw Error(LLMODEL_INVALID_ARGUMENT, where + " is empty; leave it out", {{"index", index}});
    }
    if (input.is_string() && !truncate) {
        check_fits(input.get_ref<const std::string &>(), context.vocab(), context.limit(), where);
    }
    Tokens tokens = tokens_of(input, context.vocab(), true, false, where);
    if (tokens.empty()) {
        throw Error(LLMODEL_INVALID_ARGUMENT, where + " has no tokens; leave it out", {{"index", index}});
    }
    if (tokens.size() > context.limit()) {
        if (!truncate) {
            throw Error(LLMODEL_CONTEXT_OVERFLOW,
                        where + " has " + std::to_string(tokens.size()) + " tokens, but the model takes " +
                            std::to_string(context.limit()) + "; split it, or set \"truncate\" to cut its end",
                        {{"index", index}, {"n_tokens", tokens.size()}, {"limit", context.limit()}});
        }
        cut(tokens, context.limit(), context.vocab());
    }
    return tokens;
}

double norm_of(std::span<const float> vector, int norm) {
    double sum = 0.0;
    switch (norm) {
    case 0:
        for (const float value : vector) {
            sum = std::max(sum, std::abs(static_cast<double>(value)));
        }
        return sum / 32760.0;
    case 1:
        for (const float value : vector) {
            sum += std::abs(static_cast<double>(value));
        }
        return sum;
    case 2:
        for (const float value : vector) {
            sum += static_cast<double>(value) * value;
        }
        return std::sqrt(sum);
    default:
        break;
    }
    // by the largest, so that no power overflows
    double largest = 0.0;
    for (const float value : vector) {
        largest = std::max(largest, std::abs(static_cast<double>(value)));
    }
    if (largest == 0.0) {
        return 0.0;
    }
    for (const float value : vector) {
        sum += std::pow(std::abs(static_cast<double>(value)) / largest, norm);
    }
    return largest * std::pow(sum, 1.0 / norm);
}

} // namespace

void normalize(std::span<float> vector, int norm) {
    if (norm < 0) {
        return;
    }
    const double length = norm_of(vector, norm);
    if (length > 0.0) {
        for (float &value : vector) {
            value = static_cast<float>(value / length);
        }
    }
}

void embed(Context &context, const std::vector<ScaledAdapter> &adapters, const json &request, EventSink &sink) {
    const PoolingType pooling = pooling_of(context.weights(), context.params());
    if (pooling == LLAMA_POOLING_TYPE_RANK) {
        throw Error(LLMODEL_UNSUPPORTED,
                    "this model ranks documents and does not make embeddings; use rerank, or open it "
                    "with \"pooling\": \"mean\", \"cls\" or \"last\" if you know that it can make them");
    }
    if (!llama_model_has_decoder(context.weights()) && !llama_model_has_encoder(context.weights())) {
        throw Error(LLMODEL_UNSUPPORTED, "this model makes no embeddings");
    }
    const int norm = request.value("embd_normalize", request.value("normalize", true) ? 2 : -1);
    const bool truncate = request.value("truncate", false);
    const auto width = static_cast<size_t>(llama_model_n_embd_out(context.weights()));
    const size_t dimension = request.value("dimensions", width);
    if (dimension > width) {
        throw Error(LLMODEL_INVALID_ARGUMENT,
                    "\"dimensions\" is " + std::to_string(dimension) + ", but the model's vectors have " +
                        std::to_string(width),
                    {{"path", "/dimensions"}, {"limit", width}});
    }

    std::vector<Tokens> sequences;
    size_t n_tokens = 0;
    for (const json *input : inputs_of(request.at("input"))) {
        sink.throw_if_cancelled();
        sequences.push_back(input_tokens(context, *input, sequences.size(), truncate));
        n_tokens += sequences.back().size();
    }

    const auto deliver = [&](size_t index, Pooled &vectors) {
        check_finite(vectors);
        std::vector<float> kept;
        kept.reserve(vectors.size() / width * dimension);
        for (size_t begin = 0; begin < vectors.size(); begin += width) {
            const std::span<float> vector = std::span(vectors).subspan(begin, dimension);
            normalize(vector, norm);
            kept.insert(kept.end(), vector.begin(), vector.end());
        }
        sink.emit_floats(LLMODEL_EVENT_EMBEDDING, static_cast<int32_t>(index), kept.data(), kept.size());
    };
    pool(context, sequences, pooling, adapters, sink, deliver);

    sink.emit_json(LLMODEL_EVENT_RESULT, 0,
                   {{"count", sequences.size()},
                    {"dimension", dimension},
                    {"pooling", pooling_name(pooling)},
                    {"usage", {{"prompt_tokens", n_tokens}, {"total_tokens", n_tokens}}}});
}

} // namespace llmodel
