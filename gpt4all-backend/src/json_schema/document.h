#pragma once

#include "members.h"

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace llmodel::json_schema {

/** A keyword, by the pointer to its schema (RFC 6901). */
struct Place {
    std::string pointer;
    std::string keyword;
};

/** A schema where it stands in its document. Two of one place are the same object. */
struct Schema {
    const json &value;
    std::string pointer;                                          // RFC 6901
    size_t resource;                                              // of the document: where its references begin
    bool written = true;                                          // or meant by what stands at the pointer
    const Place *condition = nullptr;                             // of one that is meant: the keyword that means it
    const std::set<std::string, std::less<>> *left_out = nullptr; // keywords, if any

    Members members = Members(value);
    mutable bool checked = false;              // by check_keywords()
    mutable std::optional<uint8_t> types = {}; // once types_of() has been asked

    bool is(bool constant) const { return value.is_boolean() && value.get<bool>() == constant; }
    /** The value of a keyword, or null. One that is left out is not found. */
    const json *find(std::string_view keyword) const;
    bool leaves_out(std::string_view keyword) const { return left_out != nullptr && left_out->contains(keyword); }
    /** Whether it admits more than is written, since a keyword that it has is left out. */
    bool incomplete() const;
    /** Whether one of these is a keyword by which it might say what is in objects or arrays. */
    bool incomplete_contents() const;
};

/** Keywords that are not to count, by the pointers to their schemas. Of a "oneOf", it is that only one may hold. */
using LeftOut = std::map<std::string, std::set<std::string, std::less<>>, std::less<>>;
inline constexpr std::string_view everywhere = "*";                     // instead of a pointer
inline constexpr std::string_view whole_schema;                         // all of its keywords but "type"
inline constexpr std::string_view whole_one_of = "llmodel:whole oneOf"; // the schemas in it as well

/** What keeps a schema from being honoured, where, and what to do. */
[[noreturn]] void refuse(const std::string &pointer, std::string_view keyword, const std::string &why);
[[noreturn]] void refuse(const Schema &schema, std::string_view keyword, const std::string &why);

/** A schema is right, but no grammar can say it: without what is named here, one might. Without a keyword, a schema
 *  admits more, and what must not be valid under it would be less: there it is the condition that may be left out. */
class Unsayable : public Error {
  public:
    Unsayable(const Error &error, Place what) : Error(error), without(std::move(what)) {}

    Place without;
};

[[noreturn]] void refuse_for_grammar(const Schema &schema, std::string_view keyword, const std::string &why);

/** A JSON Schema with all that it refers to, which must be in it. */
class Document {
  public:
    explicit Document(const json &root, const LeftOut *left_out = nullptr);

    /** Whether something is left out. */
    bool relaxed() const { return left_out_ != nullptr && !left_out_->empty(); }

    /** Throws Error(LLMODEL_GRAMMAR_ERROR) if there is nothing at the pointer (RFC 6901). */
    const Schema &at(std::string_view pointer);
    /** The value of one of `parent`'s keywords. */
    const Schema &child(const Schema &parent, std::string_view keyword);
    /** What stands under a name or an index in it. */
    const Schema &child(const Schema &parent, std::string_view keyword, const std::string &token, const json &value);
    /** A schema that is not written, but meant by what stands at `parent`, for a `condition`. */
    const Schema &meant(const Schema &parent, json value, const Place *condition = nullptr);
    /** The keyword itself, or that by which its schema is meant. */
    const Place &condition(const Schema &schema, std::string_view keyword);
    /** What stands for a schema within one that is meant; its place stays its own. */
    json link(const Schema &schema);
    /** The schema for which something within a schema that is meant stands, or null. */
    const Schema *linked(const Schema &schema) const;
    /** What a schema's "$ref" and "$dynamicRef" mean (RFC 3986 and 6901), if it has them. A "$dynamicRef" depends on
     *  the schemas on the way to it; it is known if there is but one that it can mean, or if the
     *  resources on the `way` are told, the outermost first. Throws Error(LLMODEL_GRAMMAR_ERROR). */
    std::vector<const Schema *> targets(const Schema &schema, const std::vector<size_t> *way = nullptr);
    /** How many resources there are: schemas with a URI of their own, and the whole. */
    size_t resources() const { return resources_.size(); }

  private:
    /** A schema with a URI of its own. */
    struct Resource {
        std::string uri; // without a fragment
        const json *root;
        std::string pointer;
        std::map<std::string, std::pair<const json *, std::string>> anchors;
        std::set<std::string> dynamic; // of the anchors, those by "$dynamicAnchor"
    };
    struct Reference {
        size_t resource;
        std::string fragment;
    };

    const Schema &schema_at(const json &value, std::string pointer, size_t resource, bool written = true,
                            const Place *condition = nullptr);
    const Schema *known(const json &value) const;
    const json *member(const json &value, const std::string &token);
    void find_resources(const json &value, const std::string &pointer, size_t resource);
    const Schema &at_pointer(const Schema *from, std::string_view keyword, size_t resource, std::string_view pointer);
    Reference read_reference(const Schema &schema, std::string_view keyword);
    const Schema &target(const Schema &schema, std::string_view keyword, const Reference &reference);
    size_t outermost(const Schema &schema, const Reference &reference, const std::vector<size_t> *way);

    const LeftOut *left_out_;
    std::deque<json> meant_;
    std::deque<Place> conditions_;
    std::vector<const Schema *> linked_;
    std::vector<Resource> resources_;
    std::unordered_map<const json *, size_t> resource_at_;
    std::unordered_map<std::string, size_t> resource_of_; // by its URI
    std::unordered_map<const json *, std::unique_ptr<Schema>> schemas_;
    std::unordered_map<const json *, Members> members_;              // on the way of pointers
    std::unordered_map<const json *, const Schema *> targets_;       // of "$ref", by its value
    std::unordered_map<const json *, Reference> dynamic_references_; // of "$dynamicRef", by its value
};

/** A token of a JSON Pointer, with ~ and / escaped. */
std::string escape_token(std::string_view token);

} // namespace llmodel::json_schema
