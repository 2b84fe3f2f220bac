#include "gguf/validation.h"
#include "llama-arch.h"

#include <cctype>
#include <map>
#include <set>
#include <stdexcept>

namespace llmodel::validation {

namespace {

/** What a tensor is used for, as far as its type matters. */
enum class Role {
    matrix,  /**< Multiplied with, or looked up in: any float or quantised type. */
    vector,  /**< Added, multiplied elementwise, or read by a special kernel: F32. */
    integer, /**< A table of indices. */
    free,    /**< Unused, or used in ways that take several types. */
};

Role role_of(llm_tensor tensor, ggml_op op) {
    switch (tensor) {
    case LLM_TENSOR_FFN_GATE_TID2EID:
    case LLM_TENSOR_D2T:
    case LLM_TENSOR_MASKED_EMBD_ORDERING:
        return Role::integer;
    case LLM_TENSOR_TOKEN_TYPES: // looked up as a view and added
        return Role::vector;
    default:
        break;
    }
    switch (op) {
    case GGML_OP_MUL_MAT:
    case GGML_OP_MUL_MAT_ID:
    case GGML_OP_GET_ROWS:
        return Role::matrix;
    case GGML_OP_ADD:
    case GGML_OP_ADD_ID:
    case GGML_OP_MUL:
    case GGML_OP_DIV:
    case GGML_OP_SCALE:
    case GGML_OP_ROPE:
    case GGML_OP_SSM_CONV:
    case GGML_OP_SSM_SCAN:
    case GGML_OP_RWKV_WKV6:
        return Role::vector;
    default:
        return Role::free;
    }
}

/** "blk.12.attn_q" becomes "blk.#.attn_q": the numbers of layers and experts do not matter here. */
std::string without_numbers(std::string_view name) {
    std::string result;
    while (!name.empty()) {
        const std::size_t end = std::min(name.find('.'), name.size());
        const std::string_view part = name.substr(0, end);
        const bool is_number =
            !part.empty() && part.find_first_not_of("0123456789") == std::string_view::npos && !result.empty();
        result += is_number ? std::string_view("#") : part;
        if (end < name.size()) {
            result += '.';
        }
        name.remove_prefix(std::min(end + 1, name.size()));
    }
    return result;
}

/** From llama.cpp's own tables, so that new architectures need nothing here. */
std::map<std::string, std::set<Role>> read_roles() {
    std::map<std::string, std::set<Role>> roles;
    const LLM_TN names(LLM_ARCH_LLAMA); // the names are the same for all architectures
    for (int i = 0; i <= static_cast<int>(LLM_TENSOR_DFLASH_SELECTOR_HIDDEN); ++i) {
        const auto tensor = static_cast<llm_tensor>(i);
        try {
            const ggml_op op = llm_tensor_info_for(tensor).op;
            roles[without_numbers(names(tensor, 0, 0).str())].insert(role_of(tensor, op));
        } catch (const std::out_of_range &) {
            continue; // a tensor that no architecture of this release loads
        }
    }
    return roles;
}

Role role_by_name(const std::string &name) {
    static const std::map<std::string, std::set<Role>> roles = read_roles();
    const std::size_t dot = name.rfind('.');
    const std::string_view suffix = dot == std::string::npos ? std::string_view() : std::string_view(name).substr(dot);
    if (suffix == ".bias" || suffix == ".scale" || suffix == ".input_scale") {
        return Role::vector;
    }
    const bool has_suffix = suffix == ".weight" || suffix == ".lora_a" || suffix == ".lora_b";
    const auto found = roles.find(without_numbers(has_suffix ? name.substr(0, dot) : name));
    if (found == roles.end() || found->second.size() != 1) {
        return Role::free;
    }
    return *found->second.begin();
}

} // namespace

bool is_matrix_type(ggml_type type) {
    if (type == GGML_TYPE_F32 || type == GGML_TYPE_F16 || type == GGML_TYPE_BF16) {
        return true;
    }
    // these two hold activations while they are being multiplied, never weights
    return ggml_is_quantized(type) && type != GGML_TYPE_Q8_1 && type != GGML_TYPE_Q8_K;
}

void check_tensor_types(const GgufFile &file) {
    for (const GgufTensor &tensor : file.tensors) {
        const char *expected = nullptr;
        switch (role_by_name(tensor.name)) {
        case Role::matrix:
            expected = is_matrix_type(tensor.type) ? nullptr : "a float or quantised type";
            break;
        case Role::vector:
            expected = tensor.type == GGML_TYPE_F32 ? nullptr : "F32";
            break;
        case Role::integer:
            expected = tensor.type == GGML_TYPE_I32 || tensor.type == GGML_TYPE_I64 ? nullptr : "an integer type";
            break;
        case Role::free:
            expected = is_matrix_type(tensor.type) || tensor.type == GGML_TYPE_I32 ? nullptr : "a type for weights";
            break;
        }
        if (expected != nullptr) {
            file.fail_tensor(LLMODEL_INVALID_MODEL, tensor,
                             std::string("is of type ") + ggml_type_name(tensor.type) + " but must be of " + expected);
        }
    }
}

} // namespace llmodel::validation
