#include "parse.h"

#include "json/long_numbers.h"
#include "utf8.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <limits>
#include <optional>
#include <unordered_set>
#include <utility>
#include <vector>

namespace llmodel {

namespace {

/** Where in the text something is, for people: both from 1, the column in code points. */
struct Place {
    size_t line;
    size_t column;
};

Place place_of(std::string_view text, size_t offset) {
    const std::string_view before = text.substr(0, offset);
    const size_t line_start = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
    return {1 + static_cast<size_t>(std::count(before.begin(), before.end(), '\n')),
            1 + count_code_points(before.substr(line_start))};
}

Error syntax_error(std::string_view what, std::string_view text, size_t offset, const std::string &reason) {
    const Place place = place_of(text, offset);
    return {LLMODEL_INVALID_ARGUMENT,
            std::string(what) + " is not valid JSON: " + reason + " at line " + std::to_string(place.line) +
                ", column " + std::to_string(place.column) + ".",
            {{"line", place.line}, {"column", place.column}, {"offset", offset}}};
}

/** Hands the text to the parser and keeps count of how far it has read. */
class Cursor {
  public:
    using iterator_category = std::input_iterator_tag;
    using value_type = char;
    using difference_type = std::ptrdiff_t;
    using pointer = const char *;
    using reference = const char &;

    Cursor(const char *at, const char **read) : at_(at), read_(read) {}
    reference operator*() const { return *at_; }
    Cursor &operator++() {
        *read_ = ++at_;
        return *this;
    }
    Cursor operator++(int) {
        const Cursor old = *this;
        ++*this;
        return old;
    }
    bool operator==(const Cursor &other) const { return at_ == other.at_; }
    bool operator!=(const Cursor &other) const { return at_ != other.at_; }

  private:
    const char *at_;
    const char **read_;
};

/** nlohmann's sentence without its own prefix and without the rejected text, which may be long and half a character. */
std::string reason_of(const std::string &message) {
    size_t begin = message.rfind(": syntax error");
    begin = begin == std::string::npos ? message.find("] ") : begin;
    std::string reason = begin == std::string::npos ? message : message.substr(begin + 2);
    if (const size_t end = reason.find("; last read: "); end != std::string::npos) {
        reason.resize(end);
    }
    if (const size_t dash = reason.find(" - "); dash != std::string::npos) {
        reason.erase(0, dash + 3);
    }
    return reason;
}

class Builder final : public nlohmann::json_sax<json> {
  public:
    Builder(LongNumbers numbers, EndlessNumbers endless) : numbers_(numbers), endless_(std::move(endless)) {}

    bool null() override { return add(nullptr) != nullptr; }
    bool boolean(bool value) override { return add(value) != nullptr; }
    bool number_integer(number_integer_t value) override { return add_number(value); }
    bool number_unsigned(number_unsigned_t value) override { return add_number(value); }
    bool number_float(number_float_t value, const string_t &text) override {
        if (numbers_ == LongNumbers::exact && !is_short(text)) {
            return add_number(as_binary(text));
        }
        return marks_ && is_rounded(text) ? add(std::string(number_mark) + text) != nullptr : add_number(value);
    }
    bool string(string_t &value) override { return add(std::move(value)) != nullptr; }
    bool binary(binary_t &) override { return fail("binary data"); }

    bool start_object(std::size_t) override { return open(json::object()); }
    bool start_array(std::size_t) override { return open(json::array()); }
    bool end_object() override { return close(); }
    bool end_array() override { return close(); }

    bool key(string_t &name) override {
        Level &level = open_.back();
        auto &members = level.value->get_ref<json::object_t &>();
        if (has_key(level, members, name)) {
            if (numbers_ == LongNumbers::exact) { // an answer, of which other readers take the last one
                level.member = &members.find(name)->second;
                return true;
            }
            return fail("the key " + quote(name) + " occurs twice");
        }
        if (open_.size() == 1 && numbers_ == LongNumbers::marked_for_templates) {
            marks_ = name == "messages" || name == "tools" || name == "chat_template_kwargs";
        }
        members.emplace_back(std::move(name), nullptr);
        level.member = &members.back().second;
        return true;
    }

    bool parse_error(std::size_t, const std::string &, const nlohmann::detail::exception &error) override {
        return fail(reason_of(error.what()));
    }

    json root;
    std::string failure;

  private:
    static constexpr size_t few_keys = 16;

