#pragma once

#include "llama-model-loader.h"

#include <string>
#include <vector>

namespace llmodel::panels {

/** What begins the names of files with weights of these model files, by their descriptors: a hash of which files they
 *  are, and behind a hyphen one of how long they are, and when they were changed. Throws std::system_error. */
std::string name_of_files(const std::vector<int> &files);

/** Whether any further change of the files would show in their times: clocks of file systems tick, some once in two
 *  seconds. Throws std::system_error. */
bool are_settled(const std::vector<int> &files);

/** The whole name: also which weights these are, where they lie in the buffer, and the version of the layout. Throws
 *  std::system_error. */
std::string name_of_weights(const std::vector<llama_arranged_tensor> &tensors);

/** The files of the tensors, each once. */
std::vector<int> files_of(const std::vector<llama_arranged_tensor> &tensors);

} // namespace llmodel::panels
