#include "members.h"

#include <algorithm>

namespace llmodel::json_schema {

Members::Members(const json &value) {
    if (!value.is_object()) {
        return;
    }
    object_ = &value.get_ref<const json::object_t &>();
    if (object_->size() > few) {
        for (const auto &[name, member] : *object_) {
            index_.emplace(name, &member);
        }
    }
}

const json *Members::find(std::string_view name) const {
    if (object_ == nullptr) {
        return nullptr;
    }
    if (!index_.empty()) {
        const auto found = index_.find(name);
        return found == index_.end() ? nullptr : found->second;
    }
    const auto found =
        std::find_if(object_->begin(), object_->end(), [&](const auto &member) { return member.first == name; });
    return found == object_->end() ? nullptr : &found->second;
}

} // namespace llmodel::json_schema
