#pragma once

#include "gguf_edit.h"

#include <cstdint>
#include <string>

namespace llmodel::test {

/** Damages GGUF files: blindly, and knowing where the counts, types and sizes are. */
class Mutator {
  public:
    /** `file` must be well-formed. */
    explicit Mutator(Bytes file);

    struct Mutation {
        Bytes bytes;
        std::string description; /**< What was done. */
    };

    /** The same bytes for the same seed and number, always. */
    Mutation mutate(std::uint64_t seed, std::uint64_t number) const;

    const Bytes &original() const { return file_; }

  private:
    Bytes file_;
    EditableGguf parts_;
    std::size_t header_bytes_ = 0;
};

} // namespace llmodel::test
