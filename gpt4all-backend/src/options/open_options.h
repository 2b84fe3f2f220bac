#pragma once

#include "backends/workers.h"
#include "chat_templates/chat_templates.h"
#include "common.h"
#include "error.h"
#include "gguf/gguf_file.h"
#include "options/sampling_defaults.h"
#include "panels/panel_cache.h"

#include <cstdint>
#include <memory>
#include <optional>

namespace llmodel {

/** `$defs/open_options`, checked and turned into llama.cpp's own parameters. */
struct OpenOptions {
    common_params params;                        // what llama.cpp is opened with
    SamplingDefaults sampling;                   // where a request does not say
    bool adaptive_threads = true;                // fewer of them while other programs keep the processors busy
    std::optional<uint64_t> memory_budget;       // bytes; none: what is free
    const ChatTemplate *chat_template = nullptr; // NULL: the model's own, or one of the user's
    std::shared_ptr<const Workers> workers;      // NULL: it computes on this machine alone
    std::shared_ptr<panels::PanelCache> panels;  // NULL: weights are laid out anew
};

/** `model` has been validated, and `options` has passed the schema. Throws Error for what a schema cannot say: a device
 *  that does not exist, a LoRA or draft file that cannot be found. */
OpenOptions parse_open_options(const GgufFile &model, const json &options);

} // namespace llmodel
