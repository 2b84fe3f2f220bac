#pragma once

#include "ggml-backend.h"

#include <memory>
#include <string>
#include <vector>

namespace amx {

/** A module of ggml for a kind of processor, whatever it says of the one that it is to run on. */
class GgmlModule {
  public:
    /** Opens the file, whose messages go to log(). Throws std::runtime_error. */
    explicit GgmlModule(const std::string &path);

    [[nodiscard]] ggml_backend_dev_t device() const { return device_; }
    [[nodiscard]] ggml_backend_t backend() const { return backend_.get(); }
    [[nodiscard]] ggml_backend_buffer_type_t plain_buffers() const { return ggml_backend_dev_buffer_type(device_); }
    /** What lays weights out for AMX; nullptr if the module does not offer it. */
    [[nodiscard]] ggml_backend_buffer_type_t amx_buffers() const;
    void set_threads(int count);
    /** What it has said since the file was opened. */
    static const std::string &log();

  private:
    struct FreeBackend {
        void operator()(ggml_backend_t backend) const { ggml_backend_free(backend); }
    };
    ggml_backend_reg_t registry_;
    ggml_backend_dev_t device_;
    std::unique_ptr<ggml_backend, FreeBackend> backend_;
};

/** The module to test: AMX_MODULE in the environment names another than the one that was built. */
std::string module_path();

/** Whether this processor has all that the module for Sapphire Rapids needs, but for AMX. */
bool processor_suffices();

/** Operands of a product: weights of `type`, `columns` x `rows` x `matrices`, and batches of `count` vectors. */
struct Product {
    ggml_type type;
    int64_t columns;
    int64_t rows;
    int64_t count;
    int64_t matrices = 1;
    int64_t batches = 1;
};

/** How far a result is from that in double precision with the same quantised weights. */
struct Comparison {
    bool supported; /**< whether the module offers the product with weights in these buffers */
    double worst;   /**< the largest error, in units of what such a product typically is */
    size_t at;      /**< where that was */
    size_t not_finite;
};

/** Multiplies random operands with weights in `buffers`. */
Comparison compare(const GgmlModule &module, ggml_backend_buffer_type_t buffers, const Product &product);

} // namespace amx
