#pragma once

#include <string>

namespace llmodel::test {

/** The tiny LLaMA's weights in architectures that keep what they have read in other ways. Each writes a file into
 *  `path`, whose weights are the same at every run. @{ */

/** Granite with a window of 16 tokens in the first of its layers. */
void write_sliding_window_model(const std::string &path);
/** LFM2: a convolution, whose state cannot be cut off anywhere, below a layer of attention. */
void write_hybrid_model(const std::string &path);
/** Mamba: states of fixed size only. */
void write_recurrent_model(const std::string &path);
/** @} */

/** The tiny LLaMA with a feed-forward network in Q8_0 that is wide enough to make a file of 40 MB. */
void write_wide_model(const std::string &path);
/** The same with four experts. */
void write_wide_experts_model(const std::string &path);

} // namespace llmodel::test
