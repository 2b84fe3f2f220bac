# What scikit-build-core puts into the Python wheel beside the package's own files: the library, the modules that it loads
# from its own folder, and the licences of what is linked.
foreach(target IN ITEMS llmodel LISTS GGML_AVAILABLE_BACKENDS)
  install(TARGETS ${target} LIBRARY DESTINATION gpt4all/lib COMPONENT python)
endforeach()

foreach(license IN ITEMS LICENSE licenses/LICENSE-jsonhpp vendor/cpp-httplib/LICENSE vendor/hash/rotate-bits/LICENSE.md
    vendor/hash/sha256/LICENSE vendor/hash/xxhash/LICENSE)
  get_filename_component(folder ${license} DIRECTORY)
  install(FILES ${GPT4ALL_LLAMA_CPP_DIR}/${license} COMPONENT python
    DESTINATION ${SKBUILD_METADATA_DIR}/licenses/llama.cpp/${folder})
endforeach()
