# The pinned llama.cpp: fetched, verified and patched by ci/fetch/llama_cpp.py, then built as static libraries.
#
# Nothing of llama.cpp is exported: libllmodel links it whole with hidden symbols, and a compute backend is a module, if
# it is one, that carries its own copy of ggml-base, so that another ggml in the same process cannot interpose on ours.

find_package(Python3 3.10 REQUIRED COMPONENTS Interpreter)

set(GPT4ALL_LLAMA_CPP_DIR "${CMAKE_SOURCE_DIR}/build/llama.cpp" CACHE PATH "Where the patched llama.cpp source lies")
file(GLOB GPT4ALL_PATCHES CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/../patches/*.patch)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
  ${GPT4ALL_PATCHES} ${CMAKE_CURRENT_LIST_DIR}/../llama.cpp.lock)

execute_process(
  COMMAND ${Python3_EXECUTABLE} -m ci.fetch.llama_cpp --into ${GPT4ALL_LLAMA_CPP_DIR}
  WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}
  RESULT_VARIABLE fetch_result)
if(NOT fetch_result EQUAL 0)
  message(FATAL_ERROR "llama.cpp could not be fetched; the line above says why")
endif()

file(READ ${CMAKE_CURRENT_LIST_DIR}/../llama.cpp.lock lock)
string(JSON GPT4ALL_LLAMA_CPP_TAG GET "${lock}" tag)
string(JSON GPT4ALL_LLAMA_CPP_TREE GET "${lock}" tree)
string(SUBSTRING "${GPT4ALL_LLAMA_CPP_TREE}" 0 12 LLAMA_BUILD_COMMIT)
set(LLAMA_BUILD_NUMBER 0)

set(BUILD_SHARED_LIBS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)

set(GGML_OPENMP OFF CACHE BOOL "" FORCE) # collapses as soon as another process runs
set(GGML_BACKEND_DL ${GPT4ALL_BACKEND_MODULES} CACHE BOOL "" FORCE)
if(GPT4ALL_BACKEND_MODULES)
  if(GPT4ALL_CPU_VARIANTS)
    set(GGML_CPU_ALL_VARIANTS ON CACHE BOOL "" FORCE)
  else()
    set(GGML_CPU_ALL_VARIANTS OFF CACHE BOOL "" FORCE)
  endif()
  set(named_variants ${GPT4ALL_CPU_VARIANTS})
  list(FILTER named_variants EXCLUDE REGEX "^(1|ON|OFF|0)$") # without names, all or none of them
  set(GGML_CPU_VARIANTS ${named_variants})
  if(NOT GGML_CPU_VARIANTS AND CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64)$")
    # All that ggml has but three: decision 5 says why.
    set(GGML_CPU_VARIANTS x64 sse42 sandybridge ivybridge piledriver haswell alderlake skylakex cascadelake zen4
      sapphirerapids)
  endif()
  set(GGML_NATIVE OFF CACHE BOOL "" FORCE)
else()
  set(GGML_CPU_ALL_VARIANTS OFF CACHE BOOL "" FORCE)
  if(CMAKE_CROSSCOMPILING)
    set(GGML_NATIVE OFF CACHE BOOL "" FORCE)
  else()
    set(GGML_NATIVE ON CACHE BOOL "" FORCE) # a build for the machine that builds it
  endif()
endif()
set(GGML_RPC ON CACHE BOOL "" FORCE)       # devices of other machines, and this one's for them
set(GGML_RPC_RDMA OFF CACHE BOOL "" FORCE) # whose library would be needed wherever the module is loaded
set(GGML_CCACHE OFF CACHE BOOL "" FORCE) # CMAKE_*_COMPILER_LAUNCHER decides
set(LLAMA_BUILD_COMMON ON CACHE BOOL "" FORCE)
set(LLAMA_BUILD_TOOLS ON CACHE BOOL "" FORCE)
set(LLAMA_BUILD_SERVER ON CACHE BOOL "" FORCE)
set(LLAMA_BUILD_TESTS OFF CACHE BOOL "" FORCE)
set(LLAMA_BUILD_EXAMPLES OFF CACHE BOOL "" FORCE)
set(LLAMA_BUILD_APP OFF CACHE BOOL "" FORCE)
set(LLAMA_BUILD_UI OFF CACHE BOOL "" FORCE)
set(LLAMA_USE_PREBUILT_UI OFF CACHE BOOL "" FORCE)
set(LLAMA_OPENSSL OFF CACHE BOOL "" FORCE)    # the library speaks to no web server
set(LLAMA_SUBPROCESS OFF CACHE BOOL "" FORCE) # and starts no process
set(MTMD_VIDEO OFF CACHE BOOL "" FORCE)

if(GPT4ALL_BACKEND_MODULES AND CMAKE_SYSTEM_NAME STREQUAL "Linux")
  set(CMAKE_MODULE_LINKER_FLAGS
    "${CMAKE_MODULE_LINKER_FLAGS} -Wl,--version-script=${CMAKE_CURRENT_LIST_DIR}/backend-module.map")
endif()

unset(GGML_AVAILABLE_BACKENDS CACHE) # which ggml only ever adds to
add_subdirectory(${GPT4ALL_LLAMA_CPP_DIR} ${CMAKE_BINARY_DIR}/llama.cpp EXCLUDE_FROM_ALL)
if(GGML_NATIVE)
  # ggml would add up products in half precision, which ends at 65504: less exact than on all other processors
  include(CheckCCompilerFlag)
  check_c_compiler_flag(-mno-avx512fp16 GPT4ALL_KNOWS_AVX512FP16)
  if(GPT4ALL_KNOWS_AVX512FP16)
    target_compile_options(ggml-cpu PRIVATE -mno-avx512fp16)
  endif()
endif()
foreach(backend IN LISTS GGML_AVAILABLE_BACKENDS)
  if(backend MATCHES "^ggml-cpu" AND CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64|ARM64)$" AND NOT MSVC)
    # the same on arm64, whose compilers have no switch for it
    target_compile_options(${backend} PRIVATE -U__ARM_FEATURE_FP16_VECTOR_ARITHMETIC)
  endif()
endforeach()
# What our kernels compute in its place is compiled for each processor that ggml's own is compiled for.
set(GPT4ALL_KERNEL_SOURCES
  kernels/activations/gelu.cpp kernels/attention/attention.cpp kernels/graph/small_nodes.cpp
  kernels/products/adjacent.cpp kernels/products/buffer_type.cpp kernels/products/product.cpp platform/large_pages.cpp)
list(TRANSFORM GPT4ALL_KERNEL_SOURCES PREPEND ${CMAKE_CURRENT_LIST_DIR}/../src/)
foreach(backend IN LISTS GGML_AVAILABLE_BACKENDS)
  if(GPT4ALL_KERNELS AND backend MATCHES "^ggml-cpu")
    target_compile_definitions(${backend} PRIVATE GPT4ALL_KERNELS)
    target_sources(${backend} PRIVATE ${GPT4ALL_KERNEL_SOURCES})
    target_compile_features(${backend} PRIVATE cxx_std_20) # ggml's own is C++17
    target_include_directories(${backend} PRIVATE ${CMAKE_CURRENT_LIST_DIR}/../src)
  endif()
endforeach()
target_include_directories(server-context PRIVATE ${CMAKE_CURRENT_LIST_DIR}/../src/llama/server) # what patch 0024 includes

# What takes long to compute is in ggml and in our kernels, which keep -O3. The rest is most of what is to be compiled,
# and the last two are linked because the server core refers to them.
if(NOT MSVC AND NOT GPT4ALL_SANITIZE)
  foreach(target IN ITEMS llama llama-common server-context)
    target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-O2>)
  endforeach()
  foreach(target IN ITEMS cpp-httplib mtmd)
    target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-O1>)
  endforeach()
endif()

include(${CMAKE_CURRENT_LIST_DIR}/llama.cpp.units.cmake)

# Options of command lines, HTTP and images: the tests hardly run them, and a sanitizer's optimiser takes minutes for them.
if(GPT4ALL_SANITIZE)
  target_compile_options(cpp-httplib PRIVATE -O0)
  target_compile_options(mtmd PRIVATE -O0)
  set_source_files_properties(${GPT4ALL_LLAMA_CPP_DIR}/common/arg.cpp ${GPT4ALL_LLAMA_CPP_DIR}/tools/server/server-tools.cpp
    TARGET_DIRECTORY llama-common server-context PROPERTIES COMPILE_OPTIONS -O0)
  # Most of the tests' time is spent computing, and no fuzzer looks for new ways through that.
  foreach(target IN ITEMS ggml-base ggml-cpu)
    # As vectors, instrumented loops would take clang ten times as long to compile.
    target_compile_options(${target} PRIVATE
      -O2 -fno-vectorize -fno-slp-vectorize -fno-unroll-loops -fno-sanitize=fuzzer-no-link)
  endforeach()
endif()

foreach(variant IN LISTS named_variants)
  if(NOT TARGET ggml-cpu-${variant})
    message(FATAL_ERROR "GPT4ALL_CPU_VARIANTS: ggml has no variant ${variant} for ${CMAKE_SYSTEM_PROCESSOR}")
  endif()
endforeach()

if(GPT4ALL_BACKEND_MODULES)
  # The maps of what is exported cannot name what was compiled to be hidden.
  target_compile_definitions(ggml-base PRIVATE GGML_SHARED GGML_BUILD)
  foreach(backend IN LISTS GGML_AVAILABLE_BACKENDS)
    target_compile_definitions(${backend} PRIVATE GGML_BACKEND_SHARED GGML_BACKEND_BUILD)
  endforeach()
endif()

if(GPT4ALL_SANITIZE)
  # Its template parser asserts of untrusted input what releases refuse with an exception when it is evaluated.
  target_compile_definitions(llama-common PRIVATE NDEBUG)
endif()
