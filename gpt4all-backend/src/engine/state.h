#pragma once

#include "engine/engine.h"
#include "error.h"
#include "platform/temporary_file.h"

#include <chrono>
#include <filesystem>

namespace llmodel {

/** The state of a slot on its way to a file. */
class StateFile {
  public:
    /** Throws Error. */
    explicit StateFile(const std::filesystem::path &path) : path_(path), temporary_(path) {}

    /** On the engine's thread, which nobody else's request can come before. What goes wrong is told by finish(). */
    void write(llama_context *context, llama_seq_id slot, const server_tokens &tokens) noexcept;

    /** Has the engine write a slot that no request holds. Throws Error. */
    void write(Engine &engine, int slot);

    /** Gives the file its name: `$defs/state_result`. Throws Error. */
    json finish(Engine &engine);

  private:
    Error not_written() const;

    std::filesystem::path path_;
    TemporaryFile temporary_;
    std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
    int slot_ = -1; // until it is written
    size_t n_tokens_ = 0;
};

/** `$defs/state_request` in, `$defs/state_result` out. Throw Error. */
json save_state(Engine &engine, const std::filesystem::path &path, const json &request);
json restore_state(Engine &engine, const std::filesystem::path &path, const json &request);

} // namespace llmodel
