#pragma once

#include "tokens/input_spans.h"

#include <string>
#include <string_view>
#include <vector>

namespace llmodel {

/** While one lives, what chat templates render on this thread is kept, with the marks that llama.cpp's Jinja engine
 *  puts at strings that came from a request. */
class RenderedInput {
  public:
    RenderedInput();
    ~RenderedInput();
    RenderedInput(const RenderedInput &) = delete;
    RenderedInput &operator=(const RenderedInput &) = delete;

    /** Which bytes of `prompt` came from a request. llama.cpp has made it of one of the texts rendered by putting
     *  something behind it, or something else in the place of a part, which both count as the template's. */
    InputSpans spans_of(std::string_view prompt) const;

    struct Text {
        std::string text;
        std::vector<std::pair<size_t, size_t>> input;
    };
    void keep(Text text) { texts_.push_back(std::move(text)); }

  private:
    std::vector<Text> texts_;
    RenderedInput *outer_;
};

} // namespace llmodel
