#pragma once

// GELU and its approximation by tanh in single precision, which a patch of llama.cpp calls in place of its own.

#ifdef __cplusplus
extern "C" {
#endif

/** x times the share of the normal distribution that is below it, for each of the numbers. */
void llmodel_gelu_erf(int count, float *to, const float *from);

/** The approximation by tanh. */
void llmodel_gelu_tanh(int count, float *to, const float *from);

/** The approximation by tanh, times a second number. */
void llmodel_geglu_tanh(int count, float *to, const float *from, const float *times);

#ifdef __cplusplus
}
#endif
