# Needs ggml and llama (whose src/llama-arch.h is included), and nlohmann/json.
set(LLMODEL_GGUF_SOURCES
  ${CMAKE_CURRENT_LIST_DIR}/byte_source.cpp
  ${CMAKE_CURRENT_LIST_DIR}/cursor.cpp
  ${CMAKE_CURRENT_LIST_DIR}/folder.cpp
  ${CMAKE_CURRENT_LIST_DIR}/foreign_format.cpp
  ${CMAKE_CURRENT_LIST_DIR}/gguf_file.cpp
  ${CMAKE_CURRENT_LIST_DIR}/gguf_parse.cpp
  ${CMAKE_CURRENT_LIST_DIR}/parse_tensor.cpp
  ${CMAKE_CURRENT_LIST_DIR}/parse_value.cpp
  ${CMAKE_CURRENT_LIST_DIR}/utf8.cpp
  ${CMAKE_CURRENT_LIST_DIR}/validate_hyperparameters.cpp
  ${CMAKE_CURRENT_LIST_DIR}/validate_model.cpp
  ${CMAKE_CURRENT_LIST_DIR}/validate_tensors.cpp
  ${CMAKE_CURRENT_LIST_DIR}/validate_vocabulary.cpp)
