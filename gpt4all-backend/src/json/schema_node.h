#pragma once

#include "error.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace llmodel {

struct SchemaNode;
using SchemaNodePtr = std::shared_ptr<const SchemaNode>;

/** Sets of JSON types. A number without a fraction is an integer, however it is written. */
namespace json_type {
inline constexpr uint8_t null = 1, boolean = 2, integer = 4, fraction = 8, string = 16, array = 32, object = 64;
inline constexpr uint8_t number = integer | fraction, all = 127;
} // namespace json_type

/** What an enum or a const may name; numbers compare by value. */
using Scalar = std::variant<std::nullptr_t, bool, double, std::string>;

/** anyOf or oneOf. */
struct SchemaChoice {
    std::vector<SchemaNodePtr> branches;
    bool exactly_one = false;
};

/** One schema with everything that it refers to (`$ref`, allOf) merged in. */
struct SchemaNode {
    static constexpr size_t no_limit = static_cast<size_t>(-1);

    uint8_t types = json_type::all;
    std::optional<std::vector<Scalar>> allowed; // enum, const

    std::optional<double> minimum, maximum;
    bool exclusive_minimum = false, exclusive_maximum = false;
    size_t min_length = 0, max_length = no_limit; // code points
    size_t min_items = 0, max_items = no_limit;

    SchemaNodePtr items;
    std::vector<SchemaNodePtr> prefix_items;

    std::map<std::string, SchemaNodePtr, std::less<>> properties;
    std::vector<std::string> required;
    SchemaNodePtr additional;        // for properties not named; null: anything
    const char *closed_by = nullptr; // the keyword that forbids properties not named
    std::vector<SchemaChoice> choices;
};

/** Compiles what stands under `$defs`. Throws std::logic_error, as Schema says. */
std::map<std::string, SchemaNodePtr, std::less<>> compile_schema(const json &document);

} // namespace llmodel
