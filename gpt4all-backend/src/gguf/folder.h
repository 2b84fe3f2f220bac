#pragma once

#include <filesystem>
#include <string>

namespace llmodel {

/** What a folder that was given for a model file is, and what to do instead: the predicate of a sentence whose subject
 *  is the folder. Looks at the names of what is in it, and at no more than a few thousand of them. */
std::string describe_folder(const std::filesystem::path &folder);

} // namespace llmodel
