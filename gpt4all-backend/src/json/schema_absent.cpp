#include "schema_absent.h"

#include "schema_check.h"

#include <algorithm>
#include <utility>

namespace llmodel {

namespace {

/** Most documents have no null and need not be looked at beside the schema. */
bool has_null(const json &value) {
    return value.is_null() || (value.is_structured() && std::any_of(value.begin(), value.end(), has_null));
}

bool needs(const SchemaNode &node, const std::string &key) {
    return std::find(node.required.begin(), node.required.end(), key) != node.required.end();
}

/** Whether keys with fixed values, such as "type" or "role", speak for this branch. */
bool fits(const SchemaNode &branch, const json &value) {
    if (!value.is_object()) {
        return true;
    }
    return std::all_of(branch.properties.begin(), branch.properties.end(), [&](const auto &property) {
        const auto member = value.find(property.first);
        return !property.second->allowed || !needs(branch, property.first) || member == value.end() ||
               conforms(*property.second, *member);
    });
}

/** The branch that the value conforms to without what is absent, or else the first that it could be meant for. */
void drop_of_choice(const SchemaChoice &choice, json &value) {
    const json given = value;
    bool meant = false;
    for (const SchemaNodePtr &branch : choice.branches) {
        if (!fits(*branch, given)) {
            continue;
        }
        json without = given;
        drop_absent(*branch, without);
        const bool good = conforms(*branch, without);
        if (good || !meant) {
            value = std::move(without);
            meant = true;
        }
        if (good) {
            return;
        }
    }
}

} // namespace

void drop_absent(const SchemaNode &node, json &value) {
    if (!has_null(value)) {
        return;
    }
    if (value.is_object()) {
        for (auto member = value.begin(); member != value.end();) {
            const auto property = node.properties.find(member.key());
            const SchemaNode *known =
                property != node.properties.end() ? property->second.get() : node.additional.get();
            if (property != node.properties.end() && member->is_null() && !needs(node, member.key()) &&
                !conforms(*known, *member)) {
                member = value.erase(member);
                continue;
            }
            if (known != nullptr) {
                drop_absent(*known, *member);
            }
            ++member;
        }
    } else if (value.is_array()) {
        for (size_t i = 0; i < value.size(); ++i) {
            const SchemaNode *item = i < node.prefix_items.size() ? node.prefix_items[i].get() : node.items.get();
            if (item != nullptr) {
                drop_absent(*item, value[i]);
            }
        }
    }
    for (const SchemaChoice &choice : node.choices) {
        drop_of_choice(choice, value);
    }
}

} // namespace llmodel
