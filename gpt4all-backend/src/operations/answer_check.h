#pragma once

#include "error.h"
#include "json_schema/validate.h"

#include <map>
#include <memory>
#include <string>

namespace llmodel {

/** What is checked of an answer once it is there: that of schemas which the request does not want strictly. */
class AnswerCheck {
  public:
    /** For a request, or null if all of it is strict. Throws Error(LLMODEL_GRAMMAR_ERROR) for a schema with a mistake,
     *  or one that cannot be checked. */
    static std::shared_ptr<AnswerCheck> of(const json &request);

    /** Adds "valid" to a choice of a result if something in it was to be checked, and "invalid" if that is wrong. */
    void judge(json &choice, const std::string &text, const json &tool_calls);

  private:
    std::unique_ptr<SchemaValidator> form_;
    std::map<std::string, std::unique_ptr<SchemaValidator>> tools_; // by their names
};

} // namespace llmodel
