#include "schema_node.h"

#include <algorithm>
#include <set>
#include <stdexcept>

namespace llmodel {

namespace {

[[noreturn]] void refuse(const std::string &why) {
    throw std::logic_error("JSON Schema: " + why);
}

uint8_t type_named(const std::string &name) {
    static const std::map<std::string, uint8_t> types = {
        {"null", json_type::null},     {"boolean", json_type::boolean}, {"integer", json_type::integer},
        {"number", json_type::number}, {"string", json_type::string},   {"array", json_type::array},
        {"object", json_type::object}};
    const auto found = types.find(name);
    if (found == types.end()) {
        refuse("no such type: " + name);
    }
    return found->second;
}

uint8_t types_of(const json &value) {
    if (value.is_string()) {
        return type_named(value.get<std::string>());
    }
    uint8_t types = 0;
    for (const json &name : value) {
        types = static_cast<uint8_t>(types | type_named(name.get<std::string>()));
    }
    return types;
}

Scalar scalar_of(const json &value) {
    switch (value.type()) {
    case json::value_t::null:
        return nullptr;
    case json::value_t::boolean:
        return value.get<bool>();
    case json::value_t::string:
        return value.get<std::string>();
    case json::value_t::number_integer:
    case json::value_t::number_unsigned:
    case json::value_t::number_float:
        return value.get<double>();
    default:
        refuse("enum and const may only name scalars");
    }
}

uint8_t types_of(const std::vector<Scalar> &values) {
    constexpr uint8_t by_alternative[] = {json_type::null, json_type::boolean, json_type::number, json_type::string};
    uint8_t types = 0;
    for (const Scalar &value : values) {
        types = static_cast<uint8_t>(types | by_alternative[value.index()]);
    }
    return types;
}

class Compiler {
  public:
    explicit Compiler(const json &document) : definitions_(document.at("$defs")) {}

    SchemaNodePtr definition(const std::string &name) {
        if (const auto found = compiled_.find(name); found != compiled_.end()) {
            if (found->second == nullptr) {
                refuse("a cycle of references through " + name);
            }
            return found->second;
        }
        if (!definitions_.contains(name)) {
            refuse("no such definition: " + name);
        }
        compiled_[name] = nullptr;
        return compiled_[name] = compile(definitions_.at(name));
    }

    std::map<std::string, SchemaNodePtr, std::less<>> take() {
        for (const auto &[name, schema] : definitions_.items()) {
            definition(name);
        }
        return std::move(compiled_);
    }

  private:
    SchemaNodePtr compile(const json &schema);
    void keyword(SchemaNode &node, const std::string &name, const json &value);
    void own_properties(SchemaNode &node, const json &properties);
    SchemaChoice choice(const json &branches, bool exactly_one);
    SchemaNodePtr referred(const json &reference);

