#pragma once

#include "languages.h"

#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace llmodel::json_schema {

/** A text that two values share if they are the same JSON: in any order of members, and 1 is 1.0. */
std::string canonical(const json &value);
bool same_value(const json &a, const json &b);

/** What keeps a value from being valid. */
struct Fault {
    std::string pointer; // to what is wrong in the value (RFC 6901)
    const Schema *schema;
    std::string keyword; // of the schema; empty where nothing is valid
    std::string why;
};

/** Says of single values whether they are valid under a schema. All of its keywords count. */
class Acceptance {
  public:
    Acceptance(Document &document, Languages &languages) : document_(document), languages_(languages) {}

    /** All throw Error(LLMODEL_GRAMMAR_ERROR) where that takes too much work. Where something is left out, values are
     *  accepted of which it does not say. */
    bool accepts(const Schema &schema, const json &value);
    /** By the schema's own keywords, without references, "allOf", "anyOf" and "oneOf". */
    bool accepts_directly(const Schema &schema, const json &value);
    /** What is wrong with a value; nothing if it is valid. */
    std::optional<Fault> fault(const Schema &schema, const json &value);

  private:
    /** Automata of a pattern, or of a format: of whatever length, and where the length is counted beside it. */
    struct Texts {
        const Automaton *any = nullptr;
        const Automaton *counted = nullptr;
    };
    struct NamePattern {
        const Automaton *names;
        std::string pattern;
        const json *schema;
    };
    /** Members and items that a schema has a say in. */
    using Evaluated = std::unordered_set<const json *>;
    class Step;
    class Quiet;
    class Inside;

    void begin(bool quiet);
    bool check(const Schema &schema, const json &value, Evaluated *evaluated);
    bool check_own(const Schema &schema, const json &value, Evaluated *evaluated);
    bool check_type(const Schema &schema, const json &value);
    bool check_values(const Schema &schema, const json &value);
    bool check_conditions(const Schema &schema, const json &value, Evaluated *evaluated);
    bool check_references(const Schema &schema, const json &value, Evaluated *evaluated);
    bool check_combinations(const Schema &schema, const json &value, Evaluated *evaluated);
    bool check_number(const Schema &schema, const json &value);
    bool check_string(const Schema &schema, const json &value);
    bool check_array(const Schema &schema, const json &value, Evaluated *evaluated);
    bool check_items(const Schema &schema, const json &value, Evaluated *evaluated);
    bool check_unique(const Schema &schema, const json &value);
    bool check_contains(const Schema &schema, const json &value, Evaluated *evaluated);
    bool check_object(const Schema &schema, const json &value, Evaluated *evaluated);
    bool check_member(const Schema &schema, const std::string &name, const json &value, Evaluated *evaluated);
    bool check_name(const Schema &schema, const std::string &name);
    bool check_dependents(const Schema &schema, const json &value, Evaluated *evaluated);
    bool check_unevaluated(const Schema &schema, const json &value, Evaluated &evaluated);
    bool check_inside(const Schema &schema, const std::string &token, const json &value);
    bool check_count(const Schema &schema, size_t count, const char *least, const char *most, const char *of);
    size_t matching(const Schema &schema, std::string_view keyword, const json &value, Evaluated *evaluated);

    /** Notes what is wrong, which `why` tells, unless that is only tried; false. */
    template<typename Why> bool fail(const Schema &schema, std::string_view keyword, const Why &why) {
        if (quiet_ == 0 && !fault_) {
            note(schema, keyword, why());
        }
        return false;
    }
    void note(const Schema &schema, std::string_view keyword, std::string why);
    void spend(const Schema &schema, size_t work);
    const std::string &compared(const Schema &schema, const json &value);
    bool is_constant(const Schema &schema, const json &constant, const json &value);
    bool is_listed(const Schema &schema, const json &values, const json &value);
    const Members &members(const json &object);
    Texts pattern(const Schema &schema);
    Texts format(const Schema &schema);
    const std::vector<NamePattern> &name_patterns(const Schema &schema, const json &patterns);
    bool tracks_evaluated();

    Document &document_;
    Languages &languages_;
    // what parts of the schema come to, by themselves
    std::unordered_map<const json *, std::string> constants_;
    using Listed = std::unordered_map<size_t, std::unordered_set<std::string>>; // by length: few are as long as a value
    std::unordered_map<const json *, Listed> listed_;                           // in "enum"
    std::unordered_map<const json *, Members> members_;                         // of "properties"
    std::unordered_map<const json *, Texts> texts_;
    std::unordered_map<const json *, std::vector<NamePattern>> name_patterns_;
    std::optional<bool> tracks_evaluated_; // if some keyword needs it

    std::optional<Fault> fault_;
    std::vector<std::string> path_;                 // to the value, while it is not only tried
    std::vector<size_t> resources_;                 // through which it came here
    bool from_root_ = false;                        // so that the way here is known
    std::pair<const json *, std::string> compared_; // the last value that was compared, with its canonical text
    int quiet_ = 0;
    int depth_ = 0;
    size_t work_ = 0;
};

} // namespace llmodel::json_schema
