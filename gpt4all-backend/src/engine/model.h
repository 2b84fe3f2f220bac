#pragma once

#include "engine/engine.h"
#include "llama.h"
#include "options/open_options.h"
#include "tasks/task.h"
#include "threads/thread_group.h"

#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace llmodel {

class Contexts;
struct ModelFile;
struct Operation;

/** From 0 to 1; returns false to cancel. */
using Progress = std::function<bool(float)>;

/** An open model: its weights, the engine that generates with them, and the requests under way. */
class Model {
  public:
    /** Throws Error. */
    Model(const std::filesystem::path &path, const json &options, const Progress &progress);
    ~Model();
    Model(const Model &) = delete;
    Model &operator=(const Model &) = delete;

    /** Checks the request and starts it. Throws Error. */
    std::shared_ptr<Task> submit(std::string_view operation, json request);

    /** Cancels every task and waits until none runs. */
    void close();

    json info() const;
    json save_state(const std::filesystem::path &path, const json &request);
    json restore_state(const std::filesystem::path &path, const json &request);

    const std::filesystem::path &path() const { return path_; }
    const OpenOptions &options() const { return options_; }
    llama_model *weights() const { return weights_; }
    const llama_vocab *vocab() const { return llama_model_get_vocab(weights_); }

    /** nullptr for a model that only encodes. */
    Engine *engine() const { return engine_.get(); }

    /** As engine(), but throws Error(LLMODEL_UNSUPPORTED) for a model that only encodes. */
    Engine &generator(std::string_view operation) const;

    Contexts &contexts() const { return *contexts_; }

  private:
    void throw_if_lost() const;
    Error explain(const Error &error) const;
    void load(const ModelFile &file, const json &options, const Progress &progress);
    std::shared_ptr<Task> start(const Operation &operation, json request);

    std::filesystem::path path_;
    OpenOptions options_;
    json description_; // as of opening: the file may be another by now
    std::unique_ptr<Engine> engine_;
    std::unique_ptr<llama_model, decltype(&llama_model_free)> encoder_{nullptr, llama_model_free};
    llama_model *weights_ = nullptr; // of engine_ or encoder_
    std::unique_ptr<Contexts> contexts_;

    std::mutex mutex_;
    bool closed_ = false;
    std::vector<std::weak_ptr<Task>> tasks_;
    ThreadGroup threads_;
};

} // namespace llmodel
