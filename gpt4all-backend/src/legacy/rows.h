#pragma once

#include "gguf/byte_source.h"
#include "legacy/plan.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace llmodel::legacy {

using Sources = std::vector<std::unique_ptr<ByteSource>>;

/** Reads rows of a tensor of a translation as the old files have them, from wherever they lie there. */
class RowReader {
  public:
    /** Both must outlive it. */
    RowReader(const Sources &sources, const OutputTensor &tensor);

    /** Of a row as it is stored, over all files. */
    std::uint64_t row_bytes() const { return row_bytes_; }

    /** How many rows to read at a time, of about `bytes` together. */
    std::int64_t rows_in(std::uint64_t bytes) const;

    /** Fills `into` with `count` rows of the new tensor from `first` on. */
    void read(std::int64_t first, std::int64_t count, std::span<std::byte> into);

  private:
    void read_stored(std::int64_t first, std::int64_t count, std::span<std::byte> into);
    void read_transposed(std::int64_t first, std::int64_t count, std::span<std::byte> into);
    void read_columns(std::int64_t first, std::int64_t count, std::span<std::byte> into);
    void read_parts(std::int64_t first, std::int64_t count, std::span<std::byte> into);
    void read_rotated(std::int64_t first, std::int64_t count, std::span<std::byte> into);
    std::int64_t stored_row(std::int64_t row) const;

    const Sources &sources_;
    const OutputTensor &tensor_;
    std::uint64_t row_bytes_;
    std::vector<std::byte> scratch_;
};

} // namespace llmodel::legacy
