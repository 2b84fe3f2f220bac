# Which sources of llama.cpp are compiled together, half the work of one by one: by what they are about, since those read
# the same headers, and not too many, so that two processors have something to do until the end.

include(${CMAKE_CURRENT_LIST_DIR}/compile_together.cmake)

compile_folder_together(llama models 36)
compile_together(llama text
  llama-chat.cpp llama-grammar.cpp llama-quant.cpp llama-sampler.cpp llama-vocab.cpp unicode.cpp)
compile_together(llama memory
  llama.cpp llama-adapter.cpp llama-batch.cpp llama-context.cpp llama-graph.cpp
  llama-kv-cache.cpp llama-kv-cache-iswa.cpp llama-kv-cache-dsa.cpp llama-kv-cache-dsa-iswa.cpp llama-kv-cache-msa.cpp
  llama-memory.cpp llama-memory-hybrid.cpp llama-memory-hybrid-iswa.cpp llama-memory-hybrid-idx.cpp
  llama-memory-recurrent.cpp)
compile_together(llama files
  llama-arch.cpp llama-cparams.cpp llama-hparams.cpp llama-impl.cpp llama-io.cpp llama-mmap.cpp llama-model-loader.cpp
  llama-model-saver.cpp llama-model.cpp unicode-data.cpp)

list_first(llama-common json.cpp)
list_first(llama-common jinja/value.cpp)
compile_folder_together(llama-common parsers 36)
compile_together(llama-common common
  common.cpp console.cpp debug.cpp download.cpp fit.cpp hf-cache.cpp imatrix-loader.cpp json.cpp llguidance.cpp log.cpp
  preset.cpp subproc.cpp trie.cpp unicode.cpp)
compile_together(llama-common sampling
  ngram-cache.cpp ngram-map.cpp ngram-mod.cpp reasoning-budget.cpp sampling.cpp speculative.cpp)
compile_together(llama-common chat
  chat.cpp chat-auto-parser-generator.cpp chat-auto-parser-helpers.cpp chat-diff-analyzer.cpp chat-peg-parser.cpp
  json-schema.cpp json-schema-to-grammar.cpp peg-parser.cpp)
compile_together(llama-common jinja
  jinja/caps.cpp jinja/lexer.cpp jinja/parser.cpp jinja/runtime.cpp jinja/string.cpp jinja/value.cpp)

compile_together(server-context server
  server-chat.cpp server-common.cpp server-mcp.cpp server-queue.cpp server-schema.cpp server-stream.cpp server-task.cpp)

compile_folder_together(mtmd models 36)
compile_together(mtmd mtmd mtmd.cpp mtmd-audio.cpp mtmd-image.cpp)
compile_together(mtmd helper mtmd-helper.cpp mtmd-helper-gen.cpp)

foreach(backend IN LISTS GGML_AVAILABLE_BACKENDS)
  if(backend MATCHES "^ggml-cpu")
    compile_together(${backend} small
      ggml-cpu/ggml-cpu.cpp ggml-cpu/hbm.cpp ggml-cpu/iqp.cpp ggml-cpu/traits.cpp ggml-cpu/vec.cpp
      ggml-cpu/amx/amx.cpp)
    if(GPT4ALL_KERNELS)
      compile_together(${backend} kernels ${GPT4ALL_KERNEL_SOURCES})
    endif()
  endif()
endforeach()
