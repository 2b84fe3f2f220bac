#pragma once

#include "error.h"

#include <cstddef>
#include <string>
#include <string_view>

namespace llmodel {

inline constexpr size_t max_json_bytes = size_t{64} << 20;
inline constexpr size_t max_json_depth = 128;              // a schema takes two for each level of its objects
inline constexpr size_t max_answer_depth = 400;            // of what a model wrote, read with LongNumbers::exact
inline constexpr size_t max_json_values = size_t{1} << 22; // each takes far more memory than its text

/** What a NULL pointer or a text without content means. */
enum class Missing { refused, empty_object };

/** What becomes of numbers that no type holds: the double that is nearest; or, in what a request brings for chat
 *  templates (its "messages", "tools" and "chat_template_kwargs"), a string with number_mark; or, where a double might
 *  lose some of the digits, the text as a binary value, which JSON has none of. */
enum class LongNumbers { rounded, marked_for_templates, exact };

/**
 * Parses untrusted text strictly: RFC 8259, valid UTF-8, no key twice in one object, within the limits above. `what`
 * names it in errors, such as "chat request". Throws Error(LLMODEL_INVALID_ARGUMENT) that says where and why.
 */
json parse_json(const char *text, std::string_view what, Missing missing = Missing::refused,
                LongNumbers numbers = LongNumbers::rounded);

/** Compact JSON text; bytes that are not UTF-8 become U+FFFD. `value` must not nest deeper than a parsed one may. */
std::string dump_json(const json &value);

} // namespace llmodel
