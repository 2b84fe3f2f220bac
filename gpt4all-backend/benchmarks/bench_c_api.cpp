#include "bench.h"

#include <stdexcept>

namespace bench {

namespace {

void check(llmodel_status status, llmodel_error *error) {
    if (status == LLMODEL_OK) {
        return;
    }
    const std::string message = llmodel_error_message(error);
    llmodel_error_free(error);
    throw std::runtime_error(std::string(llmodel_status_name(status)) + ": " + message);
}

class Task {
  public:
    Task(llmodel_model *model, const char *operation, const std::string &request) {
        llmodel_error *error = nullptr;
        const llmodel_status status = llmodel_submit(model, operation, request.c_str(), &task_, &error);
        check(status, error);
    }
    ~Task() { llmodel_task_free(task_); }
    Task(const Task &) = delete;
    Task &operator=(const Task &) = delete;

    llmodel_event next() {
        llmodel_event event{};
        llmodel_error *error = nullptr;
        const llmodel_status status = llmodel_next(task_, -1, &event, &error);
        check(status, error);
        return event;
    }

  private:
    llmodel_task *task_ = nullptr;
};

class Library final : public Contender {
  public:
    Library(const std::string &path, const json &options) {
        llmodel_error *error = nullptr;
        const llmodel_status status =
            llmodel_open(path.c_str(), options.dump().c_str(), nullptr, nullptr, &model_, &error);
        check(status, error);
    }
    ~Library() override { llmodel_close(model_); }
    Library(const Library &) = delete;
    Library &operator=(const Library &) = delete;

    Answer answer(const json &request) override { return stream(model_, request); }

  private:
    llmodel_model *model_ = nullptr;
};

} // namespace

Answer stream(llmodel_model *model, const json &request, const std::function<void()> &on_piece) {
    const char *operation = request.contains("messages") ? "chat" : "complete";
    const std::string text = request.dump();
    Stopwatch watch;
    Task task(model, operation, text);
    json result;
    for (;;) {
        const llmodel_event event = task.next();
        if (event.kind == LLMODEL_EVENT_TEXT && event.size > 0) {
            watch.piece();
            on_piece();
        } else if (event.kind == LLMODEL_EVENT_RESULT) {
            result = json::parse(static_cast<const char *>(event.data));
        } else if (event.kind == LLMODEL_EVENT_DONE) {
            break;
        }
    }
    const json &usage = result.at("usage");
    return watch.finish(usage.at("completion_tokens"), usage.at("prompt_tokens_details").at("cached_tokens"));
}

std::unique_ptr<Contender> open_model(const std::string &path, const json &options) {
    return std::make_unique<Library>(path, options);
}

} // namespace bench
