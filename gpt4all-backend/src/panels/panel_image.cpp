#include "panels/panel_image.h"

#include "kernels/products/format.h"
#include "platform/memory_from_file.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <random>
#include <string_view>

namespace llmodel::panels {

namespace {

constexpr std::int64_t rows_in_panel = kernels::products::panel_rows;

/** Some rows of a matrix, as a tensor of their own. */
ggml_tensor some_rows(const ggml_tensor &matrix, std::int64_t count) {
    ggml_tensor rows = matrix;
    rows.ne[1] = count;
    rows.ne[2] = 1;
    rows.nb[2] = rows.nb[3] = rows.nb[1] * static_cast<std::size_t>(count);
    return rows;
}

} // namespace

PanelImage::PanelImage(ggml_backend_buffer_t buffer, std::size_t size)
    : type_(ggml_backend_buffer_get_type(buffer)), memory_(ggml_backend_buffer_get_base(buffer)), bytes_(size) {}

std::optional<PanelImage> PanelImage::of(const std::vector<llama_arranged_tensor> &tensors) {
    if (tensors.empty() || tensors.front().tensor->buffer == nullptr) {
        return std::nullopt;
    }
    ggml_backend_buffer_t buffer = tensors.front().tensor->buffer;
    if (std::string_view(ggml_backend_buffer_name(buffer)) != kernels::products::buffer_name) {
        return std::nullopt;
    }
    PanelImage image(buffer, ggml_backend_buffer_get_size(buffer));
    for (const llama_arranged_tensor &tensor : tensors) {
        if (tensor.tensor->buffer != buffer || !image.add(tensor)) {
            return std::nullopt;
        }
    }
    std::sort(image.parts_.begin(), image.parts_.end(),
              [](const Part &one, const Part &other) { return one.offset < other.offset; });
    return image;
}

bool PanelImage::add(const llama_arranged_tensor &arranged) {
    const ggml_tensor &tensor = *arranged.tensor;
    if (tensor.view_src != nullptr || tensor.ne[3] != 1) {
        return false;
    }
    const ggml_tensor panel = some_rows(tensor, rows_in_panel);
    const Part part{
        .tensor = &tensor,
        .rows = static_cast<const std::byte *>(arranged.data),
        .offset = static_cast<std::size_t>(static_cast<std::byte *>(tensor.data) - static_cast<std::byte *>(memory_)),
        .panel_bytes = ggml_backend_buft_get_alloc_size(type_, &panel),
        .panels = kernels::products::Format::panels(tensor.ne[1]),
        .matrices = tensor.ne[2]};
    // what is not laid out, and not in whole panels, is none
    if (part.end() != part.offset + ggml_backend_buft_get_alloc_size(type_, &tensor) || part.end() > bytes_) {
        return false;
    }
    most_panel_bytes_ = std::max(most_panel_bytes_, part.panel_bytes);
    parts_.push_back(part);
    return true;
}

std::size_t PanelImage::windows() const {
    return (bytes_ + PanelFile::window_bytes - 1) / PanelFile::window_bytes;
}

std::span<std::byte> PanelImage::shown(std::size_t window) const {
    return {static_cast<std::byte *>(memory_) + window * PanelFile::window_bytes, PanelFile::window_bytes};
}

// Panels at a window's ends are laid out whole.
PanelImage::Desk::Desk(const PanelImage &image)
    : buffer_(ggml_backend_buft_alloc_buffer(image.type_, PanelFile::window_bytes + 2 * image.most_panel_bytes_)) {
    if (buffer_ == nullptr) {
        throw std::bad_alloc();
    }
}

std::int64_t PanelImage::lay_out(const Part &part, std::int64_t first, std::int64_t end, std::byte *to,
                                 Desk &desk) const {
    constexpr std::size_t at_once = std::size_t{1} << 20; // more is divided among threads, but each has a window
    const std::int64_t matrix = first / part.panels;
    const std::int64_t panel = first % part.panels;
    const auto few = static_cast<std::int64_t>(std::max<std::size_t>((at_once - 1) / part.panel_bytes, 1));
    const std::int64_t count = std::min({few, end - first, part.panels - panel});
    const std::int64_t row = panel * rows_in_panel;
    const ggml_tensor &tensor = *part.tensor;

    ggml_tensor rows = some_rows(tensor, std::min(count * rows_in_panel, tensor.ne[1] - row));
    rows.buffer = desk.buffer_.get();
    rows.data = to;
    ggml_backend_tensor_set(&rows,
                            part.rows + static_cast<std::size_t>(matrix) * tensor.nb[2] +
                                static_cast<std::size_t>(row) * tensor.nb[1],
                            0, ggml_nbytes(&rows));
    return count;
}

std::span<const std::byte> PanelImage::window(std::size_t number, Desk &desk) const {
    const std::size_t begin = number * PanelFile::window_bytes;
    const std::size_t end = begin + PanelFile::window_bytes;
    auto *here = static_cast<std::byte *>(ggml_backend_buffer_get_base(desk.buffer_.get())) + most_panel_bytes_;
    const auto behind =
        std::partition_point(parts_.begin(), parts_.end(), [begin](const Part &part) { return part.end() <= begin; });
    for (auto part = behind; part != parts_.end() && part->offset < end; ++part) {
        const std::size_t from = begin > part->offset ? (begin - part->offset) / part->panel_bytes : 0;
        const std::size_t to = (std::min(end, part->end()) - part->offset + part->panel_bytes - 1) / part->panel_bytes;
        for (auto panel = static_cast<std::int64_t>(from); panel < static_cast<std::int64_t>(to);) {
            const auto at =
                static_cast<std::ptrdiff_t>(part->offset + static_cast<std::size_t>(panel) * part->panel_bytes) -
                static_cast<std::ptrdiff_t>(begin);
            panel += lay_out(*part, panel, static_cast<std::int64_t>(to), here + at, desk);
        }
    }
    return {here, PanelFile::window_bytes};
}

bool PanelImage::agrees(Desk &desk) const {
    std::random_device random;
    auto *here = static_cast<std::byte *>(ggml_backend_buffer_get_base(desk.buffer_.get()));
    return std::all_of(parts_.begin(), parts_.end(), [&](const Part &part) {
        const std::int64_t panel = static_cast<std::int64_t>(random()) % (part.panels * part.matrices);
        lay_out(part, panel, panel + 1, here, desk);
        const std::byte *there =
            static_cast<const std::byte *>(memory_) + part.offset + static_cast<std::size_t>(panel) * part.panel_bytes;
        return std::memcmp(here, there, part.panel_bytes) == 0;
    });
}

void PanelImage::forget_rows() const {
    for (const Part &part : parts_) {
        forget_pages(const_cast<std::byte *>(part.rows), ggml_nbytes(part.tensor)); // nothing is written
    }
}

} // namespace llmodel::panels
