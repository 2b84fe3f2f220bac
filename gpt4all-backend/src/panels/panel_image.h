#pragma once

#include "ggml-backend.h"
#include "ggml-cpp.h"
#include "llama-model-loader.h"
#include "panels/panel_file.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace llmodel::panels {

/** What a buffer of our kernels has in memory once a model's weights are laid out in it (src/kernels/products), made
 *  window by window, in any order and by several threads. */
class PanelImage {
  public:
    /** Nothing if it is a buffer of another kind, or has not these weights alone. */
    static std::optional<PanelImage> of(const std::vector<llama_arranged_tensor> &tensors);

    void *memory() const { return memory_; }
    /** Whole windows. */
    std::size_t size() const { return windows() * PanelFile::window_bytes; }
    std::size_t windows() const;
    /** What the memory has of a window. */
    std::span<std::byte> shown(std::size_t window) const;

    /** Where a thread lays out its window. */
    class Desk {
      public:
        explicit Desk(const PanelImage &image);

      private:
        friend class PanelImage;
        ggml_backend_buffer_ptr buffer_;
    };

    /** The bytes of a window; they are the desk's. */
    std::span<const std::byte> window(std::size_t number, Desk &desk) const;

    /** Whether the memory has, of each tensor, a few rows that are chosen at random as they are laid out. */
    bool agrees(Desk &desk) const;

    /** Has the process hold no more of the rows that weights were laid out from. */
    void forget_rows() const;

  private:
    /** A tensor is a row of panels. */
    struct Part {
        const ggml_tensor *tensor;
        const std::byte *rows; // as the file has them
        std::size_t offset;    // in the image
        std::size_t panel_bytes;
        std::int64_t panels; // of one matrix
        std::int64_t matrices;

        std::size_t end() const { return offset + panel_bytes * static_cast<std::size_t>(panels * matrices); }
    };

    PanelImage(ggml_backend_buffer_t buffer, std::size_t size);
    bool add(const llama_arranged_tensor &tensor);
    /** So many panels as can be laid out at once, from one on; returns how many. */
    std::int64_t lay_out(const Part &part, std::int64_t first, std::int64_t end, std::byte *to, Desk &desk) const;

    ggml_backend_buffer_type_t type_;
    void *memory_;
    std::size_t bytes_;
    std::size_t most_panel_bytes_ = 0;
    std::vector<Part> parts_; // in the order in which they lie there
};

} // namespace llmodel::panels
