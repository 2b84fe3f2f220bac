// Sizes of blocks: those of llama.cpp's and ggml's releases of March to June 2023. Layout a ended with llama.cpp's pull
// request 1405 (2023-05-11), layout b with 1508 (2023-05-19).

#include "legacy/element_type.h"

namespace llmodel::legacy {

namespace {

std::optional<ElementType> of_ggml(std::uint32_t id, Layout layout) {
    if (id >= GGML_TYPE_COUNT || id == type_q4_2 || id == type_q4_3) {
        return std::nullopt;
    }
    const auto type = static_cast<ggml_type>(id);
    const std::int64_t block = ggml_blck_size(type);
    if (block <= 0 || ggml_type_size(type) == 0) { // given up by ggml
        return std::nullopt;
    }
    return ElementType{id, layout, block, ggml_type_size(type)};
}

} // namespace

std::optional<ElementType> element_type(std::uint32_t id, Layout layout) {
    if (layout == Layout::c) {
        return of_ggml(id, layout);
    }
    switch (id) {
    case GGML_TYPE_F32:
    case GGML_TYPE_F16:
    case GGML_TYPE_Q5_0:
    case GGML_TYPE_Q5_1:
        return of_ggml(id, layout);
    case GGML_TYPE_Q4_0:
        return ElementType{id, layout, 32, 4 + 16};
    case GGML_TYPE_Q4_1:
        return ElementType{id, layout, 32, 4 + 4 + 16};
    case GGML_TYPE_Q8_0:
        return ElementType{id, layout, 32, 4 + 32};
    case type_q4_2:
        return layout == Layout::a ? std::optional(ElementType{id, layout, 16, 2 + 8}) : std::nullopt;
    case type_q4_3:
        return layout == Layout::a ? std::optional(ElementType{id, layout, 16, 2 + 2 + 8}) : std::nullopt;
    default:
        return std::nullopt;
    }
}

bool ElementType::is_current() const {
    if (layout == Layout::c || id == GGML_TYPE_F32 || id == GGML_TYPE_F16) {
        return true;
    }
    return layout == Layout::b && (id == GGML_TYPE_Q5_0 || id == GGML_TYPE_Q5_1);
}

const char *ElementType::name() const {
    switch (id) {
    case type_q4_2:
        return "Q4_2";
    case type_q4_3:
        return "Q4_3";
    case GGML_TYPE_F32:
        return "F32";
    case GGML_TYPE_F16:
        return "F16";
    case GGML_TYPE_Q4_0:
        return "Q4_0";
    case GGML_TYPE_Q4_1:
        return "Q4_1";
    case GGML_TYPE_Q5_0:
        return "Q5_0";
    case GGML_TYPE_Q5_1:
        return "Q5_1";
    case GGML_TYPE_Q8_0:
        return "Q8_0";
    default:
        return ggml_type_name(static_cast<ggml_type>(id));
    }
}

} // namespace llmodel::legacy
