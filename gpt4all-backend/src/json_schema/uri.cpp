#include "uri.h"

#include <algorithm>
#include <charconv>

namespace llmodel::json_schema {

namespace {

struct Uri {
    std::string_view scheme;    // with its colon
    std::string_view authority; // with its slashes
    std::string_view path;
    std::string_view rest; // from the question mark
};

Uri split(std::string_view text) {
    Uri uri;
    const size_t colon = text.find_first_of(":/?#");
    if (colon != std::string_view::npos && text[colon] == ':') {
        uri.scheme = text.substr(0, colon + 1);
        text.remove_prefix(colon + 1);
    }
    if (text.starts_with("//")) {
        uri.authority = text.substr(0, text.find_first_of("/?#", 2));
        text.remove_prefix(uri.authority.size());
    }
    uri.path = text.substr(0, text.find_first_of("?#"));
    uri.rest = text.substr(uri.path.size());
    return uri;
}

std::string without_dots(std::string_view path) {
    std::string made;
    while (!path.empty()) {
        const size_t end = std::min(path.find('/', path[0] == '/' ? 1 : 0), path.size());
        const std::string_view segment = path.substr(0, end);
        const bool last = end == path.size();
        path.remove_prefix(end);
        if (segment == "/.." || segment == "..") {
            made.resize(made.rfind('/') == std::string::npos ? 0 : made.rfind('/'));
        } else if (segment != "/." && segment != ".") {
            made += segment;
            continue;
        }
        if (last) {
            made += '/';
        }
    }
    return made;
}

} // namespace

std::string resolve_uri(std::string_view base, std::string_view reference) {
    const Uri from = split(base);
    const Uri to = split(reference);
    const auto join = [](std::string_view a, std::string_view b, const std::string &c, std::string_view d) {
        return std::string(a) + std::string(b) + c + std::string(d);
    };
    if (!to.scheme.empty()) {
        return join(to.scheme, to.authority, without_dots(to.path), to.rest);
    }
    if (!to.authority.empty()) {
        return join(from.scheme, to.authority, without_dots(to.path), to.rest);
    }
    if (to.path.empty()) {
        const std::string_view query = from.rest.substr(0, from.rest.find('#'));
        return join(from.scheme, from.authority, std::string(from.path),
                    to.rest.starts_with('?') ? std::string(to.rest) : std::string(query) + std::string(to.rest));
    }
    if (to.path[0] == '/') {
        return join(from.scheme, from.authority, without_dots(to.path), to.rest);
    }
    const size_t slash = from.path.rfind('/');
    const std::string folder = slash != std::string_view::npos ? std::string(from.path.substr(0, slash + 1))
                               : from.authority.empty()        ? ""
                                                               : "/";
    return join(from.scheme, from.authority, without_dots(folder + std::string(to.path)), to.rest);
}

std::string percent_decoded(std::string_view text) {
    std::string made;
    for (size_t i = 0; i < text.size(); ++i) {
        unsigned value = 0;
        const char *digits = text.data() + i + 1;
        if (text[i] == '%' && i + 2 < text.size() && std::from_chars(digits, digits + 2, value, 16).ptr == digits + 2) {
            made += static_cast<char>(value);
            i += 2;
        } else {
            made += text[i];
        }
    }
    return made;
}

} // namespace llmodel::json_schema
