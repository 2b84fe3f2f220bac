#pragma once

/** Bytes for a nanosecond that all threads read together, from memory that no cache holds. */
double read_bandwidth(int threads);

/** Products of 8 bits for a nanosecond that all threads add up together when they do nothing else, with vectors; 0 if
 * unknown. */
double peak_products(int threads);

/** Products of single precision for a nanosecond that all threads add up together when they do nothing else. */
double peak_multiply_adds(int threads);

/** As peak_products() with tiles of AMX; 0 if this is compiled for a processor without, or the system refuses them. */
double peak_tile_products(int threads);
