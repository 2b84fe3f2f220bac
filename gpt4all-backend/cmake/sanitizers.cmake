# GPT4ALL_SANITIZE=address,undefined | thread | fuzzer: instruments llama.cpp too, since a race between our code and
# uninstrumented code can be neither seen nor ruled out.
set(GPT4ALL_SANITIZE "" CACHE STRING "Sanitizers for every target, as -fsanitize= takes them")

if(GPT4ALL_SANITIZE)
  add_compile_options(-fsanitize=${GPT4ALL_SANITIZE} -fno-omit-frame-pointer -g1)
  add_link_options(-fsanitize=${GPT4ALL_SANITIZE})
  if(GPT4ALL_SANITIZE MATCHES "thread")
    # ggml swaps a fence, which the thread sanitizer cannot model, for an atomic operation
    add_compile_definitions(GGML_TSAN_ENABLED)
  endif()
endif()
