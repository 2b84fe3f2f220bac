#include "legacy/gguf_header.h"

#include "gguf.h"

#include <new>
#include <type_traits>

namespace llmodel::legacy {

GgufHeader::GgufHeader() : context_(gguf_init_empty(), gguf_free) {}

void GgufHeader::set(const std::string &key, std::uint32_t value) {
    gguf_set_val_u32(context_.get(), key.c_str(), value);
}

void GgufHeader::set(const std::string &key, float value) {
    gguf_set_val_f32(context_.get(), key.c_str(), value);
}

void GgufHeader::set(const std::string &key, bool value) {
    gguf_set_val_bool(context_.get(), key.c_str(), value);
}

void GgufHeader::set(const std::string &key, const std::string &value) {
    gguf_set_val_str(context_.get(), key.c_str(), value.c_str());
}

void GgufHeader::set(const std::string &key, const std::vector<std::string> &values) {
    std::vector<const char *> texts;
    texts.reserve(values.size());
    for (const std::string &value : values) {
        texts.push_back(value.c_str());
    }
    gguf_set_arr_str(context_.get(), key.c_str(), texts.data(), texts.size());
}

namespace {

template<typename Number> void set_number(gguf_context *context, const char *key, GgufType type, Number number) {
    switch (type) {
    case GgufType::uint8:
        return gguf_set_val_u8(context, key, static_cast<std::uint8_t>(number));
    case GgufType::int8:
        return gguf_set_val_i8(context, key, static_cast<std::int8_t>(number));
    case GgufType::uint16:
        return gguf_set_val_u16(context, key, static_cast<std::uint16_t>(number));
    case GgufType::int16:
        return gguf_set_val_i16(context, key, static_cast<std::int16_t>(number));
    case GgufType::uint32:
        return gguf_set_val_u32(context, key, static_cast<std::uint32_t>(number));
    case GgufType::int32:
        return gguf_set_val_i32(context, key, static_cast<std::int32_t>(number));
    case GgufType::uint64:
        return gguf_set_val_u64(context, key, static_cast<std::uint64_t>(number));
    case GgufType::int64:
        return gguf_set_val_i64(context, key, static_cast<std::int64_t>(number));
    case GgufType::float32:
        return gguf_set_val_f32(context, key, static_cast<float>(number));
    case GgufType::float64:
        return gguf_set_val_f64(context, key, static_cast<double>(number));
    case GgufType::boolean:
    case GgufType::string:
    case GgufType::array:
        return; // no numbers
    }
}

} // namespace

void GgufHeader::set(const std::string &key, const GgufArray &array) {
    std::visit(
        [&](const auto &items) {
            if constexpr (std::is_same_v<std::decay_t<decltype(items)>, StringArray>) {
                std::vector<std::string> texts;
                for (std::size_t i = 0; i < items.size(); ++i) {
                    texts.emplace_back(items[i]);
                }
                set(key, texts);
            } else { // types are numbered alike
                gguf_set_arr_data(context_.get(), key.c_str(), static_cast<gguf_type>(array.type), items.data(),
                                  items.size());
            }
        },
        array.items);
}

void GgufHeader::set(const std::string &key, const GgufValue &value) {
    std::visit(
        [&](const auto &item) {
            using Item = std::decay_t<decltype(item)>;
            if constexpr (std::is_arithmetic_v<Item> && !std::is_same_v<Item, bool>) {
                set_number(context_.get(), key.c_str(), value.type, item);
            } else {
                set(key, item);
            }
        },
        value.value);
}

void GgufHeader::set(const Vocabulary &vocabulary) {
    const std::string prefix = "tokenizer.ggml.";
    set(prefix + "model", std::string(vocabulary.model));
    set(prefix + "pre", std::string(vocabulary.pre));
    set(prefix + "tokens", vocabulary.tokens);
    gguf_set_arr_data(context_.get(), (prefix + "token_type").c_str(), GGUF_TYPE_INT32, vocabulary.types.data(),
                      vocabulary.types.size());
    if (!vocabulary.scores.empty()) {
        gguf_set_arr_data(context_.get(), (prefix + "scores").c_str(), GGUF_TYPE_FLOAT32, vocabulary.scores.data(),
                          vocabulary.scores.size());
    } else {
        set(prefix + "merges", vocabulary.merges);
    }
    for (const auto &[name, id] : {std::pair{"bos_token_id", vocabulary.bos}, std::pair{"eos_token_id", vocabulary.eos},
                                   std::pair{"unknown_token_id", vocabulary.unknown}}) {
        if (id) {
            set(prefix + name, *id);
        }
    }
    set(prefix + "add_bos_token", vocabulary.add_bos);
}

void GgufHeader::add_tensor(const std::string &name, ggml_type type, std::uint32_t n_dims, std::int64_t ne0,
                            std::int64_t ne1) {
    const std::unique_ptr<ggml_context, decltype(&ggml_free)> memory(
        ggml_init({.mem_size = ggml_tensor_overhead(), .mem_buffer = nullptr, .no_alloc = true}), ggml_free);
    if (!memory) {
        throw std::bad_alloc();
    }
    const std::int64_t shape[] = {ne0, ne1};
    ggml_tensor *tensor = ggml_new_tensor(memory.get(), type, static_cast<int>(n_dims), shape);
    ggml_set_name(tensor, name.c_str());
    gguf_add_tensor(context_.get(), tensor);
}

std::vector<std::byte> GgufHeader::bytes() const {
    std::vector<std::byte> bytes(gguf_get_meta_size(context_.get()));
    gguf_get_meta_data(context_.get(), bytes.data());
    return bytes;
}

} // namespace llmodel::legacy
