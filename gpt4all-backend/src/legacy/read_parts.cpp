// What the readers of all architectures share: numbers of a header, tokens, and the list of tensors.

#include "legacy/read.h"

#include <span>
#include <string>
#include <utility>

namespace llmodel::legacy {

namespace {

constexpr std::uint32_t max_tokens = 1 << 20;
constexpr std::uint32_t max_token_bytes = 65536;
constexpr std::uint32_t max_name_bytes = 256;
constexpr std::size_t max_tensors = 32768;
constexpr std::int64_t max_dimension = 1 << 22;
constexpr std::uint64_t alignment = 32;

// the cursor names the tensor before it, if there is one
constexpr const char *description = "the description of the next tensor";

std::string text_of(std::uint64_t number) {
    return std::to_string(number);
}

void read_shape(GgufCursor &cursor, Tensor &tensor) {
    for (std::uint32_t i = 0; i < tensor.n_dims; ++i) {
        const std::uint64_t at = cursor.position();
        const auto length = cursor.number<std::uint32_t>(description);
        if (length == 0 || length > max_dimension) {
            cursor.fail(LLMODEL_INVALID_MODEL, at,
                        "a dimension of a tensor is " + text_of(length) + ", which is not between 1 and " +
                            text_of(max_dimension));
        }
        (i == 0 ? tensor.ne0 : tensor.ne1) = length;
    }
}

Tensor read_tensor(GgufCursor &cursor, Layout layout, bool aligned) {
    Tensor tensor;
    tensor.info_offset = cursor.position();
    tensor.n_dims = cursor.number<std::uint32_t>(description);
    if (tensor.n_dims < 1 || tensor.n_dims > 2) {
        cursor.fail(LLMODEL_INVALID_MODEL, tensor.info_offset,
                    "a tensor claims " + text_of(tensor.n_dims) + " dimensions; it must have 1 or 2");
    }
    const std::uint64_t length_at = cursor.position();
    const auto name_bytes = cursor.number<std::uint32_t>(description);
    if (name_bytes == 0 || name_bytes > max_name_bytes) {
        cursor.fail(LLMODEL_INVALID_MODEL, length_at,
                    "the name of a tensor claims " + text_of(name_bytes) + " bytes, which is not between 1 and " +
                        text_of(max_name_bytes));
    }
    const std::uint64_t type_at = cursor.position();
    const auto type = cursor.number<std::uint32_t>(description);
    read_shape(cursor, tensor);
    cursor.need(name_bytes, description);
    tensor.name.resize(name_bytes);
    cursor.read(std::as_writable_bytes(std::span(tensor.name)));
    cursor.set_subject("tensor", tensor.name);

    const std::optional<ElementType> known = element_type(type, layout);
    if (!known) {
        cursor.fail(LLMODEL_INVALID_MODEL, type_at, "there is no type " + text_of(type) + " in files of this version");
    }
    tensor.type = *known;
    if (tensor.ne0 % known->block != 0) {
        cursor.fail(LLMODEL_INVALID_MODEL, type_at,
                    std::string("rows of type ") + known->name() + " come in blocks of " +
                        std::to_string(known->block) + " values, but the tensor has rows of " +
                        std::to_string(tensor.ne0));
    }
    if (aligned) {
        const std::uint64_t padding = (alignment - cursor.position() % alignment) % alignment;
        cursor.skip(padding, "the padding before the values");
    }
    tensor.offset = cursor.position();
    cursor.skip(tensor.size(), "the tensor, of " + std::to_string(tensor.ne0) + " x " + std::to_string(tensor.ne1) +
                                   " values of type " + known->name() + ",");
    return tensor;
}

} // namespace

std::uint32_t read_number(GgufCursor &cursor, const char *name, std::uint32_t low, std::uint32_t high) {
    const std::uint64_t at = cursor.position();
    const auto number = cursor.number<std::uint32_t>("the header");
    if (number < low || number > high) {
        cursor.fail(LLMODEL_INVALID_MODEL, at,
                    std::string(name) + " is " + text_of(number) + ", which is not between " + text_of(low) + " and " +
                        text_of(high));
    }
    return number;
}

std::uint32_t read_vocabulary_size(GgufCursor &cursor) {
    const std::uint64_t at = cursor.position();
    const std::uint32_t count = read_number(cursor, "n_vocab", 1, max_tokens);
    if (count > cursor.remaining() / sizeof(std::uint32_t)) {
        cursor.fail(LLMODEL_INVALID_MODEL, at,
                    "the header claims " + text_of(count) +
                        " tokens; the file is too short for them: it is truncated or corrupt");
    }
    return count;
}

void check_heads(const GgufCursor &cursor, const Hyperparameters &sizes) {
    if (sizes.n_embd % sizes.n_head != 0) {
        cursor.fail(text_of(sizes.n_embd) + " components cannot be divided among " + text_of(sizes.n_head) + " heads");
    }
}

std::uint32_t read_token(GgufCursor &cursor, std::size_t number, std::uint32_t mask, Token &token) {
    cursor.set_subject("token", std::to_string(number));
    const std::uint64_t at = cursor.position();
    const auto length = cursor.number<std::uint32_t>("the vocabulary");
    if ((length & mask) > max_token_bytes) {
        cursor.fail(LLMODEL_INVALID_MODEL, at,
                    "its length is " + text_of(length & mask) + " bytes; at most " + text_of(max_token_bytes) +
                        " are allowed");
    }
    cursor.need(length & mask, "the text of the token");
    token.text.resize(length & mask);
    cursor.read(std::as_writable_bytes(std::span(token.text)));
    return length;
}

Directory read_tensors(GgufCursor &cursor, Layout layout, bool aligned) {
    Directory directory;
    cursor.clear_subject();
    while (cursor.remaining() > 0) {
        if (directory.tensors().size() == max_tensors) {
            cursor.fail("the file has more than " + text_of(max_tensors) + " tensors");
        }
        Tensor tensor = read_tensor(cursor, layout, aligned);
        const std::uint64_t at = tensor.info_offset;
        if (!directory.add(std::move(tensor))) {
            cursor.fail(LLMODEL_INVALID_MODEL, at, "the tensor occurs twice");
        }
    }
    cursor.clear_subject();
    return directory;
}

Layout layout_of(const GgufCursor &cursor, std::uint32_t file_type) {
    switch (file_type / 1000) {
    case 0:
        return Layout::a;
    case 1:
        return Layout::b;
    case 2:
        return Layout::c;
    default:
        cursor.fail(LLMODEL_UNSUPPORTED, cursor.position(),
                    "the file's type " + text_of(file_type) + " has version " + text_of(file_type / 1000) +
                        " of the quantisation, which is unknown; versions 0 to 2 are supported");
    }
}

} // namespace llmodel::legacy