    struct Level {
        json *value;
        json *member = nullptr; // where the value of the last key goes
        std::optional<std::unordered_set<std::string>> keys;
    };

    /** Whether it is certain that a double holds the number: by its digits, and those of its exponent. */
    static bool is_short(const string_t &text) {
        constexpr size_t short_exponent = 2;
        const size_t digits = std::min(text.find_first_of("eE"), text.size());
        const size_t exponent = std::min(text.find_first_of("123456789", digits), text.size());
        return digits <= std::numeric_limits<double>::digits10 && text.size() - exponent <= short_exponent;
    }

    static json as_binary(const std::string &number) { return json::binary({number.begin(), number.end()}); }

    template<typename Number> bool add_number(Number &&number) {
        const auto endless = endless_.find(numbers_read_++);
        return endless == endless_.end() ? add(std::forward<Number>(number)) != nullptr
                                         : add(as_binary(endless->second)) != nullptr;
    }

    bool fail(std::string reason) {
        failure = std::move(reason);
        return false;
    }

    /** An object that keeps its keys' order searches from end to end, which is quadratic for the many keys of a hostile
     * object. */
    static bool has_key(Level &level, const json::object_t &members, const string_t &name) {
        if (members.size() < few_keys) {
            return members.find(name) != members.end();
        }
        if (!level.keys) {
            level.keys.emplace();
            for (const auto &member : members) {
                level.keys->insert(member.first);
            }
        }
        return !level.keys->insert(name).second;
    }

    template<typename Value> json *add(Value &&value) {
        if (++values_ > max_json_values) {
            fail("more than " + std::to_string(max_json_values) + " values");
            return nullptr;
        }
        if (open_.empty()) {
            root = json(std::forward<Value>(value));
            return &root;
        }
        Level &level = open_.back();
        if (level.value->is_array()) {
            auto &items = level.value->get_ref<json::array_t &>();
            items.emplace_back(std::forward<Value>(value));
            return &items.back();
        }
        *level.member = json(std::forward<Value>(value));
        return level.member;
    }

    bool open(json container) {
        const size_t deepest = numbers_ == LongNumbers::exact ? max_answer_depth : max_json_depth;
        if (open_.size() == deepest) {
            return fail("nesting deeper than " + std::to_string(deepest) + " levels");
        }
        json *added = add(std::move(container));
        if (added == nullptr) {
            return false;
        }
        open_.push_back({added, nullptr, std::nullopt});
        return true;
    }

    bool close() {
        open_.pop_back();
        return true;
    }

    LongNumbers numbers_;
    EndlessNumbers endless_;
    size_t numbers_read_ = 0;
    bool marks_ = false;
    std::vector<Level> open_;
    size_t values_ = 0;
};

} // namespace

json parse_json(const char *text, std::string_view what, Missing missing, LongNumbers numbers) {
    const size_t size = text == nullptr ? 0 : strnlen(text, max_json_bytes + 1);
    const std::string_view view(text == nullptr ? "" : text, size);
    if (view.find_first_not_of(" \t\r\n") == std::string_view::npos) {
        if (missing == Missing::empty_object) {
            return json::object();
        }
        throw Error(LLMODEL_INVALID_ARGUMENT, std::string(what) + " is missing; it must be a JSON object.");
    }
    if (size > max_json_bytes) {
        throw Error(LLMODEL_INVALID_ARGUMENT,
                    std::string(what) + " is longer than " + std::to_string(max_json_bytes) + " bytes.");
    }
    if (const size_t bad = first_invalid_utf8(view); bad != std::string_view::npos) {
        throw Error(LLMODEL_INVALID_ARGUMENT,
                    std::string(what) + " is not valid UTF-8 at byte offset " + std::to_string(bad) + ".",
                    {{"offset", bad}});
    }
    EndlessNumbers endless;
    const std::string finite = numbers == LongNumbers::exact ? without_endless(std::string(view), endless) : "";
    const char *begin = numbers == LongNumbers::exact ? finite.data() : view.data();
    const char *read = begin;
    Builder builder(numbers, std::move(endless));
    if (!json::sax_parse(Cursor(begin, &read), Cursor(begin + size, &read), &builder)) {
        const auto consumed = static_cast<size_t>(read - begin);
        throw syntax_error(what, view, consumed == 0 ? 0 : consumed - 1, builder.failure);
    }
    return std::move(builder.root);
}

std::string dump_json(const json &value) {
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

} // namespace llmodel
