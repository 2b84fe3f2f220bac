# What scikit-build-core puts into the Python wheel beside the package's own files: the library, the modules that it loads
# from its own folder, the licences of what is linked, and llama.cpp's converters, which run in Python.
foreach(target IN ITEMS llmodel LISTS GGML_AVAILABLE_BACKENDS)
  install(TARGETS ${target} LIBRARY DESTINATION gpt4all/lib COMPONENT python)
endforeach()

foreach(license IN ITEMS LICENSE licenses/LICENSE-jsonhpp vendor/cpp-httplib/LICENSE vendor/hash/rotate-bits/LICENSE.md
    vendor/hash/sha256/LICENSE vendor/hash/xxhash/LICENSE)
  get_filename_component(folder ${license} DIRECTORY)
  install(FILES ${GPT4ALL_LLAMA_CPP_DIR}/${license} COMPONENT python
    DESTINATION ${SKBUILD_METADATA_DIR}/licenses/llama.cpp/${folder})
endforeach()

set(scripts gpt4all/llama_cpp_scripts)
install(FILES ${GPT4ALL_LLAMA_CPP_DIR}/convert_hf_to_gguf.py ${GPT4ALL_LLAMA_CPP_DIR}/convert_lora_to_gguf.py
  ${GPT4ALL_LLAMA_CPP_DIR}/LICENSE COMPONENT python DESTINATION ${scripts})
install(DIRECTORY ${GPT4ALL_LLAMA_CPP_DIR}/conversion COMPONENT python DESTINATION ${scripts}
  FILES_MATCHING PATTERN "*.py")
install(DIRECTORY ${GPT4ALL_LLAMA_CPP_DIR}/gguf-py/gguf COMPONENT python DESTINATION ${scripts}/gguf-py
  FILES_MATCHING PATTERN "*.py" PATTERN "scripts" EXCLUDE)
