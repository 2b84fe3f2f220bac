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

} // namespace llmodel::test
