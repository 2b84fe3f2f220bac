// GELU (Hendrycks and Gimpel 2016, arXiv:1606.08415), to a few units of the last place of what it is added to. Only
// powers of 2 that are not above 1 are taken, so that nothing overflows.

#include "kernels/activations/gelu.h"

#include "kernels/simd.h"

#include <cstring>

namespace llmodel::kernels {

namespace {

/** 2^-x, for x from 0. Beyond 126 it is 0. */
Floats exp2_of_negative(Floats x) {
    return exp2_below(-larger(broadcast(0), x < 256.0F ? x : broadcast(256.0F)), Ints{});
}

/** By the error function's approximation 7.1.26 in Abramowitz and Stegun, 1.5e-7 off at most. */
Floats gelu_erf(Floats x) {
    const Floats size = larger(x, -x);
    const Floats t = 1.0F / multiply_add(size, broadcast(0.3275911F * 0.70710678F), broadcast(1.0F));
    Floats above = broadcast(0.5F * 1.061405429F);
    above = multiply_add(above, t, broadcast(0.5F * -1.453152027F));
    above = multiply_add(above, t, broadcast(0.5F * 1.421413741F));
    above = multiply_add(above, t, broadcast(0.5F * -0.284496736F));
    above = multiply_add(above, t, broadcast(0.5F * 0.254829592F));
    above = above * t * exp2_of_negative(size * size * 0.72134752F); // e^(-x²/2)
    return x > 0.0F ? multiply_add(-x, above, x) : x * above;
}

/** (1 + tanh z) / 2 is 1 / (1 + e^(-2z)). */
Floats gelu_tanh(Floats x) {
    const Floats power = x * multiply_add(x * x, broadcast(2.3022082F * 0.044715F), broadcast(2.3022082F));
    const Floats small = exp2_of_negative(larger(power, -power));
    return x * (power > 0.0F ? broadcast(1.0F) : small) / (1.0F + small);
}

/** The function of each of the numbers, times another where there are such. */
template<typename Function>
void apply(Function function, int count, float *to, const float *from, const float *times = nullptr) {
    int at = 0;
    for (; at + lanes <= count; at += lanes) {
        const Floats made = function(load(from + at));
        store(to + at, times ? made * load(times + at) : made);
    }
    if (at < count) {
        const auto size = static_cast<size_t>(count - at) * sizeof(float);
        Floats x{};
        Floats factor{};
        std::memcpy(&x, from + at, size);
        std::memcpy(&factor, times ? times + at : from + at, size);
        const Floats made = times ? function(x) * factor : function(x);
        std::memcpy(to + at, &made, size);
    }
}

} // namespace

} // namespace llmodel::kernels

using namespace llmodel::kernels;

void llmodel_gelu_erf(int count, float *to, const float *from) {
    apply(gelu_erf, count, to, from);
}

void llmodel_gelu_tanh(int count, float *to, const float *from) {
    apply(gelu_tanh, count, to, from);
}

void llmodel_geglu_tanh(int count, float *to, const float *from, const float *times) {
    apply(gelu_tanh, count, to, from, times);
}
