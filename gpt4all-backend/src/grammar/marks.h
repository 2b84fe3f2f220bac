#pragma once

#include <cstdint>

namespace llmodel {

/**
 * Marks in a grammar's rules, written as tokens that no vocabulary has, <[NUMBER]>: between them are the items of an
 * array that must be different. A grammar of a fixed size cannot compare what is written; with the marks, each way to
 * read the text that llama.cpp follows carries along which items it has read.
 */
namespace mark {
inline constexpr uint32_t first = 0xFFFFFF00;
inline constexpr uint32_t array = first;     // behind it, in the rule, a single reference: to what is left of the array
inline constexpr uint32_t begin = first + 1; // of an item, a single reference again
inline constexpr uint32_t end = first + 2;
inline constexpr uint32_t known = first + 3; // not for rules: what stacks of the grammar carry
} // namespace mark

/** Lets marks in grammars have their effect, from now on. */
void follow_marks();

} // namespace llmodel
