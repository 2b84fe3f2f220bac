#pragma once

#include "llmodel.h"

#include <nlohmann/json.hpp>

#include <exception>
#include <string>
#include <utility>

namespace llmodel {

// Keeps the order of keys: in a JSON Schema it is the order in which a model writes its answer.
using json = nlohmann::ordered_json;

/** What every failure inside the library is thrown as; the C boundary turns it into an llmodel_error.
 *
 *  Copies share nothing, unlike those of std::runtime_error: a task keeps one and throws copies to other threads. */
class Error : public std::exception {
  public:
    Error(llmodel_status status, std::string message, json detail = json::object())
        : status_(status), message_(std::move(message)), detail_(std::move(detail)) {}

    const char *what() const noexcept override { return message_.c_str(); }
    llmodel_status status() const { return status_; }
    const json &detail() const { return detail_; }

  private:
    llmodel_status status_;
    std::string message_;
    json detail_;
};

Error cancelled_error();

/** What an exception that is being handled means to the caller: our own errors as they are, others typed. */
Error current_error();

} // namespace llmodel
