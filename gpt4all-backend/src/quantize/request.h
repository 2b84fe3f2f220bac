#pragma once

#include "error.h"
#include "llama.h"
#include "quantize/imatrix.h"

#include <cstdint>
#include <string>
#include <vector>

namespace llmodel {

/** `$defs/quantize_options` as llama.cpp takes them, and what its pointers point to. */
class QuantizeRequest {
  public:
    /** `options` has passed the schema. Throws Error for what a schema cannot say: an unknown type, or an invalid
     * pattern. */
    explicit QuantizeRequest(const json &options);
    QuantizeRequest(const QuantizeRequest &) = delete;
    QuantizeRequest &operator=(const QuantizeRequest &) = delete;

    const llama_model_quantize_params &params() const { return params_; }
    const std::string &type() const { return type_; }
    bool matters(const std::string &tensor) const { return matrix_.columns.contains(tensor); }

  private:
    void read_tensor_types(const json &options);
    void use_imatrix(const std::string &path);
    llama_model_kv_override &add_key(const char *key);
    void add_text(const char *key, const std::string &value);
    void add_number(const char *key, int64_t value);

    llama_model_quantize_params params_ = llama_model_quantize_default_params();
    std::string type_;
    std::vector<std::string> patterns_;
    std::vector<llama_model_tensor_override> overrides_;
    ImportanceMatrix matrix_;
    std::vector<llama_model_imatrix_data> importance_;
    std::vector<llama_model_kv_override> keys_;
};

} // namespace llmodel
