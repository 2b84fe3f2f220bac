#pragma once

/** Bytes for a nanosecond that all threads read together, from memory that no cache holds. */
double read_bandwidth(int threads);

/** Products of 8 bits for a nanosecond that all threads add up together when they do nothing else; 0 if unknown. */
double peak_products(int threads);
