#pragma once

#include "error.h"

#include <functional>
#include <string>

namespace llmodel {

/** Has llama.cpp take our rules wherever its grammars of chats need a schema's: tools' and response formats' beside
 *  reasoning. */
void use_our_schema_rules();

/** While one lives, rules of schemas of the request that are not strict leave out, on this thread, what no grammar
 * says. */
class LenientSchemas {
  public:
    explicit LenientSchemas(const json &request);
    ~LenientSchemas();
    LenientSchemas(const LenientSchemas &) = delete;
    LenientSchemas &operator=(const LenientSchemas &) = delete;

  private:
    json schemas_ = json::array();
    const json *before_;
};

/** Shows the parameters of each tool that may be called, with its name. An Error thrown meanwhile gets to say which. */
void for_each_tool_schema(const json &request,
                          const std::function<void(const std::string &, const json &, bool strict)> &look_at);

/** Throws Error(LLMODEL_GRAMMAR_ERROR) that names the tool of a chat request whose parameters cannot be honoured. */
void check_tool_schemas(const json &request);

} // namespace llmodel
