#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace llmodel::legacy {

/** The code point that GPT-2 writes for a byte in its vocabulary: the printable characters of Latin-1 stand for
 *  themselves, and all others follow from U+0100 on (Radford et al. 2019, bytes_to_unicode() of their encoder). */
char32_t code_point_of_byte(std::uint8_t byte);

/** Bytes as GPT-2 writes them. */
std::string to_byte_characters(std::string_view bytes);

/** The reverse; false if `text` has a character that stands for no byte, or is not UTF-8. */
bool from_byte_characters(std::string_view text, std::string &bytes);

/**
 * The merges of a byte-pair vocabulary, from nothing but the bytes of its tokens: ids are given in the order in which
 * merges are learned, so byte-pair encoding by the tokens before it leaves exactly two parts of each token, which are
 * its merge. Tokens that leave another number of parts (added tokens, damaged ones) have none.
 *
 * `tokens` are in order of their ids; an empty one takes no part. Returns the ids of the parts, in the merges' order.
 * Time grows with the sum of the lengths, times its logarithm, whatever the tokens are.
 */
std::vector<std::pair<std::uint32_t, std::uint32_t>> recover_merges(const std::vector<std::string_view> &tokens);

} // namespace llmodel::legacy
