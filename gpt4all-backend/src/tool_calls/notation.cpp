#include "tool_calls/notation.h"

namespace llmodel::tool_calls {

std::string alternatives(const std::vector<std::string> &all) {
    if (all.size() == 1) {
        return all[0];
    }
    std::string made;
    for (const std::string &one : all) {
        made += (made.empty() ? "(" : " | ") + (one.empty() ? R"("")" : one);
    }
    return made.empty() ? made : made + ")";
}

std::string optional(const std::string &text) {
    return text.empty() ? text : "(" + text + ")?";
}

std::string counted(const std::string &text, int least, int most) {
    if (text.empty() || most == 0) {
        return "";
    }
    if (least == 1 && most == 1) {
        return text;
    }
    if (least == 0 && most == 1) {
        return optional(text);
    }
    const std::string count = most == -1 && least < 2 ? (least == 0 ? "*" : "+")
                              : most == least         ? "{" + std::to_string(least) + "}"
                              : most == -1            ? "{" + std::to_string(least) + ",}"
                                                      : "{" + std::to_string(least) + "," + std::to_string(most) + "}";
    return "(" + text + ")" + count;
}

std::string joined(const std::string &a, const std::string &b) {
    return a.empty() || b.empty() ? a + b : a + " " + b;
}

} // namespace llmodel::tool_calls
