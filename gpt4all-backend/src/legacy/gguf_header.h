#pragma once

#include "gguf/gguf_file.h"
#include "legacy/vocabulary.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

struct gguf_context;
struct ggml_context;

namespace llmodel::legacy {

/** The metadata and the list of tensors of a GGUF file that is to be written. */
class GgufHeader {
  public:
    GgufHeader();

    void set(const std::string &key, std::uint32_t value);
    void set(const std::string &key, float value);
    void set(const std::string &key, bool value);
    void set(const std::string &key, const std::string &value);
    void set(const std::string &key, const std::vector<std::string> &values);
    void set(const std::string &key, const GgufArray &array);
    /** As it is in another file. */
    void set(const std::string &key, const GgufValue &value);
    void set(const Vocabulary &vocabulary);

    /** To be called in the order in which the values will follow. */
    void add_tensor(const std::string &name, ggml_type type, std::uint32_t n_dims, std::int64_t ne0, std::int64_t ne1);

    /** All that comes before the values of the first tensor, each of which begins at a multiple of `alignment`. */
    std::vector<std::byte> bytes() const;

    static constexpr std::uint64_t alignment = 32;

  private:
    std::unique_ptr<gguf_context, void (*)(gguf_context *)> context_;
};

} // namespace llmodel::legacy
