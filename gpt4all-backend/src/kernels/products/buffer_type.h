#pragma once

#include "ggml-backend.h"

/** The buffer type for weights that our kernels multiply; null if they know nothing faster for this processor. */
ggml_backend_buffer_type_t llmodel_products_buffer_type();

/** Whether an operation is a product with weights in such a buffer. */
bool llmodel_is_product(const ggml_tensor *op);
