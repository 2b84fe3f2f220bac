#pragma once

#include "jinja/value.h" // llama-common's

#include <string>

namespace llmodel {

/** The result of a filter or method of llama.cpp's Jinja engine, with the marks of strings that came from a request,
 *  which some of them lose. `args`: what it is applied to, and its arguments. Where nobody can tell which part of a
 * text came from a request, all of it counts as such. */
jinja::value keep_marks(const std::string &name, const jinja::func_args &args, jinja::value result);

} // namespace llmodel
