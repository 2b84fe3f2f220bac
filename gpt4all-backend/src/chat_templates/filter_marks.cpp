#include "chat_templates/filter_marks.h"

#include "json/utf8.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

namespace llmodel {

namespace {

/** A text, and for each byte of it whether that came from a request. */
struct MarkedText {
    std::string text;
    std::vector<bool> input;

    MarkedText() = default;
    explicit MarkedText(const jinja::string &string) {
        for (const jinja::string_part &part : string.parts) {
            jinja::spend(0, 2 * part.val.size() + 16);
            append(part.val, part.is_input);
        }
    }

    void append(std::string_view more, bool is_input) {
        text += more;
        input.insert(input.end(), more.size(), is_input);
    }
    void append(const MarkedText &from, size_t begin, size_t length) {
        text.append(from.text, begin, length);
        const auto first = from.input.begin() + static_cast<std::ptrdiff_t>(begin);
        input.insert(input.end(), first, first + static_cast<std::ptrdiff_t>(length));
    }

    bool any(size_t begin, size_t length) const {
        const auto first = input.begin() + static_cast<std::ptrdiff_t>(begin);
        return std::find(first, first + static_cast<std::ptrdiff_t>(length), true) !=
               first + static_cast<std::ptrdiff_t>(length);
    }

