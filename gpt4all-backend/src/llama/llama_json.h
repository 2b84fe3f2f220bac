#pragma once

#include "json.h" // llama-common's

namespace llmodel {

/** llama.cpp's JSON, which is another type than ours; it goes from one to the other as text. */
using llama_json = common_json;

} // namespace llmodel
