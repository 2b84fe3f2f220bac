#include "document.h"

#include "json/utf8.h"
#include "uri.h"

#include <algorithm>
#include <charconv>
#include <set>
#include <utility>

namespace llmodel::json_schema {

namespace {

constexpr int deepest_schema = 100;
constexpr const char *link_keyword = "llmodel:link"; // to a schema, by its number

/** One token less; unescaped. */
std::string take_token(std::string_view &pointer) {
    pointer.remove_prefix(1);
    const std::string_view token = pointer.substr(0, pointer.find('/'));
    pointer.remove_prefix(token.size());
    std::string made;
    for (size_t i = 0; i < token.size(); ++i) {
        if (token[i] == '~' && i + 1 < token.size() && (token[i + 1] == '0' || token[i + 1] == '1')) {
            made += token[++i] == '0' ? '~' : '/';
        } else {
            made += token[i];
        }
    }
    return made;
}

bool is_left_out(const std::set<std::string, std::less<>> &names, std::string_view keyword) {
    if (keyword == "oneOf") {
        return names.contains(whole_one_of) || names.contains(whole_schema);
    }
    if (keyword == "additionalProperties" && names.contains("patternProperties")) { // which are not additional
        return true;
    }
    return names.contains(keyword) || (names.contains(whole_schema) && keyword != "type" && keyword != "nullable");
}

/** A schema that is given must not claim to stand for another. */
void check_no_link(const json &value, const std::string &pointer) {
    if (value.contains(link_keyword)) {
        refuse(pointer, link_keyword, "the name is kept for inner use");
    }
    for (const auto &[key, inner] : value.items()) {
        if (inner.is_structured()) {
            check_no_link(inner, pointer + "/" + escape_token(key));
        }
    }
}

} // namespace

const json *Schema::find(std::string_view keyword) const {
    return left_out != nullptr && is_left_out(*left_out, keyword) ? nullptr : members.find(keyword);
}

bool Schema::incomplete() const {
    if (left_out == nullptr || !value.is_object()) {
        return false;
    }
    const auto &all = value.get_ref<const json::object_t &>();
    return std::any_of(all.begin(), all.end(), [&](const auto &member) {
        return left_out->contains(member.first) || is_left_out(*left_out, member.first);
    });
}

bool Schema::incomplete_contents() const {
    static const std::set<std::string_view> speaking = {
        "$dynamicRef",       "$ref",        "allOf",        "anyOf", "contains",
        "dependentSchemas",  "if",          "dependencies", "items", "oneOf",
        "patternProperties", "prefixItems", "properties"};
    return left_out != nullptr && std::any_of(speaking.begin(), speaking.end(), [&](std::string_view keyword) {
               return members.find(keyword) != nullptr && is_left_out(*left_out, keyword);
           });
}

void refuse(const std::string &pointer, std::string_view keyword, const std::string &why) {
    const std::string place = "at " + (pointer.empty() ? "its root" : quote(pointer, 200));
    throw Error(LLMODEL_GRAMMAR_ERROR,
                "the JSON Schema cannot be honoured: " + why + " (" +
                    (keyword.empty() ? place : quote(keyword) + " " + place) + ")",
                {{"pointer", pointer}, {"keyword", std::string(keyword)}});
}

void refuse(const Schema &schema, std::string_view keyword, const std::string &why) {
    refuse(schema.pointer, keyword, why);
}

void refuse_for_grammar(const Schema &schema, std::string_view keyword, const std::string &why) {
    try {
        refuse(schema, keyword, why);
    } catch (const Error &error) {
        throw Unsayable(error,
                        schema.condition != nullptr ? *schema.condition : Place{schema.pointer, std::string(keyword)});
    }
}

std::string escape_token(std::string_view token) {
    std::string made;
    for (const char c : token) {
        made += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
    }
    return made;
}

Document::Document(const json &root, const LeftOut *left_out) : left_out_(left_out) {
    if (!root.is_object() && !root.is_boolean()) {
        refuse("", "", "it must be an object, true or false");
    }
    if (root.is_object()) {
        check_no_link(root, "");
    }
    resources_.push_back({"", &root, "", {}, {}});
    find_resources(root, "", 0);
    for (size_t i = 0; i < resources_.size(); ++i) {
        resource_of_.emplace(resources_[i].uri, i);
    }
}

void Document::find_resources(const json &value, const std::string &pointer, size_t resource) {
    if (value.is_array()) {
        for (size_t i = 0; i < value.size(); ++i) {
            if (value[i].is_structured()) {
                find_resources(value[i], pointer + "/" + std::to_string(i), resource);
            }
        }
        return;
    }
    const auto text_of = [&](const char *key) {
        const auto found = value.find(key);
        return found != value.end() && found->is_string() ? found->get<std::string>() : "";
    };
    if (const std::string id = text_of("$id"); !id.empty()) {
        if (id[0] == '#') { // as drafts 6 and 7 wrote anchors
            resources_[resource].anchors.emplace(id.substr(1), std::pair(&value, pointer));
        } else {
            std::string uri = resolve_uri(resources_[resource].uri, id);
            uri.resize(std::min(uri.find('#'), uri.size()));
            if (pointer.empty()) {
                resources_[0].uri = std::move(uri);
            } else {
                resource = resources_.size();
                resources_.push_back({std::move(uri), &value, pointer, {}, {}});
            }
            resource_at_[&value] = resource;
        }
    }
    for (const char *keyword : {"$anchor", "$dynamicAnchor"}) {
        if (const std::string anchor = text_of(keyword); !anchor.empty()) {
            resources_[resource].anchors.emplace(anchor, std::pair(&value, pointer));
            if (std::string_view(keyword) == "$dynamicAnchor") {
                resources_[resource].dynamic.insert(anchor);
            }
        }
    }
    // under other keywords is no schema, and so no "$id"
    static const std::set<std::string_view> schemas = {"additionalItems",
                                                       "additionalProperties",
                                                       "allOf",
                                                       "anyOf",
                                                       "contains",
                                                       "contentSchema",
                                                       "else",
                                                       "if",
                                                       "items",
                                                       "not",
                                                       "oneOf",
                                                       "prefixItems",
                                                       "propertyNames",
                                                       "then",
                                                       "unevaluatedItems",
                                                       "unevaluatedProperties"};
    static const std::set<std::string_view> named = {"$defs",      "definitions",       "dependencies",
                                                     "properties", "patternProperties", "dependentSchemas"};
    for (const auto &[key, inner] : value.items()) {
        const std::string at = pointer + "/" + escape_token(key);
        if (inner.is_structured() && schemas.contains(key)) {
            find_resources(inner, at, resource);
        } else if (inner.is_object() && named.contains(key)) {
            for (const auto &[name, schema] : inner.items()) {
                if (schema.is_structured()) {
                    find_resources(schema, at + "/" + escape_token(name), resource);
                }
            }
        }
    }
}

const Schema *Document::known(const json &value) const {
    const auto found = schemas_.find(&value);
    return found == schemas_.end() ? nullptr : found->second.get();
}

const Schema &Document::schema_at(const json &value, std::string pointer, size_t resource, bool written,
                                  const Place *condition) {
    auto &schema = schemas_[&value];
    if (!schema) {
        if (!value.is_object() && !value.is_boolean()) {
            const size_t slash = pointer.rfind('/');
            refuse(pointer, slash == std::string::npos ? "" : pointer.substr(slash + 1),
                   "there must be a schema here: an object, true or false");
        }
        if (std::count(pointer.begin(), pointer.end(), '/') > deepest_schema) {
            refuse(pointer, "", "it is nested too deeply");
        }
        const auto own = resource_at_.find(&value);
        schema = std::make_unique<Schema>(
            Schema{value, std::move(pointer), own == resource_at_.end() ? resource : own->second, written, condition});
        if (left_out_ != nullptr && written) {
            auto without = left_out_->find(schema->pointer);
            without = without == left_out_->end() ? left_out_->find(everywhere) : without;
            schema->left_out = without == left_out_->end() ? nullptr : &without->second;
        }
    }
    return *schema;
}

const Schema &Document::child(const Schema &parent, std::string_view keyword) {
    const json &value = *parent.find(keyword);
    if (const Schema *schema = known(value)) { // pointers may be long
        return *schema;
    }
    std::string pointer = parent.pointer + (parent.written ? "/" + std::string(keyword) : "");
    return schema_at(value, std::move(pointer), parent.resource, parent.written, parent.condition);
}

const Schema &Document::child(const Schema &parent, std::string_view keyword, const std::string &token,
                              const json &value) {
    if (const Schema *schema = known(value)) {
        return *schema;
    }
    std::string pointer = parent.pointer;
    if (parent.written) {
        pointer.append("/").append(keyword).append("/").append(escape_token(token));
    }
    return schema_at(value, std::move(pointer), parent.resource, parent.written, parent.condition);
}

const Schema &Document::meant(const Schema &parent, json value, const Place *condition) {
    return schema_at(meant_.emplace_back(std::move(value)), parent.pointer, parent.resource, false, condition);
}

const Place &Document::condition(const Schema &schema, std::string_view keyword) {
    return schema.condition != nullptr ? *schema.condition
                                       : conditions_.emplace_back(Place{schema.pointer, std::string(keyword)});
}

json Document::link(const Schema &schema) {
    if (schema.value.is_boolean()) {
        return schema.value;
    }
    linked_.push_back(&schema);
    return {{link_keyword, linked_.size() - 1}};
}

const Schema *Document::linked(const Schema &schema) const {
    const json *number = schema.find(link_keyword);
    return number == nullptr ? nullptr : linked_.at(number->get<size_t>());
}

const Schema &Document::at(std::string_view pointer) {
    return at_pointer(nullptr, "", 0, pointer);
}

const json *Document::member(const json &value, const std::string &token) {
    if (value.is_object()) {
        return members_.try_emplace(&value, value).first->second.find(token);
    }
    size_t index = 0;
    const char *end = token.data() + token.size();
    const auto read = std::from_chars(token.data(), end, index);
    const bool is_index = value.is_array() && read.ec == std::errc() && read.ptr == end;
    return is_index && index < value.size() ? &value[index] : nullptr;
}

/** `from` is the schema whose reference it is, if one is. */
const Schema &Document::at_pointer(const Schema *from, std::string_view keyword, size_t resource,
                                   std::string_view pointer) {
    const json *value = resources_[resource].root;
    std::string path = resources_[resource].pointer;
    while (!pointer.empty()) {
        const std::string token = take_token(pointer);
        value = member(*value, token);
        path += "/" + escape_token(token);
        if (value == nullptr) {
            refuse(from == nullptr ? "" : from->pointer, from == nullptr ? "$ref" : keyword,
                   "there is nothing at " + quote(path, 200) +
                       (from == nullptr ? "" : " for " + quote(from->find(keyword)->get<std::string>(), 200)));
        }
        if (const auto own = resource_at_.find(value); own != resource_at_.end()) {
            resource = own->second;
        }
    }
    return schema_at(*value, std::move(path), resource);
}

Document::Reference Document::read_reference(const Schema &schema, std::string_view keyword) {
    const json &reference = *schema.find(keyword);
    if (!reference.is_string()) {
        refuse(schema, keyword, "it must be a string such as \"#/$defs/name\"");
    }
    const auto text = reference.get<std::string>();
    const size_t hash = std::min(text.find('#'), text.size());
    size_t resource = schema.resource;
    if (hash > 0) {
        const std::string uri = resolve_uri(resources_[resource].uri, text.substr(0, hash));
        const auto found = resource_of_.find(uri);
        if (found == resource_of_.end()) {
            refuse(schema, keyword,
                   quote(text, 200) + " is not in the schema; nothing is fetched, so put it into \"$defs\"");
        }
        resource = found->second;
    }
    std::string fragment = percent_decoded(hash < text.size() ? text.substr(hash + 1) : "");
    if (first_invalid_utf8(fragment) != std::string::npos) {
        refuse(schema, keyword, "its percent-encoding is not of UTF-8 text");
    }
    return {resource, std::move(fragment)};
}

const Schema &Document::target(const Schema &schema, std::string_view keyword, const Reference &reference) {
    const auto &[resource, fragment] = reference;
    if (fragment.empty() || fragment[0] == '/') {
        return at_pointer(&schema, keyword, resource, fragment);
    }
    const auto anchor = resources_[resource].anchors.find(fragment);
    if (anchor == resources_[resource].anchors.end()) {
        refuse(schema, keyword, "no schema has the \"$anchor\" " + quote(fragment, 200));
    }
    return schema_at(*anchor->second.first, anchor->second.second, resource);
}

/** The resource whose "$dynamicAnchor" a "$dynamicRef" means. The document's own comes first, if it has that anchor,
 *  since every way begins there; otherwise it takes the way to know. */
size_t Document::outermost(const Schema &schema, const Reference &reference, const std::vector<size_t> *way) {
    const std::string &name = reference.fragment;
    if (!resources_[reference.resource].dynamic.contains(name)) { // it is a plain reference
        return reference.resource;
    }
    if (way != nullptr) {
        const auto first = std::find_if(way->begin(), way->end(),
                                        [&](size_t resource) { return resources_[resource].dynamic.contains(name); });
        return first == way->end() ? reference.resource : *first;
    }
    if (resources_[0].dynamic.contains(name)) {
        return 0;
    }
    if (std::count_if(resources_.begin(), resources_.end(),
                      [&](const Resource &one) { return one.dynamic.contains(name); }) > 1) {
        refuse_for_grammar(schema, "$dynamicRef",
                           "it depends on where it is reached from which \"$dynamicAnchor\" " + quote(name, 200) +
                               " it means; set it in the outermost schema, or use \"$ref\"");
    }
    return reference.resource;
}

std::vector<const Schema *> Document::targets(const Schema &schema, const std::vector<size_t> *way) {
    std::vector<const Schema *> found;
    if (const json *given = schema.find("$ref")) {
        const Schema *&only = targets_[given];
        only = only != nullptr ? only : &target(schema, "$ref", read_reference(schema, "$ref"));
        found.push_back(only);
    }
    if (const json *given = schema.find("$dynamicRef")) {
        auto read = dynamic_references_.find(given);
        if (read == dynamic_references_.end()) {
            read = dynamic_references_.emplace(given, read_reference(schema, "$dynamicRef")).first;
        }
        Reference reference = read->second;
        reference.resource = outermost(schema, reference, way);
        found.push_back(&target(schema, "$dynamicRef", reference));
    }
    return found;
}

} // namespace llmodel::json_schema
