/** libllmodel, opened at run time: building the addon needs no library. */
#ifndef GPT4ALL_LIBRARY_H
#define GPT4ALL_LIBRARY_H

#include "llmodel.h"

#include <string>

namespace gpt4all {

/** Every function of the library, under its own name. */
struct Library {
#define GPT4ALL_MEMBER(type, name, parameters, arguments) type(*name) parameters;
    LLMODEL_FUNCTIONS(GPT4ALL_MEMBER)
#undef GPT4ALL_MEMBER
};

/** Opens the library, once for the process and all its workers. Returns what is wrong, or nothing. */
std::string load_library(const std::string &path);

/** The opened library. */
const Library &library();

/** Whether load_library() has succeeded. */
bool is_loaded();

} // namespace gpt4all

#endif
