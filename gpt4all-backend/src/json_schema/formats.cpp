#include "formats.h"

#include <functional>
#include <map>

namespace llmodel::json_schema {

namespace {

std::string whole(const std::string &inside) {
    return "^(?:" + inside + ")$";
}

// RFC 3339, with the days that each month has, and years from 0001, which is where Python's begin.
std::string date() {
    const std::string leap = "(?:(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26]))|(?:0[48]|[2468][048]|[13579][26])00)";
    const std::string year = "(?:000[1-9]|00[1-9][0-9]|0[1-9][0-9]{2}|[1-9][0-9]{3})";
    return "(?:" + year +
           "-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
           "|02-(?:0[1-9]|1[0-9]|2[0-8]))|" +
           leap + "-02-29)";
}

// Milliseconds or microseconds, which all readers know. No leap seconds, which few do.
std::string time() {
    const std::string hour_minute = "(?:[01][0-9]|2[0-3]):[0-5][0-9]";
    return hour_minute + ":[0-5][0-9](?:\\.[0-9]{3}(?:[0-9]{3})?)?(?:Z|[+-]" + hour_minute + ")";
}

// ISO 8601 as RFC 3339's appendix A has it: no unit is left out between others. Larger numbers are more than readers
// take.
std::string duration() {
    const std::string n = "[0-9]{1,4}";
    const std::string seconds = n + "S";
    const std::string minutes = n + "M(?:" + seconds + ")?";
    const std::string clock = "T(?:" + n + "H(?:" + minutes + ")?|" + minutes + "|" + seconds + ")";
    const std::string days = n + "D";
    const std::string months = n + "M(?:" + days + ")?";
    const std::string date = "(?:" + n + "Y(?:" + months + ")?|" + months + "|" + days + ")";
    return "P(?:" + date + "(?:" + clock + ")?|" + clock + "|" + n + "W)";
}

// Labels of up to 25 letters and digits, few enough of them that no name is longer than a resolver takes. Where the
// text is counted anyway it takes fewer states not to count the labels, too.
std::string domain(size_t most, bool counted) {
    const std::string label = "[A-Za-z0-9](?:-?[A-Za-z0-9]){0,24}";
    const std::string labels = counted ? "+" : "{1," + std::to_string(most) + "}";
    return "(?:" + label + "\\.)" + labels + "[A-Za-z]{2,24}";
}

std::string hostname(bool counted) {
    return "(?:" + domain(4, counted) + "|[A-Za-z](?:-?[A-Za-z0-9]){0,24})";
}

// At most 254 characters, as RFC 5321 has it
std::string email(bool counted) {
    const std::string atom = "[A-Za-z0-9_+-]{1,31}";
    return atom + "(?:\\." + atom + ")?@" + domain(3, counted);
}

std::string ipv4() {
    const std::string byte = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])";
    return byte + "(?:\\." + byte + "){3}";
}

// RFC 4291, without an IPv4 address at its end
std::string ipv6() {
    const std::string group = "[0-9A-Fa-f]{1,4}";
    std::string text = "(?:" + group + ":){7}" + group;
    for (int before = 0; before <= 7; ++before) { // groups before the "::", and at most so many after it
        const int after = 7 - before;
        text += "|";
        if (before > 0) {
            text.append(group).append("(?::").append(group).append("){").append(std::to_string(before - 1)).append("}");
        }
        text += "::";
        if (after > 0) {
            text += "(?:" + group + (after > 1 ? "(?::" + group + "){0," + std::to_string(after - 1) + "}" : "") + ")?";
        }
    }
    return text;
}

std::string uuid() {
    const std::string hex = "[0-9A-Fa-f]";
    return hex + "{8}(?:-" + hex + "{4}){3}-" + hex + "{12}";
}

// RFC 3986; an authority is a name or an IPv4 address with a port.
std::string uri(bool absolute) {
    const std::string character = "(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})";
    const std::string authority = "//(?:[A-Za-z0-9._~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+(?::[0-9]{1,5})?";
    const std::string tail = "(?:\\?(?:" + character + "|[/?])*)?(?:#(?:" + character + "|[/?])*)?";
    const std::string segments = "(?:/" + character + "*)*";
    const std::string rooted = authority + segments + "|/(?:" + character + "+" + segments + ")?";
    const std::string scheme = "[A-Za-z][A-Za-z0-9+.-]*:";
    std::string full = scheme + "(?:" + rooted + "|" + character + "+" + segments + ")" + tail;
    if (absolute) {
        return full;
    }
    const std::string first = "(?:[A-Za-z0-9._~!$&'()*+,;=@-]|%[0-9A-Fa-f]{2})+"; // without a colon
    return full + "|(?:" + rooted + "|(?:" + first + segments + ")?)" + tail;
}

// What ECMA-262 and others read alike: classes, groups one within no other, repetitions.
std::string regex() {
    const std::string member = R"((?:a-z|A-Z|0-9|[A-Za-z0-9_ .+*:,;/]|\\[dws.+*?^$(){}|\[\]\\-]))";
    const std::string atom =
        R"((?:[A-Za-z0-9 _:,;<>=@!#%&'"~/-]|\.|\\[dDwWsS.+*?^$(){}|\[\]\\]|\[\^?)" + member + R"(+\]))";
    const std::string times = R"((?:[*+?]|\{[1-9][0-9]?,?\})?)";
    const std::string sequence = "(?:" + atom + times + ")";
    const std::string group = R"(\((?:\?:)?)" + sequence + R"(+(?:\|)" + sequence + R"(+)*\))" + times;
    const std::string either = "(?:" + sequence + "|" + group + ")+";
    return R"(\^?)" + either + R"((?:\|)" + either + R"()*\$?)";
}

} // namespace

std::string format_pattern(std::string_view format, std::optional<size_t> most) {
    static const std::map<std::string_view, std::function<std::string()>> patterns = {
        {"date", date},
        {"time", time},
        {"date-time", [] { return date() + "T" + time(); }},
        {"duration", duration},
        {"email", [] { return email(false); }},
        {"idn-email", [] { return email(false); }},
        {"hostname", [] { return hostname(false); }},
        {"idn-hostname", [] { return hostname(false); }},
        {"ipv4", ipv4},
        {"ipv6", ipv6},
        {"uuid", uuid},
        {"uuid1", uuid},
        {"uuid3", uuid},
        {"uuid4", uuid},
        {"uuid5", uuid},
        {"uri", [] { return uri(true); }},
        {"iri", [] { return uri(true); }},
        {"uri-reference", [] { return uri(false); }},
        {"iri-reference", [] { return uri(false); }},
        {"regex", regex},
        {"json-pointer", [] { return std::string("(?:/(?:[^~/]|~[01])*)*"); }},
        {"relative-json-pointer", [] { return std::string("(?:0|[1-9][0-9]{0,8})(?:#|(?:/(?:[^~/]|~[01])*)*)"); }},
    };
    static const std::map<std::string_view, std::function<std::string()>> short_patterns = {
        {"email", [] { return email(true); }},
        {"idn-email", [] { return email(true); }},
        {"hostname", [] { return hostname(true); }},
        {"idn-hostname", [] { return hostname(true); }},
    };
    if (most && *most < longest_counted_name) {
        if (const auto found = short_patterns.find(format); found != short_patterns.end()) {
            return whole(found->second());
        }
    }
    const auto found = patterns.find(format);
    return found == patterns.end() ? "" : whole(found->second());
}

} // namespace llmodel::json_schema
