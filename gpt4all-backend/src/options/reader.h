#pragma once

#include "error.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace llmodel {

template<typename T, std::size_t N> using Names = std::array<std::pair<std::string_view, T>, N>;

/** Reads one object of the options; a value that does not fit its C type is an error that names it. */
class OptionReader {
  public:
    OptionReader(const json &object, std::string path) : object_(object), path_(std::move(path)) {}

    bool has(const char *key) const { return object_.contains(key); }
    const json &at(const char *key) const { return object_.at(key); }
    std::string path(const char *key) const { return path_ + "/" + key; }

    template<typename T> void get(const char *key, T &into) const {
        if (!has(key)) {
            return;
        }
        const json &value = at(key);
        if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>) {
            if (!value.is_number_integer() || !std::in_range<T>(value.get<int64_t>())) {
                fail(key, "must be an integer from " + std::to_string(std::numeric_limits<T>::min()) + " to " +
                              std::to_string(std::numeric_limits<T>::max()));
            }
        }
        into = value.get<T>();
    }

    template<typename T, std::size_t N> void get(const char *key, T &into, const Names<T, N> &names) const {
        if (!has(key)) {
            return;
        }
        const std::string name = at(key).get<std::string>();
        const auto *found =
            std::find_if(names.begin(), names.end(), [&](const auto &entry) { return entry.first == name; });
        if (found == names.end()) {
            fail(key, "\"" + name + "\" is not known");
        }
        into = found->second;
    }

    [[noreturn]] void fail(const char *key, const std::string &what, json detail = json::object()) const {
        detail["path"] = path(key);
        throw Error(LLMODEL_INVALID_ARGUMENT, "the option " + path(key) + ": " + what, std::move(detail));
    }

  private:
    const json &object_;
    std::string path_;
};

} // namespace llmodel
