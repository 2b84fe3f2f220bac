# GPT4ALL_SANITIZE=address | address,fuzzer-no-link | thread. llama.cpp is instrumented too, since a race or an overflow
# between our code and uninstrumented code can be neither seen nor ruled out. With address, undefined behaviour is looked
# for as well, but in our code alone.
set(GPT4ALL_SANITIZE "" CACHE STRING "Sanitizers for every target, as -fsanitize= takes them")

if(GPT4ALL_SANITIZE)
  add_compile_options(-fsanitize=${GPT4ALL_SANITIZE} -fno-omit-frame-pointer -g1)
  add_link_options(-fsanitize=${GPT4ALL_SANITIZE})
  set(GPT4ALL_OWN_DEFINITIONS GPT4ALL_SANITIZED)
  if(GPT4ALL_SANITIZE MATCHES "address")
    set(GPT4ALL_OWN_SANITIZE -fsanitize=undefined -fno-sanitize-recover=undefined)
  endif()
endif()
