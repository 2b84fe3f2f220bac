#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace llmodel {

/** Which bytes of a text came from a request, rather than from a template. */
class InputSpans {
  public:
    /** A text that came from a request altogether. */
    static InputSpans all();

    /** The bytes from `begin` up to `end`. They come in order, and do not overlap. */
    void add(size_t begin, size_t end);

    /** Whether one of the bytes from `begin` up to `end` came from a request. */
    bool touch(size_t begin, size_t end) const;

  private:
    std::vector<std::pair<size_t, size_t>> spans_;
};

} // namespace llmodel
