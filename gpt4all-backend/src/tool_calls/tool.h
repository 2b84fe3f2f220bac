#pragma once

#include "error.h"
#include "json_schema/compile.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace llmodel::tool_calls {

/** A tool of a request, and what its arguments must be. Schemas within that of the arguments are named by pointers. */
class Tool {
  public:
    Tool(size_t index, const json &function);

    const std::string &name() const { return name_; }

    /** Where an object or a list is described, by "properties" or "items": behind a "$ref", or as the only one that is
     *  among alternatives. Throws Error(LLMODEL_UNSUPPORTED) if that is not one place. */
    std::string described(const std::string &pointer, const std::string &keyword) const;
    /** The members of an object, in their order. */
    std::vector<std::string> members(const std::string &object) const;
    bool requires_member(const std::string &object, const std::string &name) const;
    static std::string member(const std::string &object, const std::string &name);

    /** Throws Error(LLMODEL_GRAMMAR_ERROR) if something holds for the members of an object together, or for the items
     *  of an array, where each is written by itself. */
    void check_members(const std::string &object) const;
    void check_items(const std::string &array) const;
    /** How many items there may be; -1: any number. */
    std::pair<int, int> count_of_items(const std::string &array) const;

    /** Rules of a grammar for a value. Throws Error. */
    std::shared_ptr<const GrammarRules> rules(const std::string &pointer, SchemaUse use) const;

    [[noreturn]] void refuse(llmodel_status status, const std::string &pointer, const std::string &keyword,
                             const std::string &why) const;

  private:
    const json &at(const std::string &pointer) const;
    std::string resolved(std::string pointer) const;

    size_t index_;
    std::string name_;
    bool lenient_;
    json parameters_;
};

} // namespace llmodel::tool_calls
