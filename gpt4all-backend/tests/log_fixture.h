#pragma once

#include "llmodel.h"

#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace api {

/** Collects what the library logs, up to a level, while it lives. */
struct Log {
    std::mutex mutex;
    std::vector<std::pair<llmodel_log_level, std::string>> messages;

    explicit Log(llmodel_log_level level) {
        llmodel_set_log(
            [](llmodel_log_level of, const char *message, void *user) {
                auto &log = *static_cast<Log *>(user);
                const std::lock_guard lock(log.mutex);
                log.messages.emplace_back(of, message);
            },
            this, level);
    }
    ~Log() { llmodel_set_log(nullptr, nullptr, LLMODEL_LOG_NONE); }
    Log(const Log &) = delete;
    Log &operator=(const Log &) = delete;

    size_t count() {
        const std::lock_guard lock(mutex);
        return messages.size();
    }

    /** How many messages have this in them. */
    size_t count(std::string_view part) {
        const std::lock_guard lock(mutex);
        size_t found = 0;
        for (const auto &[level, message] : messages) {
            found += message.find(part) != std::string::npos ? 1 : 0;
        }
        return found;
    }

    /** The messages that have this in them, a line each. */
    std::string of(std::string_view part) {
        const std::lock_guard lock(mutex);
        std::string lines;
        for (const auto &[level, message] : messages) {
            lines += message.find(part) != std::string::npos ? message + "\n" : "";
        }
        return lines;
    }
};

} // namespace api
