#include "json_instances.h"

template class nlohmann::basic_json<nlohmann::ordered_map>;
template struct nlohmann::ordered_map<std::string, llmodel::test::Json>;
template class nlohmann::detail::lexer<llmodel::test::Json, llmodel::test::Text>;
template class nlohmann::detail::parser<llmodel::test::Json, llmodel::test::Text>;
template class nlohmann::detail::json_sax_dom_parser<llmodel::test::Json, llmodel::test::Text>;
template class nlohmann::detail::json_sax_dom_callback_parser<llmodel::test::Json, llmodel::test::Text>;
template class nlohmann::detail::serializer<llmodel::test::Json>;
