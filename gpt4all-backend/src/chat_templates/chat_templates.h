#pragma once

#include "gguf/gguf_file.h"

#include <string>
#include <string_view>
#include <vector>

namespace llmodel {

/** A template that comes with the library, for models whose files have none. */
struct ChatTemplate {
    std::string_view name;
    std::string source; // Jinja
    /** How turns begin, where that is plain text: a model that carries on the conversation by itself writes it, and
     *  there its answer ends. */
    std::vector<std::string_view> turns;

    /** The texts that end an answer: the turns, and the line ends before them. */
    std::vector<std::string> stops() const;
};

/** Throws Error(LLMODEL_INVALID_ARGUMENT), which lists the names, if there is none of this one. */
const ChatTemplate &chat_template_named(std::string_view name);

/** What is used for a model whose file has no template, where none is given. */
const ChatTemplate &default_chat_template(const GgufFile &model);

/** Whether the file has a template of its own. */
bool has_chat_template(const GgufFile &model);

/** Whether this is written in Jinja, rather than a name. */
bool is_jinja(std::string_view chat_template);

} // namespace llmodel
