#pragma once

#include <cstddef>
#include <string_view>

namespace llmodel {

/** While one lives, Jinja templates run on this thread within limits of steps, of text made and of stack, and are
 *  stopped by an exception at the first that is passed. */
class TemplateGuard {
  public:
    /** `input_bytes`: the size of what is rendered; how much text may be made is in proportion to it. */
    explicit TemplateGuard(size_t input_bytes);
    ~TemplateGuard();
    TemplateGuard(const TemplateGuard &) = delete;
    TemplateGuard &operator=(const TemplateGuard &) = delete;
};

/** Throws Error(LLMODEL_TEMPLATE_ERROR) for a template too large to be parsed safely. `origin` names it. */
void check_template_size(std::string_view source, std::string_view origin);

} // namespace llmodel
