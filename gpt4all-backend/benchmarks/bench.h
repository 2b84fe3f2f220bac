#pragma once

#include "llmodel.h"

#include <nlohmann/json.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace bench {

using json = nlohmann::json;

/** How long one streamed answer took, as its consumer saw it. */
struct Answer {
    double first_s = 0; // from sending the request to the first piece of text, or to the end if there was none
    double last_s = 0;  // to the last piece
    int64_t pieces = 0;
    int64_t tokens = 0; // generated
    int64_t cached = 0; // of the prompt, reused
};

/** Fills in an Answer while pieces arrive. */
class Stopwatch {
  public:
    void piece() {
        answer_.last_s = elapsed();
        if (answer_.pieces++ == 0) {
            answer_.first_s = answer_.last_s;
        }
    }

    Answer finish(int64_t tokens, int64_t cached) {
        if (answer_.pieces == 0) {
            answer_.first_s = answer_.last_s = elapsed();
        }
        answer_.tokens = tokens;
        answer_.cached = cached;
        return answer_;
    }

  private:
    double elapsed() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count(); }

    std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
    Answer answer_;
};

/** What answers requests: the library, or a server. `answer` may be called from several threads at once. */
class Contender {
  public:
    Contender() = default;
    virtual ~Contender() = default;
    Contender(const Contender &) = delete;
    Contender &operator=(const Contender &) = delete;

    /** `request` has "messages" or "prompt", and the options that the C API and llama-server have in common. */
    virtual Answer answer(const json &request) = 0;
};

/** One answer of an open model; `on_piece` is called after each piece of text. Throws std::runtime_error. */
Answer stream(
    llmodel_model *model, const json &request, const std::function<void()> &on_piece = [] {});

/** The model at `path` through the C API. Throws std::runtime_error. */
std::unique_ptr<Contender> open_model(const std::string &path, const json &options);

/** The llama-server that listens on a port of this machine. */
std::unique_ptr<Contender> connect_to(uint16_t port);

} // namespace bench
