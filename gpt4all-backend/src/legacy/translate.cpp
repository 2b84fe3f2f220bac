#include "legacy/translate.h"

#include "gguf/utf8.h"
#include "legacy/plausible.h"
#include "legacy/repack.h"

#include <algorithm>
#include <array>
#include <vector>

namespace llmodel::legacy {

namespace {

// Large enough for any disk, small enough to stay in a processor's cache from reading to writing.
constexpr std::uint64_t step_bytes = std::uint64_t{512} << 10;

[[noreturn]] void refuse_values(const std::string &path, const OutputTensor &tensor, std::int64_t row,
                                std::int64_t count) {
    const std::uint64_t offset = tensor.source.pieces.front().offset;
    throw Error(LLMODEL_INVALID_MODEL,
                "'" + path + "': tensor '" + printable(tensor.source_name) + "', at byte " + std::to_string(offset) +
                    ": its rows " + std::to_string(row) + " to " + std::to_string(row + count - 1) +
                    " are not a model's weights, as a number among them is not finite or is above " +
                    std::to_string(static_cast<int>(largest_weight)) +
                    "; the file is damaged, or its blocks are arranged in a way that it does not state",
                {{"path", path}, {"offset", offset}, {"tensor", printable(tensor.source_name)}, {"row", row}});
}

class Translation {
  public:
    Translation(const Plan &plan, const Sources &sources, const Write &write, const Report &report)
        : plan_(plan), sources_(sources), write_(write), report_(report) {}

    void run() {
        put(plan_.header.bytes());
        for (const OutputTensor &tensor : plan_.tensors) {
            if (tensor.source.pieces.empty()) {
                put_zeros(tensor.size());
            } else {
                put_tensor(tensor);
            }
            put_zeros((GgufHeader::alignment - tensor.size() % GgufHeader::alignment) % GgufHeader::alignment);
        }
    }

  private:
    void put(std::span<const std::byte> bytes) {
        write_(bytes);
        written_ += bytes.size();
    }

    void put_zeros(std::uint64_t count) {
        static constexpr std::array<std::byte, 4096> zeros{};
        while (count > 0) {
            const auto some = static_cast<std::size_t>(std::min<std::uint64_t>(count, zeros.size()));
            put(std::span(zeros).first(some));
            count -= some;
        }
    }

    void put_tensor(const OutputTensor &tensor) {
        RowReader reader(sources_, tensor);
        const std::int64_t step = reader.rows_in(step_bytes);
        for (std::int64_t row = 0; row < tensor.ne1; row += step) {
            const std::int64_t count = std::min(step, tensor.ne1 - row);
            stored_.resize(static_cast<std::size_t>(static_cast<std::uint64_t>(count) * reader.row_bytes()));
            reader.read(row, count, stored_);
            const std::span<const std::byte> rows = in_new_type(tensor, count);
            if (rows.empty() || !is_plausible(tensor.type, rows)) {
                refuse_values(sources_.front()->name(), tensor, row, count);
            }
            put(rows);
            report_(written_, read_to(tensor, row + count, reader.row_bytes()));
        }
    }

    /** The `count` rows that stored_ holds; none where the new type cannot hold them. */
    std::span<const std::byte> in_new_type(const OutputTensor &tensor, std::int64_t count) {
        const ElementType &type = tensor.source.type;
        if (type.is_current()) {
            return stored_;
        }
        translated_.resize(static_cast<std::size_t>(count) * ggml_row_size(tensor.type, tensor.ne0));
        const bool held = repack(type, tensor.ne0, stored_, tensor.type, translated_);
        return held ? std::span<const std::byte>(translated_) : std::span<const std::byte>();
    }

    /** How far into the first file a tensor has been read when so many rows of it have been. */
    static std::uint64_t read_to(const OutputTensor &tensor, std::int64_t rows, std::uint64_t row_bytes) {
        const TensorSource &source = tensor.source;
        return source.transposed
                   ? 0
                   : source.pieces.front().offset + static_cast<std::uint64_t>(rows) * row_bytes / source.pieces.size();
    }

    const Plan &plan_;
    const Sources &sources_;
    const Write &write_;
    const Report &report_;
    std::uint64_t written_ = 0;
    std::vector<std::byte> stored_;
    std::vector<std::byte> translated_;
};

} // namespace

void translate(const Plan &plan, const Sources &sources, const Write &write, const Report &report) {
    Translation(plan, sources, write, report).run();
}

} // namespace llmodel::legacy
