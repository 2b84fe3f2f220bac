#include "validate.h"

#include "accepts.h"
#include "formats.h"
#include "json/parse.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>
#include <vector>

namespace llmodel {

namespace json_schema {

namespace {

constexpr size_t most_automaton_work = 3000000;

/** Looks at all schemas that values may be checked against, so that nothing is wrong with one when that is done. */
class Inspection {
  public:
    Inspection(Document &document, Languages &languages) : document_(document), languages_(languages) {}

    void inspect(const Schema &root) {
        add(root);
        while (!waiting_.empty()) {
            const Schema &schema = *waiting_.back();
            waiting_.pop_back();
            look_at(schema);
        }
    }

  private:
    void add(const Schema &schema) {
        if (schema.value.is_object() && known_.insert(&schema).second) {
            waiting_.push_back(&schema);
        }
    }

    void look_at(const Schema &schema) {
        check_keywords(schema);
        if (schema.find("$recursiveRef") != nullptr) {
            refuse(schema, "$recursiveRef", "it is of draft 2019-09; use \"$dynamicRef\" or \"$ref\"");
        }
        texts(schema);
        for (const auto &[keyword, value] : schema.value.items()) {
            static const std::set<std::string_view> single = {"additionalItems",
                                                              "additionalProperties",
                                                              "contains",
                                                              "else",
                                                              "if",
                                                              "items",
                                                              "not",
                                                              "then",
                                                              "propertyNames",
                                                              "unevaluatedItems",
                                                              "unevaluatedProperties"};
            static const std::set<std::string_view> listed = {"allOf", "anyOf", "items", "oneOf", "prefixItems"};
            static const std::set<std::string_view> named = {"dependencies", "dependentSchemas", "patternProperties",
                                                             "properties"};
            if (value.is_array() && listed.contains(keyword)) {
                for (size_t i = 0; i < value.size(); ++i) {
                    add(document_.child(schema, keyword, std::to_string(i), value[i]));
                }
            } else if (value.is_object() && named.contains(keyword)) {
                members(schema, keyword, value);
            } else if (!value.is_array() && single.contains(keyword)) {
                add(document_.child(schema, keyword));
            }
        }
        std::vector<size_t> way = {schema.resource};
        for (const Schema *target : document_.targets(schema, &way)) {
            add(*target);
        }
        const json *dynamic = schema.find("$dynamicRef");
        if (dynamic == nullptr || !dynamic_.insert(anchor_of(*dynamic)).second) {
            return;
        }
        for (way[0] = 0; way[0] < document_.resources(); ++way[0]) { // each that has the anchor
            for (const Schema *target : document_.targets(schema, &way)) {
                add(*target);
            }
        }
    }

    static std::string anchor_of(const json &reference) {
        const auto &text = reference.get_ref<const std::string &>();
        return text.substr(std::min(text.find('#'), text.size()));
    }

    void members(const Schema &schema, const std::string &keyword, const json &value) {
        for (const auto &[name, inner] : value.items()) {
            if (keyword == "dependencies" && inner.is_array()) {
                for (const json &need : inner) {
                    if (!need.is_string()) {
                        refuse(schema, keyword, "a list in it must be one of names");
                    }
                }
                continue;
            }
            add(document_.child(schema, keyword, name, inner));
        }
    }

    void texts(const Schema &schema) {
        if (const json *pattern = schema.find("pattern")) {
            languages_.pattern(schema, "pattern", pattern->get<std::string>());
        }
        if (const json *patterns = schema.find("patternProperties")) {
            for (const auto &[pattern, inner] : patterns->items()) {
                languages_.pattern(schema, "patternProperties", pattern);
            }
        }
        if (const json *format = schema.find("format")) {
            for (const std::optional<size_t> most : {std::optional<size_t>(), std::optional<size_t>(0)}) {
                const std::string pattern = format_pattern(format->get_ref<const std::string &>(), most);
                if (!pattern.empty()) {
                    languages_.pattern(schema, "format", pattern);
                }
            }
        }
    }

    Document &document_;
    Languages &languages_;
    std::set<const Schema *> known_;
    std::set<std::string> dynamic_; // anchors whose schemas are known
    std::vector<const Schema *> waiting_;
};

} // namespace

} // namespace json_schema

struct SchemaValidator::Parts {
    explicit Parts(json given) : schema(std::move(given)), document(schema), acceptance(document, languages) {}

    json schema;
    json_schema::Document document;
    json_schema::Languages languages;
    json_schema::Acceptance acceptance;
    const json_schema::Schema *root = nullptr;
};

SchemaValidator::SchemaValidator(json schema, bool arguments) : parts_(std::make_unique<Parts>(std::move(schema))) {
    const json_schema::AutomatonBudget budget(json_schema::most_automaton_work);
    json_schema::Document &document = parts_->document;
    parts_->root = &document.at("");
    json_schema::Inspection(document, parts_->languages).inspect(*parts_->root);
    if (arguments) {
        const json whole = {{"type", "object"}, {"allOf", json::array({document.link(*parts_->root)})}};
        parts_->root = &document.meant(*parts_->root, whole);
    }
}

SchemaValidator::~SchemaValidator() = default;

json SchemaValidator::fault(const std::string &text) {
    const auto told = [](const std::string &pointer, const std::string &keyword, const std::string &schema_pointer,
                         const std::string &message) {
        return json{
            {"pointer", pointer}, {"keyword", keyword}, {"schema_pointer", schema_pointer}, {"message", message}};
    };
    json value;
    try {
        value = parse_json(text.c_str(), "it", Missing::refused, LongNumbers::exact);
    } catch (const Error &error) {
        return told("", "", "", error.what());
    }
    try {
        const auto found = parts_->acceptance.fault(*parts_->root, value);
        return found ? told(found->pointer, found->keyword, found->schema->pointer, found->why) : json();
    } catch (const Error &error) { // it takes too much
        return told("", error.detail().value("keyword", ""), error.detail().value("pointer", ""), error.what());
    }
}

} // namespace llmodel
