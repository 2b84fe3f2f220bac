#include "schema.h"

#include "schema_absent.h"
#include "schema_check.h"
#include "schema_node.h"
#include "utf8.h"

extern "C" const char llmodel_schema_json[];

namespace llmodel {

namespace {

const SchemaNode &find(const std::map<std::string, SchemaNodePtr, std::less<>> &definitions, std::string_view name) {
    const auto found = definitions.find(name);
    if (found == definitions.end()) {
        throw Error(LLMODEL_INTERNAL, "The schema has no definition " + quote(name) + ".");
    }
    return *found->second;
}

const Schema &published() {
    static const Schema schema(json::parse(schema_text()));
    return schema;
}

} // namespace

Schema::Schema(const json &document) : definitions_(compile_schema(document)) {}
Schema::~Schema() = default;

void Schema::validate(const json &value, std::string_view definition) const {
    check_document(find(definitions_, definition), definition, value);
}

void Schema::accept(json &value, std::string_view definition) const {
    const SchemaNode &node = find(definitions_, definition);
    drop_absent(node, value);
    check_document(node, definition, value);
}

std::vector<std::string> Schema::definitions() const {
    std::vector<std::string> names;
    for (const auto &[name, node] : definitions_) {
        names.push_back(name);
    }
    return names;
}

const char *schema_text() {
    return llmodel_schema_json;
}
void validate(const json &value, std::string_view definition) {
    published().validate(value, definition);
}
void accept(json &value, std::string_view definition) {
    published().accept(value, definition);
}
std::vector<std::string> schema_definitions() {
    return published().definitions();
}

} // namespace llmodel
