#pragma once

#include "document.h"

#include <cstdint>

namespace llmodel::json_schema {

/** Sets of types: a number is an integer or has a fraction. */
namespace type {
inline constexpr uint8_t null = 1;
inline constexpr uint8_t boolean = 2;
inline constexpr uint8_t integer = 4;
inline constexpr uint8_t fraction = 8;
inline constexpr uint8_t number = integer | fraction;
inline constexpr uint8_t string = 16;
inline constexpr uint8_t array = 32;
inline constexpr uint8_t object = 64;
inline constexpr uint8_t any = 127;
} // namespace type

/** The types that "type" names, with "nullable" beside it. */
uint8_t types_of(const Schema &schema);

/** The types that a schema's keywords say something of, if it says nothing of types itself. */
uint8_t types_meant(const Schema &schema);

/** Refuses a schema with a keyword whose value is of the wrong form, or that is probably misspelt. */
void check_keywords(const Schema &schema);

/** Refuses a schema with a keyword that a grammar cannot say. */
void check_sayable(const Schema &schema);

/** A keyword's value as a count, which check_keywords() has seen. */
size_t count_of(const json &value);

} // namespace llmodel::json_schema
