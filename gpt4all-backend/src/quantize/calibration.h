#pragma once

#include "llama.h"
#include "options/open_options.h"
#include "quantize/activation_sums.h"

#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <span>

namespace llmodel {

/** Runs stretches of text through a model, and sees what its weights are multiplied with. */
class Calibration {
  public:
    /** `encodes`: the model takes each text in one piece and predicts no tokens. `go_on` is asked often, with the part
     *  of the stretch that is done, and returns false to cancel. Throws Error. */
    Calibration(llama_model *model, const OpenOptions &options, bool encodes, bool output_tensor,
                std::function<bool(float)> go_on);

    /** One stretch, by itself. Throws Error: LLMODEL_CANCELLED among others. */
    void run(std::span<const llama_token> chunk);

    const ActivationSums &sums() const { return sums_; }

  private:
    static bool on_node(ggml_tensor *node, bool ask, void *self);
    bool see(const ggml_tensor *node, bool ask);
    void run_batch(std::span<const llama_token> tokens, std::size_t position);

    ActivationSums sums_;
    std::function<bool(float)> go_on_;
    std::size_t batch_tokens_ = 0;
    float done_ = 0;
    bool stopped_ = false;
    std::exception_ptr failure_; // within llama.cpp, which must not be left so
    std::unique_ptr<llama_context, decltype(&llama_free)> context_{nullptr, llama_free};
};

/** Tokens that are run together: all their logits are kept, so that a large vocabulary makes for fewer. */
std::size_t calibration_batch(std::size_t n_ctx, std::size_t n_vocab, bool encodes);

} // namespace llmodel
