#pragma once

// The parts of parse_open_options(), each of which reads some keys into llama.cpp's parameters and throws as that does.

#include "backends/workers.h"
#include "common.h"
#include "ggml-backend.h"
#include "gguf/gguf_file.h"
#include "options/reader.h"

#include <memory>
#include <vector>

namespace llmodel::options {

/** Threads, devices and how the weights are loaded. Connects to the workers, if there are any, and returns them. */
std::shared_ptr<const Workers> read_compute(const OptionReader &reader, common_params &params);

/** The list that llama.cpp takes, which ends with a null; empty where llama.cpp is to choose. Only the null: the CPU.
 */
std::vector<ggml_backend_dev_t> read_devices(const OptionReader &reader, const char *key);

/** The context, its batches and its caches. After read_compute(). */
void read_context(const OptionReader &reader, common_params &params, const GgufFile &model);

/** The type in which keys or values are kept. */
void read_cache_type(const OptionReader &reader, const char *key, ggml_type &into);

/** Draft model and speculation from n-grams. */
void read_speculative(const OptionReader &reader, common_params &params, const GgufFile &model);

} // namespace llmodel::options
