// Weights that our kernels multiply: what is written into such a buffer is laid out in panels.

#include "kernels/products/buffer_type.h"

#include "ggml-backend-impl.h"
#include "ggml-cpu.h"
#include "kernels/products/format.h"
#include "kernels/products/integers.h"
#include "kernels/products/product.h"
#include "platform/large_pages.h"
#include "traits.h"

#include <algorithm>

#ifdef LLMODEL_HAS_PRODUCTS

using namespace llmodel::kernels::products;

namespace {

class Traits final : public ggml::cpu::tensor_traits {
    bool work_size(int n_threads, const ggml_tensor *op, size_t &size) override {
        size = llmodel::kernels::products::work_size(n_threads, op);
        return true;
    }
    bool compute_forward(ggml_compute_params *params, ggml_tensor *op) override {
        compute(params, op);
        return true;
    }
};

/** Whether these weights are laid out; others lie in the buffer as they are, and nothing is computed with them. */
const Format *format_in_buffer(const ggml_tensor *weights) {
    const Format *format = format_of(weights->type);
    const bool taken = format != nullptr && ggml_is_contiguous(weights) && weights->view_src == nullptr &&
                       weights->ne[0] % format->block_columns == 0 && weights->ne[3] == 1;
    return taken ? format : nullptr;
}

class BufferType final : public ggml::cpu::extra_buffer_type {
    bool supports_op(ggml_backend_dev_t, const ggml_tensor *op) override {
        if (!llmodel_is_product(op) || format_in_buffer(op->src[0]) == nullptr) {
            return false;
        }
        const ggml_tensor *inputs = op->src[1];
        if ((op->op == GGML_OP_MUL_MAT) != (op->src[0]->ne[2] == 1)) {
            return false;
        }
        return inputs->type == GGML_TYPE_F32 && inputs->nb[0] == sizeof(float) &&
               (inputs->buffer == nullptr || ggml_backend_buft_is_host(inputs->buffer->buft));
    }
    ggml::cpu::tensor_traits *get_tensor_traits(const ggml_tensor *op) override {
        static Traits traits;
        return llmodel_is_product(op) ? &traits : nullptr;
    }
};

void set_tensor(ggml_backend_buffer_t, ggml_tensor *tensor, const void *data, size_t offset, size_t size) {
    GGML_ASSERT(offset == 0 && size == ggml_nbytes(tensor));
    const Format *format = format_in_buffer(tensor);
    if (format == nullptr) {
        std::copy_n(static_cast<const char *>(data), size, static_cast<char *>(tensor->data));
        return;
    }
    const size_t matrix = format->matrix_bytes(tensor->ne[0], tensor->ne[1]);
    for (int64_t i = 0; i < tensor->ne[2]; ++i) {
        lay_out(*format, static_cast<const char *>(data) + static_cast<size_t>(i) * tensor->nb[2], tensor->ne[0],
                tensor->ne[1], static_cast<char *>(tensor->data) + static_cast<size_t>(i) * matrix);
    }
}

const char *name(ggml_backend_buffer_type_t) {
    return buffer_name;
}

void release(ggml_backend_buffer_t buffer) {
    llmodel::release_large_pages(buffer->context, buffer->size);
}

// over all of which the program may map a file of what was laid out before
ggml_backend_buffer_t allocate(ggml_backend_buffer_type_t type, size_t size) {
    // weights are read whole for each token: with small pages much of the time goes into finding them
    void *memory = llmodel::reserve_large_pages(size);
    if (memory == nullptr) {
        return nullptr;
    }
    ggml_backend_buffer_t buffer = ggml_backend_cpu_buffer_from_ptr(memory, size);
    buffer->buft = type;
    buffer->iface.free_buffer = release;
    buffer->iface.set_tensor = set_tensor;
    buffer->iface.get_tensor = nullptr;
    buffer->iface.cpy_tensor = nullptr;
    return buffer;
}

size_t alignment(ggml_backend_buffer_type_t) {
    return vector_bytes;
}

size_t allocated_size(ggml_backend_buffer_type_t, const ggml_tensor *tensor) {
    const Format *format = format_in_buffer(tensor);
    return format == nullptr ? ggml_nbytes(tensor)
                             : format->matrix_bytes(tensor->ne[0], tensor->ne[1]) * static_cast<size_t>(tensor->ne[2]);
}

} // namespace

ggml_backend_buffer_type_t llmodel_products_buffer_type() {
    static BufferType context;
    static ggml_backend_buffer_type type{
        .iface = {.get_name = name,
                  .alloc_buffer = allocate,
                  .get_alignment = alignment,
                  .get_max_size = nullptr,
                  .get_alloc_size = allocated_size,
                  .is_host = nullptr},
        .device = ggml_backend_reg_dev_get(ggml_backend_cpu_reg(), 0),
        .context = &context,
    };
    return &type;
}

bool llmodel_is_product(const ggml_tensor *op) {
    return (op->op == GGML_OP_MUL_MAT || op->op == GGML_OP_MUL_MAT_ID) && op->src[0]->buffer != nullptr &&
           op->src[0]->buffer->buft == llmodel_products_buffer_type();
}

#else

ggml_backend_buffer_type_t llmodel_products_buffer_type() {
    return nullptr;
}

bool llmodel_is_product(const ggml_tensor *) {
    return false;
}

#endif
