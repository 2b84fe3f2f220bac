#include "gguf/parse.h"

#include <algorithm>
#include <string>
#include <utility>

namespace llmodel::parsing {

namespace {

// Limits well above every published model. They keep llama.cpp's own reader, which takes about 32 bytes for every
// string, within a few gigabytes.
constexpr std::uint64_t max_string_bytes = std::uint64_t{64} << 20;
constexpr std::uint64_t max_array_strings = std::uint64_t{1} << 23;
constexpr std::uint64_t max_array_bytes = std::uint64_t{512} << 20;

bool read_bool(GgufCursor &cursor) {
    const std::uint64_t at = cursor.position();
    const auto byte = cursor.number<std::uint8_t>("the value");
    if (byte > 1) {
        cursor.fail(LLMODEL_INVALID_MODEL, at, "a bool must be stored as 0 or 1, not " + std::to_string(byte));
    }
    return byte != 0;
}

template<typename T> std::vector<T> read_items(GgufCursor &cursor, std::uint64_t count) {
    if (count > max_array_bytes / sizeof(T)) {
        cursor.fail("an array of " + std::to_string(count) + " items is longer than any model needs");
    }
    cursor.need(count * sizeof(T), "an array of " + std::to_string(count) + " items");
    std::vector<T> items(static_cast<std::size_t>(count));
    cursor.read(std::as_writable_bytes(std::span(items)));
    return items;
}

StringArray read_strings(GgufCursor &cursor, std::uint64_t count) {
    if (count > max_array_strings) {
        cursor.fail("an array of " + std::to_string(count) + " strings is longer than any model needs");
    }
    cursor.need(count * sizeof(std::uint64_t), "an array of " + std::to_string(count) + " strings");
    StringArray items;
    items.reserve(static_cast<std::size_t>(count), 0);
    std::string text;
    for (std::uint64_t i = 0; i < count; ++i) {
        cursor.string("a string of the array", max_string_bytes, text);
        items.push_back(text);
    }
    return items;
}

GgufArray read_array(GgufCursor &cursor) {
    const std::uint64_t at = cursor.position();
    GgufArray array;
    array.type = static_cast<GgufType>(cursor.number<std::uint32_t>("the type of the array's items"));
    const auto count = cursor.number<std::uint64_t>("the length of the array");
    switch (array.type) {
    case GgufType::uint8:
        array.items = read_items<std::uint8_t>(cursor, count);
        break;
    case GgufType::int8:
        array.items = read_items<std::int8_t>(cursor, count);
        break;
    case GgufType::uint16:
        array.items = read_items<std::uint16_t>(cursor, count);
        break;
    case GgufType::int16:
        array.items = read_items<std::int16_t>(cursor, count);
        break;
    case GgufType::uint32:
        array.items = read_items<std::uint32_t>(cursor, count);
        break;
    case GgufType::int32:
        array.items = read_items<std::int32_t>(cursor, count);
        break;
    case GgufType::uint64:
        array.items = read_items<std::uint64_t>(cursor, count);
        break;
    case GgufType::int64:
        array.items = read_items<std::int64_t>(cursor, count);
        break;
    case GgufType::float32:
        array.items = read_items<float>(cursor, count);
        break;
    case GgufType::float64:
        array.items = read_items<double>(cursor, count);
        break;
    case GgufType::boolean: {
        auto flags = read_items<std::uint8_t>(cursor, count);
        if (std::any_of(flags.begin(), flags.end(), [](std::uint8_t flag) { return flag > 1; })) {
            cursor.fail(LLMODEL_INVALID_MODEL, at, "an array of bool holds something other than 0 and 1");
        }
        array.items = std::move(flags);
        break;
    }
    case GgufType::string:
        array.items = read_strings(cursor, count);
        break;
    case GgufType::array:
        cursor.fail(LLMODEL_UNSUPPORTED, at, "arrays of arrays are not supported");
    default:
        cursor.fail(LLMODEL_INVALID_MODEL, at,
                    "there is no value type " + std::to_string(static_cast<std::uint32_t>(array.type)) +
                        "; the file is corrupt");
    }
    return array;
}

} // namespace

GgufValue read_value(GgufCursor &cursor) {
    const std::uint64_t type_at = cursor.position();
    const auto type = static_cast<GgufType>(cursor.number<std::uint32_t>("the type of the value"));
    GgufValue value;
    value.type = type;
    value.offset = cursor.position();
    switch (type) {
    case GgufType::uint8:
        value.value = std::uint64_t{cursor.number<std::uint8_t>("the value")};
        break;
    case GgufType::uint16:
        value.value = std::uint64_t{cursor.number<std::uint16_t>("the value")};
        break;
    case GgufType::uint32:
        value.value = std::uint64_t{cursor.number<std::uint32_t>("the value")};
        break;
    case GgufType::uint64:
        value.value = cursor.number<std::uint64_t>("the value");
        break;
    case GgufType::int8:
        value.value = std::int64_t{cursor.number<std::int8_t>("the value")};
        break;
    case GgufType::int16:
        value.value = std::int64_t{cursor.number<std::int16_t>("the value")};
        break;
    case GgufType::int32:
        value.value = std::int64_t{cursor.number<std::int32_t>("the value")};
        break;
    case GgufType::int64:
        value.value = cursor.number<std::int64_t>("the value");
        break;
    case GgufType::float32:
        value.value = double{cursor.number<float>("the value")};
        break;
    case GgufType::float64:
        value.value = cursor.number<double>("the value");
        break;
    case GgufType::boolean:
        value.value = read_bool(cursor);
        break;
    case GgufType::string:
        value.value = cursor.string("the string", max_string_bytes);
        break;
    case GgufType::array:
        value.value = read_array(cursor);
        break;
    default:
        cursor.fail(LLMODEL_INVALID_MODEL, type_at,
                    "there is no value type " + std::to_string(static_cast<std::uint32_t>(type)) +
                        "; the file is corrupt");
    }
    return value;
}

} // namespace llmodel::parsing
