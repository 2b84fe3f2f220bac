#pragma once

#include "error.h"

#include <cstddef>
#include <string_view>
#include <unordered_map>

namespace llmodel::json_schema {

/** The members of an object by their names. An object that keeps their order is searched from end to end, which takes
 *  too long where there are many. */
class Members {
  public:
    /** Of anything else there are none. */
    explicit Members(const json &value);

    const json *find(std::string_view name) const;

  private:
    static constexpr size_t few = 16;

    const json::object_t *object_ = nullptr;
    std::unordered_map<std::string_view, const json *> index_; // if there are more
};

} // namespace llmodel::json_schema
