#pragma once

#include <array>
#include <string_view>

/** Every text of llama.cpp's that our code looks for, since nothing else says what is meant. lint/check_llama_texts.py
 *  reads this file, and fails where the pinned source no longer has one. */
namespace llmodel::llama_texts {

/** A part of what llama.cpp says or writes, and a file of its source that has it. */
struct LlamaText {
    std::string_view text;
    std::string_view source;

    constexpr operator std::string_view() const { return text; } // NOLINT(google-explicit-constructor)

    bool is_in(std::string_view said) const { return said.find(text) != std::string_view::npos; }
};

/** @name Why a model cannot be loaded. */
///@{
inline constexpr LlamaText unknown_architecture{"unknown model architecture", "src/llama-model.cpp"};
inline constexpr LlamaText not_supported{"not supported", "src/llama-mmap.cpp"};
inline constexpr LlamaText failed_to_allocate{"failed to allocate", "src/llama-kv-cache.cpp"};
inline constexpr LlamaText unable_to_allocate{"unable to allocate", "src/llama-model.cpp"};
inline constexpr LlamaText out_of_memory{"out of memory", "ggml/src/ggml-metal/ggml-metal.cpp"};
inline constexpr LlamaText bad_template{"template", "tools/server/server-context.cpp"};
///@}

/** @name Why a request failed. */
///@{
inline constexpr LlamaText no_samplers{"Failed to initialize samplers", "tools/server/server-context.cpp"};
inline constexpr LlamaText bad_grammar{"grammar", "common/sampling.cpp"};
inline constexpr LlamaText empty_grammar_stack{"empty grammar stack", "src/llama-grammar.cpp"};
inline constexpr LlamaText grammar_source{"llama-grammar.cpp", "src/CMakeLists.txt"}; // in its assertions
inline constexpr LlamaText no_token_left{"no token is left", "src/llama-sampler.cpp"};
inline constexpr LlamaText media_not_supported{"input is not supported", "tools/server/server-common.cpp"};
///@}

/** Sources with assertions about one request, in places where nothing is computed: the rest is not touched by them. */
inline constexpr std::array sources_of_requests{
    LlamaText{"llama-grammar.cpp", "src/CMakeLists.txt"},
    LlamaText{"llama-sampler.cpp", "src/CMakeLists.txt"},
    LlamaText{"llama-vocab.cpp", "src/CMakeLists.txt"},
    LlamaText{"sampling.cpp", "common/CMakeLists.txt"},
    LlamaText{"server-common.cpp", "tools/server/CMakeLists.txt"},
    LlamaText{"server-context.cpp", "tools/server/CMakeLists.txt"},
    LlamaText{"server-task.cpp", "tools/server/CMakeLists.txt"},
};

/** What stands before the reason why a chat template cannot be rendered, which is thrown as of a wrong argument. */
inline constexpr LlamaText template_failed{
    "Unable to generate parser for this template. Automatic parser generation failed: ", "common/chat.cpp"};

/** What stands before the reason why a grammar cannot be parsed. */
inline constexpr LlamaText grammar_failed{"error parsing grammar: ", "src/llama-grammar.cpp"};

/** All that is said of a number in a grammar that is out of range: the standard library's word for what read it. */
inline constexpr LlamaText number_too_large{"stoull", "src/llama-grammar.cpp"};

/** @name In grammars of tool calls. */
///@{
inline constexpr LlamaText tool_rule{"tool-", "common/chat-auto-parser-generator.cpp"};
inline constexpr LlamaText bare_object_rule{"gemma4-dict", "common/parsers/gemma4.cpp"}; // like JSON, but for quotes
inline constexpr LlamaText bare_string_rule{"gemma4-string", "common/parsers/gemma4.cpp"};
inline constexpr LlamaText json_value_rule{"json-value", "common/peg-parser.cpp"};
inline constexpr LlamaText json_object_rule{"json-object", "common/peg-parser.cpp"};
inline constexpr LlamaText json_array_rule{"json-array", "common/peg-parser.cpp"};
inline constexpr LlamaText json_string_rule{"json-string", "common/peg-parser.cpp"};
inline constexpr LlamaText json_number_rule{"json-number", "common/peg-parser.cpp"};
inline constexpr LlamaText json_bool_rule{"json-bool", "common/peg-parser.cpp"};
inline constexpr LlamaText json_null_rule{"json-null", "common/peg-parser.cpp"};
///@}

/** @name Why a model cannot be quantised. */
///@{
inline constexpr LlamaText quantizing_failed{"failed to quantize: ", "src/llama-quant.cpp"}; // before the reason
inline constexpr LlamaText requantizing{"requantizing from type", "src/llama-quant.cpp"};
inline constexpr LlamaText needs_imatrix{"imatrix", "src/llama-quant.cpp"};
inline constexpr LlamaText needs_importance_matrix{"importance matrix", "src/llama-quant.cpp"};
inline constexpr LlamaText invalid_data{"invalid data", "src/llama-model-loader.cpp"};
inline constexpr LlamaText validation_failed{"validation failed", "src/llama-quant.cpp"};
///@}

/** @name Names of a file's type, such as "Q4_K - Medium". */
///@{
inline constexpr LlamaText file_type_unknown{"unknown", "src/llama-model-loader.cpp"};
inline constexpr LlamaText file_type_detail{" - ", "src/llama-model-loader.cpp"};
inline constexpr LlamaText file_type_small{"Small", "src/llama-model-loader.cpp"};
inline constexpr LlamaText file_type_medium{"Medium", "src/llama-model-loader.cpp"};
inline constexpr LlamaText file_type_large{"Large", "src/llama-model-loader.cpp"};
inline constexpr LlamaText file_type_f32{"all F32", "src/llama-model-loader.cpp"};
inline constexpr LlamaText file_type_mxfp4{"MXFP4 MoE", "src/llama-model-loader.cpp"};
inline constexpr LlamaText file_type_iq3_mix{"IQ3_S mix", "src/llama-model-loader.cpp"};
///@}

/** How the features of a processor begin that use AMX. */
inline constexpr LlamaText amx_feature{"AMX", "ggml/src/ggml-cpu/ggml-cpu.cpp"};

/** What llama.cpp warns of, or calls an error, for those who run a server or work on it, and is in order for a program
 *  that uses this library: it was asked for, or is how caches work. What they have no room for waits or is computed
 *  again; a state that cannot be restored is an error of its call. */
inline constexpr std::array ordinary_warnings{
    LlamaText{"available cells in kv cache", "src/llama-kv-cache.cpp"},
    LlamaText{"cache size limit reached, removing oldest", "tools/server/server-task.cpp"},
    LlamaText{"cache token limit", "tools/server/server-task.cpp"},
    LlamaText{"cancel task, id_task", "tools/server/server-queue.cpp"},
    LlamaText{"chat template supports preserving reasoning", "tools/server/server-context.cpp"},
    LlamaText{"context shift, n_keep", "tools/server/server-context.cpp"},
    LlamaText{"erasing old context checkpoint", "tools/server/server-context.cpp"},
    LlamaText{"exceeds cache size limit", "tools/server/server-task.cpp"},
    LlamaText{"failed to find a memory slot", "src/llama-context.cpp"},
    LlamaText{"failed to find free space in the KV cache, retrying", "tools/server/server-context.cpp"},
    LlamaText{"failed to load prompt from cache", "tools/server/server-context.cpp"},
    LlamaText{"failed to restore kv cache", "src/llama-kv-cache.cpp"},
    LlamaText{"failed to restore sequence state", "src/llama-context.cpp"},
    LlamaText{"failed to restore state with size", "tools/server/server-task.cpp"},
    LlamaText{"making room for prompt cache entry", "tools/server/server-task.cpp"},
    LlamaText{"model default pooling_type is", "src/llama-context.cpp"},
    LlamaText{"n_ctx is not divisible by n_seq_max", "src/llama-context.cpp"}, // the context of each has been told
    LlamaText{"n_past was set to", "tools/server/server-context.cpp"},
    LlamaText{"need to evaluate at least 1 token", "tools/server/server-context.cpp"},
    LlamaText{"possible training context overflow", "src/llama-context.cpp"}, // the server core says that it caps it
    LlamaText{"purging slot", "tools/server/server-context.cpp"},
    LlamaText{"special_eos_id is not in special_eog_ids", "src/llama-vocab.cpp"}, // so it is with all encoders
};

} // namespace llmodel::llama_texts
