#include "llama/logging.h"

#include "llama.h"
#include "log.h" // llama-common's

#include <algorithm>
#include <array>
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

// That this thread's objects are gone, though code runs on it yet: models that are closed as the process ends.
thread_local bool ended = false;

/** The line that a thread is in the midst of. */
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

/** What llama.cpp warns of, or calls an error, for those who run a server or work on it, and is in order for a program
 * that uses this library: it was asked for, or is how caches work. What they have no room for waits or is computed
 * again; a state that cannot be restored is an error of its call. */
bool is_ordinary(std::string_view line) {
    static constexpr std::array<std::string_view, 22> messages{
        "available cells in kv cache",
        "cache size limit reached, removing oldest",
        "cache token limit",
        "cancel task, id_task",
        "chat template supports preserving reasoning",
        "context shift, n_keep",
        "erasing old context checkpoint",
        "failed to find a memory slot",
        "failed to find free space in the KV cache, retrying",
        "failed to load prompt from cache",
        "failed to restore kv cache",
        "failed to restore sequence state",
        "failed to restore state with size",
        "exceeds cache size limit",
        "making room for prompt cache entry",
        "model default pooling_type is",
        "n_ctx is not divisible by n_seq_max", // the context of each has been told
        "n_past was set to",
        "need to evaluate at least 1 token",
        "possible training context overflow", // the server core tells that it caps the context
        "purging slot",
        "special_eos_id is not in special_eog_ids", // so it is with all encoders
    };
    return std::ranges::any_of(
        messages, [line](std::string_view message) { return line.find(message) != std::string_view::npos; });
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
