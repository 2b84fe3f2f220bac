#pragma once

#include "llama.h"

#include <span>

namespace llmodel {

/** The first of the greatest numbers; 0 where none is greater than minus infinity. What is not a number counts for
 * nothing. */
llama_token likeliest_token(std::span<const float> logits);

/** Has llama-common take the likeliest token at once where the parameters of a request leave no other choice. Else it
 * lists and sorts the whole vocabulary first, which is a hundredth of the time that a small model needs for a token. */
void install_greedy_sampling();

} // namespace llmodel