    const json &definitions_;
    std::map<std::string, SchemaNodePtr, std::less<>> compiled_;
};

template<typename Limit>
void tighten(std::optional<Limit> &into, bool &exclusive, const std::optional<Limit> &from, bool from_exclusive) {
    if (!from) {
        return;
    }
    if (into) {
        refuse("the same limit given twice");
    }
    into = from;
    exclusive = from_exclusive;
}

void merge(SchemaNode &into, const SchemaNode &from) {
    into.types &= from.types;
    if (from.allowed) {
        if (into.allowed) {
            refuse("enum or const given twice");
        }
        into.allowed = from.allowed;
    }
    tighten(into.minimum, into.exclusive_minimum, from.minimum, from.exclusive_minimum);
    tighten(into.maximum, into.exclusive_maximum, from.maximum, from.exclusive_maximum);
    into.min_length = std::max(into.min_length, from.min_length);
    into.max_length = std::min(into.max_length, from.max_length);
    into.min_items = std::max(into.min_items, from.min_items);
    into.max_items = std::min(into.max_items, from.max_items);
    if (from.items || !from.prefix_items.empty()) {
        if (into.items || !into.prefix_items.empty()) {
            refuse("items given twice");
        }
        into.items = from.items;
        into.prefix_items = from.prefix_items;
    }
    for (const auto &[name, node] : from.properties) {
        if (!into.properties.emplace(name, node).second) {
            refuse("the property " + name + " given twice");
        }
    }
    into.required.insert(into.required.end(), from.required.begin(), from.required.end());
    if (from.closed_by != nullptr || from.additional) {
        if (into.closed_by != nullptr || into.additional) {
            refuse("additionalProperties given twice");
        }
        into.closed_by = from.closed_by;
        into.additional = from.additional;
    }
    into.choices.insert(into.choices.end(), from.choices.begin(), from.choices.end());
}

size_t count_of(const json &value) {
    return value.get<size_t>();
}

SchemaNodePtr Compiler::referred(const json &reference) {
    const auto target = reference.get<std::string>();
    const std::string prefix = "#/$defs/";
    if (target.rfind(prefix, 0) != 0) {
        refuse("a reference to elsewhere than $defs: " + target);
    }
    return definition(target.substr(prefix.size()));
}

SchemaChoice Compiler::choice(const json &branches, bool exactly_one) {
    SchemaChoice made{{}, exactly_one};
    for (const json &branch : branches) {
        made.branches.push_back(compile(branch));
    }
    return made;
}

void Compiler::own_properties(SchemaNode &node, const json &properties) {
    SchemaNode own;
    for (const auto &[name, schema] : properties.items()) {
        own.properties.emplace(name, compile(schema));
    }
    merge(node, own);
}

void Compiler::keyword(SchemaNode &node, const std::string &name, const json &value) {
    static const std::set<std::string> annotations = {"$schema",     "$id",     "$defs",    "$comment",  "title",
                                                      "description", "default", "examples", "deprecated"};
    SchemaNode own;
    if (name == "$ref") {
        own = *referred(value);
    } else if (name == "allOf") {
        for (const json &part : value) {
            merge(own, *compile(part));
        }
    } else if (name == "anyOf" || name == "oneOf") {
        own.choices.push_back(choice(value, name == "oneOf"));
    } else if (name == "type") {
        own.types = types_of(value);
    } else if (name == "enum") {
        own.allowed.emplace();
        for (const json &allowed : value) {
            own.allowed->push_back(scalar_of(allowed));
        }
        own.types = types_of(*own.allowed);
    } else if (name == "const") {
        own.allowed = {scalar_of(value)};
        own.types = types_of(*own.allowed);
    } else if (name == "minimum" || name == "exclusiveMinimum") {
        own.minimum = value.get<double>();
        own.exclusive_minimum = name != "minimum";
    } else if (name == "maximum" || name == "exclusiveMaximum") {
        own.maximum = value.get<double>();
        own.exclusive_maximum = name != "maximum";
    } else if (name == "minLength") {
        own.min_length = count_of(value);
    } else if (name == "maxLength") {
        own.max_length = count_of(value);
    } else if (name == "minItems") {
        own.min_items = count_of(value);
    } else if (name == "maxItems") {
        own.max_items = count_of(value);
    } else if (name == "required") {
        own.required = value.get<std::vector<std::string>>();
    } else if (name == "properties") {
        own_properties(own, value);
    } else if (name == "additionalProperties" || name == "unevaluatedProperties") {
        if (value == false) {
            own.closed_by = name == "additionalProperties" ? "additionalProperties" : "unevaluatedProperties";
        } else if (name == "unevaluatedProperties") {
            refuse("unevaluatedProperties may only be false");
        } else if (value != true) {
            own.additional = compile(value);
        }
    } else if (annotations.count(name) == 0) {
        refuse("the keyword " + name + " is not known");
    }
    merge(node, own);
}

SchemaNodePtr Compiler::compile(const json &schema) {
    if (!schema.is_object()) {
        refuse("a schema must be an object");
    }
    auto node = std::make_shared<SchemaNode>();
    SchemaNode lists;
    for (const auto &[name, value] : schema.items()) {
        if (name == "items") {
            lists.items = compile(value);
        } else if (name == "prefixItems") {
            for (const json &item : value) {
                lists.prefix_items.push_back(compile(item));
            }
        } else {
            keyword(*node, name, value);
        }
    }
    merge(*node, lists);

    // Merging would make these see the properties of their neighbours, or not see those of a branch.
    const size_t own = schema.contains("properties") ? schema.at("properties").size() : 0;
    const bool merged = schema.contains("$ref") || schema.contains("allOf");
    const bool by_itself = schema.contains("additionalProperties") || !merged;
    const bool restricted = node->additional || node->closed_by != nullptr;
    if (restricted && !schema.contains("unevaluatedProperties")) {
        if (by_itself ? node->properties.size() != own : own != 0) {
            refuse("additionalProperties beside $ref or allOf");
        }
    }
    if (restricted) {
        for (const SchemaChoice &choice : node->choices) {
            for (const SchemaNodePtr &branch : choice.branches) {
                if (!branch->properties.empty()) {
                    refuse("properties in a branch of an object that is closed");
                }
            }
        }
    }
    return node;
}

} // namespace

std::map<std::string, SchemaNodePtr, std::less<>> compile_schema(const json &document) {
    return Compiler(document).take();
}

} // namespace llmodel
