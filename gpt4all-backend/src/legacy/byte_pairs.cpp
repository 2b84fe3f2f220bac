#include "legacy/byte_pairs.h"

#include <array>
#include <functional>
#include <limits>
#include <optional>
#include <queue>
#include <unordered_map>

namespace llmodel::legacy {

namespace {

bool stands_for_itself(std::uint32_t byte) {
    return (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte <= 0xAC) || (byte >= 0xAE && byte <= 0xFF);
}

constexpr char32_t first_stand_in = 0x100;
constexpr std::size_t stand_ins = 256 - (0x7E - 0x21 + 1) - (0xAC - 0xA1 + 1) - (0xFF - 0xAE + 1);

struct Tables {
    std::array<char32_t, 256> characters{};
    std::array<std::uint8_t, stand_ins> bytes{}; // of the stand-ins, in their order

    Tables() {
        std::size_t next = 0;
        for (std::uint32_t byte = 0; byte < 256; ++byte) {
            if (stands_for_itself(byte)) {
                characters[byte] = byte;
            } else {
                bytes[next] = static_cast<std::uint8_t>(byte);
                characters[byte] = first_stand_in + static_cast<char32_t>(next++);
            }
        }
    }
};

const Tables &tables() {
    static const Tables instance;
    return instance;
}

constexpr std::uint32_t none = std::numeric_limits<std::uint32_t>::max();

/** A token while it is being encoded: its parts are a linked list over its bytes. */
class Encoder {
  public:
    using Merges = std::unordered_map<std::uint64_t, std::uint32_t>; // from a pair of parts to their token

    static std::uint64_t key(std::uint32_t left, std::uint32_t right) { return std::uint64_t{left} << 32 | right; }

    explicit Encoder(const Merges &merges) : merges_(merges) {}

    /** The two parts that are left of `token`, if there are two. */
    std::optional<std::pair<std::uint32_t, std::uint32_t>> run(std::string_view token,
                                                               const std::array<std::uint32_t, 256> &ids) {
        parts_.clear();
        for (std::size_t i = 0; i < token.size(); ++i) {
            const std::uint32_t id = ids[static_cast<std::uint8_t>(token[i])];
            if (id == none) {
                return std::nullopt; // a byte that the vocabulary does not have
            }
            const auto at = static_cast<std::uint32_t>(i);
            parts_.push_back({id, at == 0 ? none : at - 1, i + 1 < token.size() ? at + 1 : none});
        }
        candidates_ = {};
        for (std::uint32_t i = 0; i + 1 < parts_.size(); ++i) {
            consider(i);
        }
        std::size_t left = parts_.size();
        while (left > 2 && !candidates_.empty()) {
            const auto [token_id, at] = candidates_.top();
            candidates_.pop();
            left -= merge(token_id, at) ? 1 : 0;
        }
        if (left != 2) {
            return std::nullopt;
        }
        return std::pair(parts_[0].id, parts_[parts_[0].next].id);
    }

  private:
    struct Part {
        std::uint32_t id; // none once it has become part of the one before
        std::uint32_t previous;
        std::uint32_t next;
    };

    void consider(std::uint32_t at) {
        const std::uint32_t next = parts_[at].next;
        if (next == none) {
            return;
        }
        const auto found = merges_.find(key(parts_[at].id, parts_[next].id));
        if (found != merges_.end()) {
            candidates_.emplace(found->second, at); // ties go to the left
        }
    }

    bool merge(std::uint32_t token, std::uint32_t at) {
        Part &part = parts_[at];
        if (part.id == none || part.next == none) {
            return false;
        }
        Part &next = parts_[part.next];
        const auto found = merges_.find(key(part.id, next.id));
        if (found == merges_.end() || found->second != token) {
            return false; // its parts have been merged otherwise meanwhile
        }
        part.id = token;
        part.next = next.next;
        next.id = none;
        if (part.next != none) {
            parts_[part.next].previous = at;
        }
        consider(at);
        if (part.previous != none) {
            consider(part.previous);
        }
        return true;
    }

    using Candidate = std::pair<std::uint32_t, std::uint32_t>; // the token that it becomes, where

    const Merges &merges_;
    std::vector<Part> parts_;
    std::priority_queue<Candidate, std::vector<Candidate>, std::greater<>> candidates_;
};

} // namespace

char32_t code_point_of_byte(std::uint8_t byte) {
    return tables().characters[byte];
}

std::string to_byte_characters(std::string_view bytes) {
    std::string text;
    text.reserve(bytes.size() * 2);
    for (const char c : bytes) {
        const char32_t character = code_point_of_byte(static_cast<std::uint8_t>(c));
        if (character < 0x80) {
            text += static_cast<char>(character);
        } else { // all are below U+0800
            text += static_cast<char>(0xC0 | (character >> 6));
            text += static_cast<char>(0x80 | (character & 0x3F));
        }
    }
    return text;
}

bool from_byte_characters(std::string_view text, std::string &bytes) {
    bytes.clear();
    for (std::size_t i = 0; i < text.size(); ++i) {
        auto character = static_cast<std::uint32_t>(static_cast<std::uint8_t>(text[i]));
        if (character >= 0x80) {
            const bool is_pair = (character & 0xE0) == 0xC0 && i + 1 < text.size() &&
                                 (static_cast<std::uint8_t>(text[i + 1]) & 0xC0) == 0x80;
            if (!is_pair) {
                return false;
            }
            character = (character & 0x1F) << 6 | (static_cast<std::uint8_t>(text[++i]) & 0x3F);
        }
        if (character >= first_stand_in && character - first_stand_in < stand_ins) {
            bytes += static_cast<char>(tables().bytes[character - first_stand_in]);
        } else if (character < first_stand_in && stands_for_itself(character)) {
            bytes += static_cast<char>(character);
        } else {
            return false;
        }
    }
    return true;
}

std::vector<std::pair<std::uint32_t, std::uint32_t>> recover_merges(const std::vector<std::string_view> &tokens) {
    std::array<std::uint32_t, 256> ids{};
    ids.fill(none);
    for (std::uint32_t id = 0; id < tokens.size(); ++id) {
        if (tokens[id].size() == 1) {
            std::uint32_t &known = ids[static_cast<std::uint8_t>(tokens[id][0])];
            known = known == none ? id : known;
        }
    }
    std::vector<std::pair<std::uint32_t, std::uint32_t>> result;
    Encoder::Merges merges;
    Encoder encoder(merges);
    for (std::uint32_t id = 0; id < tokens.size(); ++id) {
        if (tokens[id].size() < 2) {
            continue;
        }
        if (const auto parts = encoder.run(tokens[id], ids); parts) {
            if (merges.emplace(Encoder::key(parts->first, parts->second), id).second) {
                result.push_back(*parts);
            }
        }
    }
    return result;
}

} // namespace llmodel::legacy
