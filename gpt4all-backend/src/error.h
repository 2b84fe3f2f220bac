#pragma once

#include "llmodel.h"

#include <nlohmann/json.hpp>

#include <stdexcept>
#include <string>
#include <utility>

namespace llmodel {

// Keeps the order of keys: in a JSON Schema it is the order in which a model writes its answer.
using json = nlohmann::ordered_json;

/** What every failure inside the library is thrown as; the C boundary turns it into an llmodel_error. */
class Error : public std::runtime_error {
  public:
    Error(llmodel_status status, const std::string &message, json detail = json::object())
        : std::runtime_error(message), status_(status), detail_(std::move(detail)) {}

    llmodel_status status() const { return status_; }
    const json &detail() const { return detail_; }

  private:
    llmodel_status status_;
    json detail_;
};

} // namespace llmodel
