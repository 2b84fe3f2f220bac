#pragma once

#include "llmodel.h"

#include "ggml.h"

#include <functional>
#include <string>
#include <string_view>

namespace llmodel {

/** Sets the process's log function; returns when no call of the previous one is under way. */
void set_log(llmodel_log_fn log, void *user, llmodel_log_level level);

/** Drops every message from here on: as the process ends, the function, or the language it is of, may be gone. */
void end_log();

/** Logs a message of ours. */
void log_message(llmodel_log_level level, std::string_view message);

/** Routes the messages of llama.cpp, ggml and llama-common to the log function; called once, before they are used. */
void capture_llama_log();

/** Collects what llama.cpp says on this thread, up to `level`, while it lives: the reasons for failures are found
 *  nowhere else. */
class LogCapture {
  public:
    explicit LogCapture(llmodel_log_level level);
    ~LogCapture();
    LogCapture(const LogCapture &) = delete;
    LogCapture &operator=(const LogCapture &) = delete;

    /** The messages, joined by "; ". */
    const std::string &text() const { return text_; }

  private:
    friend void capture_line(llmodel_log_level level, std::string_view line);

    llmodel_log_level level_;
    LogCapture *outer_;
    std::string text_;
};

/** What a LogFilter asks: whether a message of llama.cpp or ggml is to be passed on. */
using LogPredicate = std::function<bool(ggml_log_level level, std::string_view text)>;

/** While one lives, `predicate` sees the messages of llama.cpp and ggml on this thread first. What it throws goes
 * through llama.cpp to the caller: the only way out of functions that know no cancelling. */
class LogFilter {
  public:
    explicit LogFilter(LogPredicate predicate);
    ~LogFilter();
    LogFilter(const LogFilter &) = delete;
    LogFilter &operator=(const LogFilter &) = delete;

  private:
    LogPredicate predicate_;
    LogFilter *outer_;

    friend void ggml_log_callback(ggml_log_level level, const char *text, void *user);
};

/** For the logger that a backend module brings along: where its messages go. */
void ggml_log_callback(ggml_log_level level, const char *text, void *user);

} // namespace llmodel
