# Relative to gpt4all-backend. The library's target also needs
#   include(cmake/embed_text.cmake)
#   embed_text(<target> ${CMAKE_CURRENT_SOURCE_DIR}/schema/llmodel.schema.json llmodel_schema_json)
set(LLMODEL_JSON_SOURCES
    src/json/closest.cpp
    src/json/expectation.cpp
    src/json/long_numbers.cpp
    src/json/parse.cpp
    src/json/schema.cpp
    src/json/schema_absent.cpp
    src/json/schema_check.cpp
    src/json/schema_compile.cpp
    src/json/utf8.cpp
)
