#pragma once

#include <string>

namespace llmodel {

/** The user's folder: $HOME, or what the system's list of users says. Empty where neither tells. */
std::string home_folder();

} // namespace llmodel
