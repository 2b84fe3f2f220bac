#pragma once

#include <nlohmann/json.hpp>

#include <string>

/** What is used most of nlohmann's JSON, which json_instances.cpp compiles for all tests, and with optimisation: tests
 *  read and check whatever the library gives. Every source includes this file first, by an option of the compiler.
 */
namespace llmodel::test {

using Text = nlohmann::detail::iterator_input_adapter<std::string::const_iterator>;
using Json = nlohmann::ordered_json;

} // namespace llmodel::test

extern template class nlohmann::basic_json<nlohmann::ordered_map>;
extern template struct nlohmann::ordered_map<std::string, llmodel::test::Json>;
extern template class nlohmann::detail::lexer<llmodel::test::Json, llmodel::test::Text>;
extern template class nlohmann::detail::parser<llmodel::test::Json, llmodel::test::Text>;
extern template class nlohmann::detail::json_sax_dom_parser<llmodel::test::Json, llmodel::test::Text>;
extern template class nlohmann::detail::json_sax_dom_callback_parser<llmodel::test::Json, llmodel::test::Text>;
extern template class nlohmann::detail::serializer<llmodel::test::Json>;
