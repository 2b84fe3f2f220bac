#include "legacy/rows.h"

#include <algorithm>
#include <cstring>

namespace llmodel::legacy {

namespace {

// A head's rows are read together where they take no more than this.
constexpr std::uint64_t most_head_bytes = std::uint64_t{64} << 20;

std::size_t narrow(std::uint64_t bytes) {
    return static_cast<std::size_t>(bytes);
}

} // namespace

RowReader::RowReader(const Sources &sources, const OutputTensor &tensor)
    : sources_(sources), tensor_(tensor), row_bytes_(tensor.source.type.row_bytes(tensor.ne0)) {}

std::int64_t RowReader::rows_in(std::uint64_t bytes) const {
    const auto head = tensor_.source.head_rows;
    auto count = static_cast<std::int64_t>(std::max<std::uint64_t>(bytes / row_bytes_, 1));
    if (head > 0 && static_cast<std::uint64_t>(head) * row_bytes_ <= most_head_bytes) {
        count = (count + head - 1) / head * head;
    }
    return std::min(count, tensor_.ne1);
}

void RowReader::read(std::int64_t first, std::int64_t count, std::span<std::byte> into) {
    if (tensor_.source.head_rows > 0) {
        read_rotated(first, count, into);
    } else {
        read_stored(first, count, into);
    }
}

/** Rows in the old file's order. */
void RowReader::read_stored(std::int64_t first, std::int64_t count, std::span<std::byte> into) {
    const TensorSource &source = tensor_.source;
    if (source.transposed) {
        read_transposed(first, count, into);
    } else if (source.split == Split::columns) {
        read_columns(first, count, into);
    } else {
        read_parts(first, count, into);
    }
}

/** Values of one row lie a column apart: as many of each column as there are rows are read together. */
void RowReader::read_transposed(std::int64_t first, std::int64_t count, std::span<std::byte> into) {
    const TensorSource &source = tensor_.source;
    const std::uint64_t size = source.type.bytes;
    const std::uint64_t stored_bytes = static_cast<std::uint64_t>(tensor_.ne1) * size;
    const TensorSource::Piece &piece = source.pieces.front();
    scratch_.resize(narrow(static_cast<std::uint64_t>(count) * size));
    for (std::int64_t column = 0; column < tensor_.ne0; ++column) {
        const auto at = static_cast<std::uint64_t>(column);
        sources_[piece.part]->read(piece.offset + at * stored_bytes + static_cast<std::uint64_t>(first) * size,
                                   scratch_);
        for (std::uint64_t row = 0; row < static_cast<std::uint64_t>(count); ++row) {
            std::memcpy(into.data() + row * row_bytes_ + at * size, scratch_.data() + row * size, narrow(size));
        }
    }
}

/** Each file has a piece of every row. */
void RowReader::read_columns(std::int64_t first, std::int64_t count, std::span<std::byte> into) {
    const std::vector<TensorSource::Piece> &pieces = tensor_.source.pieces;
    const std::uint64_t piece_bytes = row_bytes_ / pieces.size();
    scratch_.resize(narrow(static_cast<std::uint64_t>(count) * piece_bytes));
    for (std::size_t i = 0; i < pieces.size(); ++i) {
        sources_[pieces[i].part]->read(pieces[i].offset + static_cast<std::uint64_t>(first) * piece_bytes, scratch_);
        for (std::uint64_t row = 0; row < static_cast<std::uint64_t>(count); ++row) {
            std::memcpy(into.data() + row * row_bytes_ + i * piece_bytes, scratch_.data() + row * piece_bytes,
                        narrow(piece_bytes));
        }
    }
}

/** Each file, of which there may be only one, has whole rows. */
void RowReader::read_parts(std::int64_t first, std::int64_t count, std::span<std::byte> into) {
    const std::vector<TensorSource::Piece> &pieces = tensor_.source.pieces;
    const std::int64_t rows = tensor_.ne1 / static_cast<std::int64_t>(pieces.size());
    while (count > 0) {
        const TensorSource::Piece &piece = pieces[static_cast<std::size_t>(first / rows)];
        const std::int64_t at = first % rows;
        const std::int64_t here = std::min(count, rows - at);
        const std::size_t bytes = narrow(static_cast<std::uint64_t>(here) * row_bytes_);
        sources_[piece.part]->read(piece.offset + static_cast<std::uint64_t>(at) * row_bytes_, into.first(bytes));
        into = into.subspan(bytes);
        first += here;
        count -= here;
    }
}

/** Which row of the old file becomes `row`: of the rotated ones in a head, every other one, and then those between. */
std::int64_t RowReader::stored_row(std::int64_t row) const {
    const std::int64_t rotated = tensor_.source.rotated;
    const std::int64_t in_head = row % tensor_.source.head_rows;
    if (in_head >= rotated) {
        return row;
    }
    const std::int64_t half = rotated / 2;
    return row - in_head + (in_head < half ? 2 * in_head : 2 * (in_head - half) + 1);
}

void RowReader::read_rotated(std::int64_t first, std::int64_t count, std::span<std::byte> into) {
    const std::size_t bytes = narrow(row_bytes_);
    const auto slot = [&](std::int64_t row) {
        return into.subspan(static_cast<std::size_t>(row - first) * bytes, bytes);
    };
    if (first % tensor_.source.head_rows != 0 || count % tensor_.source.head_rows != 0) {
        for (std::int64_t row = first; row < first + count; ++row) {
            read_stored(stored_row(row), 1, slot(row));
        }
        return;
    }
    std::vector<std::byte> stored(into.size());
    read_stored(first, count, stored);
    for (std::int64_t row = first; row < first + count; ++row) {
        std::memcpy(slot(row).data(), stored.data() + static_cast<std::size_t>(stored_row(row) - first) * bytes, bytes);
    }
}

} // namespace llmodel::legacy