    jinja::string parts() const {
        jinja::string string;
        for (size_t begin = 0; begin < text.size();) {
            const auto first = input.begin() + static_cast<std::ptrdiff_t>(begin);
            const auto length = static_cast<size_t>(std::find(first, input.end(), !*first) - first);
            jinja::spend(sizeof(jinja::string_part) + length);
            string.parts.push_back({*first, text.substr(begin, length)});
            begin += length;
        }
        return string;
    }
};

bool is_string(const jinja::value &of) {
    return jinja::is_val<jinja::value_string>(of);
}

/** `of` with the marks of `marked`, if that is the same text; else marked as input altogether. */
void mark(const jinja::value &of, const MarkedText &marked) {
    if (marked.text == of->val_str.str()) {
        of->val_str = marked.parts();
    } else {
        of->val_str.mark_input();
    }
}

/** The pieces are parts of `whole`, one behind the other, with what separates them in between. */
void mark_pieces(const std::vector<jinja::value> &pieces, const MarkedText &whole, size_t delimiter) {
    size_t begin = 0;
    for (const jinja::value &piece : pieces) {
        const size_t length = piece->val_str.length();
        begin = std::min(delimiter == 0 ? whole.text.find(piece->val_str.str(), begin) : begin, whole.text.size());
        MarkedText marked;
        if (begin + length <= whole.text.size()) {
            marked.append(whole, begin, length);
        }
        mark(piece, marked);
        begin += length + delimiter;
    }
}

/** What stands in the place of a text that came from a request counts as such. */
MarkedText replace(const MarkedText &in, const std::string &what, const MarkedText &by) {
    MarkedText made;
    if (what.empty()) {
        return made;
    }
    size_t begin = 0;
    for (size_t found = jinja::find_text(in.text, what); found != std::string::npos;
         found = jinja::find_text(in.text, what, begin)) {
        jinja::spend(by.text.size());
        made.append(in, begin, found - begin);
        if (in.any(found, what.size())) {
            made.append(by.text, true);
        } else {
            made.append(by, 0, by.text.size());
        }
        begin = found + what.size();
    }
    made.append(in, begin, in.text.size() - begin);
    return made;
}

MarkedText join(const std::vector<jinja::value> &items, const jinja::value &delimiter, const jinja::value &attribute) {
    MarkedText made;
    for (size_t i = 0; i < items.size(); ++i) {
        jinja::value item = items[i];
        jinja::value missing = jinja::mk_val<jinja::value_undefined>();
        if (jinja::is_val<jinja::value_int>(attribute) && jinja::is_val<jinja::value_array>(item)) {
            item = item->at(attribute->as_int(), missing);
        } else if (is_string(attribute) && jinja::is_val<jinja::value_object>(item)) {
            item = item->at(attribute, missing);
        }
        const MarkedText text(item->is_undefined() ? jinja::string() : item->as_string());
        made.append(text, 0, text.text.size());
        if (i + 1 < items.size() && is_string(delimiter)) {
            const MarkedText between(delimiter->as_string());
            made.append(between, 0, between.text.size());
        }
    }
    return made;
}

/** A slice that goes forward by ones is found by its length and where it begins. */
MarkedText slice(const MarkedText &of, const jinja::func_args &args, size_t length) {
    MarkedText made;
    const bool by_ones = args.count() < 4 || args.get_pos(3)->as_int() == 1;
    if (args.count() < 3 || !by_ones) {
        return made;
    }
    const auto size = static_cast<int64_t>(count_code_points(of.text));
    int64_t begin = args.get_pos(1)->as_int();
    begin = std::clamp<int64_t>(begin < 0 ? begin + size : begin, 0, size);
    size_t first = 0;
    jinja::spend(0, of.text.size() + 8 * static_cast<size_t>(begin));
    for (int64_t i = 0; i < begin; ++i) {
        first += std::max<size_t>(1, code_point_length(std::string_view(of.text).substr(first)));
    }
    if (first + length <= of.text.size()) {
        made.append(of, first, length);
    }
    return made;
}

/** Indenting only adds to a text. */
MarkedText indent(const MarkedText &in, const std::string &indented) {
    MarkedText made;
    jinja::spend(0, 16 * indented.size());
    size_t taken = 0;
    for (const char byte : indented) {
        const bool own = taken < in.text.size() && in.text[taken] == byte;
        made.append(std::string_view(&byte, 1), own && in.input[taken]);
        taken += own ? 1 : 0;
    }
    return taken == in.text.size() ? made : MarkedText();
}

/** 0: white space of any length. */
size_t length_of_delimiter(const jinja::func_args &args) {
    const jinja::value delimiter = args.get_kwarg_or_pos("sep", 1);
    return is_string(delimiter) ? delimiter->val_str.length() : 0;
}

void mark_text_of_string(const std::string &name, const jinja::func_args &args, const jinja::value &result) {
    // keep the marks, or give an argument as it is
    static const std::set<std::string> exact = {"capitalize", "default", "lower", "lstrip", "rstrip",
                                                "safe",       "string",  "strip", "title",  "upper"};
    const jinja::value subject = args.get_pos(0);
    if (exact.contains(name) || !jinja::holds_input(*subject)) {
        if (name == "replace" && args.count() > 2 && jinja::holds_input(*args.get_pos(2))) {
            mark(result, replace(MarkedText(subject->val_str), args.get_pos(1)->val_str.str(),
                                 MarkedText(args.get_pos(2)->val_str)));
        }
        return;
    }
    if (subject->val_str.all_parts_are_input()) {
        result->val_str.mark_input();
        return;
    }
    const MarkedText in(subject->val_str);
    if (name == "replace") {
        mark(result, replace(in, args.get_pos(1)->val_str.str(), MarkedText(args.get_pos(2)->val_str)));
    } else if (name == "slice") {
        mark(result, slice(in, args, result->val_str.length()));
    } else if (name == "indent") {
        mark(result, indent(in, result->val_str.str()));
    } else {
        result->val_str.mark_input();
    }
}

} // namespace

jinja::value keep_marks(const std::string &name, const jinja::func_args &args, jinja::value result) {
    if (args.count() == 0) {
        return result;
    }
    const jinja::value subject = args.get_pos(0);
    if (name == "tojson") {
        if (jinja::holds_input(*subject)) {
            result->val_str.mark_input();
        }
    } else if (name == "join" && is_string(subject) && args.count() > 1 &&
               jinja::is_val<jinja::value_array>(args.get_pos(1))) { // of the text that is put between
        mark(result, join(args.get_pos(1)->as_array(), subject, jinja::mk_val<jinja::value_undefined>()));
    } else if (name == "printf") { // has marked what it took in
        return result;
    } else if (is_string(subject) && is_string(result)) {
        mark_text_of_string(name, args, result);
    } else if (is_string(subject) && (name == "split" || name == "rsplit" || name == "splitlines")) {
        mark_pieces(result->as_array(), MarkedText(subject->val_str), length_of_delimiter(args));
    } else if (name == "join" && jinja::is_val<jinja::value_array>(subject)) {
        mark(result, join(subject->as_array(), args.get_kwarg_or_pos("d", 1), args.get_kwarg_or_pos("attribute", 2)));
    } else if (name == "join" && jinja::holds_input(*subject)) { // of the names of fields
        result->val_str.mark_input();
    }
    return result;
}

} // namespace llmodel
