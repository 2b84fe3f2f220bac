#include "llama/logging.h"

#include "llama.h"
#include "llama/texts.h"
#include "log.h" // llama-common's

#include <algorithm>
#include <atomic>
#include <cstdarg>
#include <cstdio>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <utility>
#include <vector>

namespace llmodel {

void capture_line(llmodel_log_level level, std::string_view line);

namespace {

std::shared_mutex mutex;
llmodel_log_fn function = nullptr;
void *function_user = nullptr;
std::atomic<llmodel_log_level> threshold = LLMODEL_LOG_NONE;
thread_local LogFilter *current_filter = nullptr;
thread_local LogCapture *innermost = nullptr;

// That this thread's objects are gone, though code still runs on it: models that are closed as the process ends.
thread_local bool ended = false;

/** The line that a thread is in the middle of. */
struct Line {
    ~Line() { ended = true; }
    std::string text;
    llmodel_log_level level = LLMODEL_LOG_DEBUG;
};

llmodel_log_level level_of(ggml_log_level level) {
    switch (level) {
    case GGML_LOG_LEVEL_ERROR:
        return LLMODEL_LOG_ERROR;
    case GGML_LOG_LEVEL_WARN:
        return LLMODEL_LOG_WARN;
    case GGML_LOG_LEVEL_INFO:
        return LLMODEL_LOG_INFO;
    default:
        return LLMODEL_LOG_DEBUG;
    }
}

bool is_ordinary(std::string_view line) {
    return std::ranges::any_of(llama_texts::ordinary_warnings,
                               [line](const auto &warning) { return warning.is_in(line); });
}

/** llama.cpp sends lines in pieces; a message of ours is a whole line. */
void collect(ggml_log_level level, std::string_view text) {
    if (ended) {
        return;
    }
    thread_local Line line;
    if (level != GGML_LOG_LEVEL_CONT) {
        line.level = level_of(level);
    }
    if (line.level > threshold && innermost == nullptr) {
        line.text.clear();
        return;
    }
    line.text += text;
    for (size_t end = line.text.find('\n'); end != std::string::npos; end = line.text.find('\n')) {
        if (end > 0) {
            const auto whole = std::string_view(line.text).substr(0, end);
            const bool lowered = line.level <= LLMODEL_LOG_WARN && is_ordinary(whole);
            capture_line(line.level, whole);
            log_message(lowered ? LLMODEL_LOG_DEBUG : line.level, whole);
        }
        line.text.erase(0, end + 1);
    }
}

void common_hook(ggml_log_level level, const char *format, va_list arguments) {
    va_list again;
    va_copy(again, arguments);
    const int length = std::vsnprintf(nullptr, 0, format, arguments);
    if (length > 0) {
        std::vector<char> text(static_cast<size_t>(length) + 1);
        std::vsnprintf(text.data(), text.size(), format, again);
        collect(level, std::string_view(text.data(), static_cast<size_t>(length)));
    }
    va_end(again);
}

int verbosity_of(llmodel_log_level level) {
    switch (level) {
    case LLMODEL_LOG_NONE: // errors are always made, for LogCapture
    case LLMODEL_LOG_ERROR:
        return LOG_LEVEL_ERROR;
    case LLMODEL_LOG_WARN:
        return LOG_LEVEL_WARN;
    case LLMODEL_LOG_INFO:
        return LOG_LEVEL_INFO;
    case LLMODEL_LOG_DEBUG:
        return LOG_LEVEL_DEBUG;
    }
    return LOG_LEVEL_ERROR;
}

} // namespace

void capture_line(llmodel_log_level level, std::string_view line) {
    for (LogCapture *capture = innermost; capture != nullptr; capture = capture->outer_) {
        if (level <= capture->level_) {
            capture->text_ += capture->text_.empty() ? "" : "; ";
            capture->text_ += line;
        }
    }
}

LogCapture::LogCapture(llmodel_log_level level) : level_(level), outer_(innermost) {
    innermost = this;
}

LogCapture::~LogCapture() {
    innermost = outer_;
}

LogFilter::LogFilter(LogPredicate predicate) : predicate_(std::move(predicate)), outer_(current_filter) {
    current_filter = this;
}

LogFilter::~LogFilter() {
    current_filter = outer_;
}

void ggml_log_callback(ggml_log_level level, const char *text, void * /*user*/) {
    if (current_filter == nullptr || current_filter->predicate_(level, text)) {
        collect(level, text);
    }
}

void end_log() {
    threshold = LLMODEL_LOG_NONE; // and no lock: a thread may be in the function that never comes back from it
}

void set_log(llmodel_log_fn log, void *user, llmodel_log_level level) {
    const std::unique_lock lock(mutex);
    function = log;
    function_user = user;
    threshold = log == nullptr ? LLMODEL_LOG_NONE : level;
    common_log_set_verbosity_thold(verbosity_of(threshold));
}

void log_message(llmodel_log_level level, std::string_view message) {
    if (level > threshold) {
        return;
    }
    const std::shared_lock lock(mutex);
    if (function != nullptr && level <= threshold) {
        function(level, std::string(message).c_str(), function_user);
    }
}

void capture_llama_log() {
    common_log_hook = common_hook;
    common_log_set_verbosity_thold(verbosity_of(threshold));
    llama_log_set(ggml_log_callback, nullptr);
}

} // namespace llmodel
