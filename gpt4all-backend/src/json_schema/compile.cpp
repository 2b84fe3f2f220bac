#include "compiler.h"
#include "json/utf8.h"
#include "raw_text.h"
#include "regex.h"

#include <algorithm>
#include <functional>
#include <set>
#include <utility>

namespace llmodel {

namespace json_schema {

namespace {

constexpr size_t max_rules = 300000;
constexpr size_t max_automaton_work = 3000000;

} // namespace

GrammarRules Compiler::compile(const std::string &prefix) {
    const AutomatonBudget budget(max_automaton_work);
    Schemas whole = {&document_.at(use_.pointer)};
    if (use_.raw || (use_.arguments && use_.pointer.empty())) {
        use_.types = {use_.raw ? "string" : "object"};
    }
    if (!use_.types.empty()) {
        whole.push_back(&document_.meant(*whole[0], {{"type", use_.types}}));
    }
    if (use_.raw) {
        raw_ = raw_texts(*use_.raw);
    }
    const RuleId root = rule_of(std::move(whole), false);
    while (!tasks_.empty()) {
        const Task task = std::move(tasks_.front());
        tasks_.pop_front();
        try {
            write(task);
        } catch (const TooLarge &error) {
            refuse_for_grammar(*task.schemas[0], "", std::string("it is too large for a grammar: ") + error.what());
        }
        if (rules_.size() > max_rules) {
            refuse_for_grammar(document_.at(""), "",
                               "its grammar has more than " + std::to_string(max_rules) +
                                   " rules; use a smaller schema");
        }
    }
    if (!rules_.prune(root)) {
        const Contradiction why = contradiction_.value_or(
            Contradiction{"", "$ref", "every value that satisfies it would be infinite", false});
        refuse(why.pointer, why.keyword, why.why);
    }
    check_unique();
    try {
        return rules_.gbnf(root, prefix);
    } catch (const TooLarge &error) {
        refuse_for_grammar(document_.at(""), "", std::string(error.what()) + "; use a smaller schema");
    }
}

RuleId Compiler::rule_of(Schemas schemas, bool dispensable) {
    schemas.erase(std::remove_if(schemas.begin(), schemas.end(), [](const Schema *s) { return s->is(true); }),
                  schemas.end());
    if (schemas.empty()) {
        return texts_.any_value();
    }
    std::sort(schemas.begin(), schemas.end(), std::less<>());
    schemas.erase(std::unique(schemas.begin(), schemas.end()), schemas.end());
    const auto [found, added] = known_.emplace(schemas, 0);
    if (added) {
        found->second = rules_.add();
        tasks_.push_back({found->second, std::move(schemas), dispensable});
    }
    return found->second;
}

void Compiler::contradict(const Context &context, const Contradiction &why) {
    if (!context.dispensable) {
        refuse(why.pointer, why.keyword, why.why);
    }
    if (!contradiction_) {
        contradiction_ = why;
    }
}

void Compiler::write(const Task &task) {
    if (any_false(task.schemas)) {
        const auto none = std::find_if(task.schemas.begin(), task.schemas.end(),
                                       [](const Schema *schema) { return schema->is(false); });
        contradict({task.rule, true}, {(*none)->pointer, "", "nothing is valid under false", false});
        return;
    }
    std::vector<Reach> reaches;
    const std::vector<Schemas> ways = alternatives_.of(task.schemas, &reaches);
    if (ways.empty()) {
        contradict({task.rule, task.dispensable},
                   {task.schemas[0]->pointer, "", "nothing is valid under false", false});
    }
    if (ways.size() == 1) {
        write_way({task.rule, task.dispensable}, ways[0], reaches[0]);
        return;
    }
    for (size_t i = 0; i < ways.size(); ++i) {
        const RuleId rule = rules_.add();
        rules_.alternative(task.rule, Sequence().rule(rule));
        write_way({rule, true}, ways[i], reaches[i]);
    }
}

void Compiler::write_way(const Context &context, const Schemas &parts, const Reach &reach) {
    std::optional<Contradiction> why;
    Shape shape = merge(parts, why);
    shape.reached_from = &reach;
    if (why) {
        contradict(context, *why);
        return;
    }
    if (!shape.values.empty()) {
        add_values(context, shape);
        return;
    }
    for (const Schema *part : parts) {
        check_sayable(*part);
    }
    const auto may_be = [&](uint8_t types) { return (shape.types & types) != 0; };
    if (may_be(type::object)) {
        add_objects(context, shape);
    }
    if (may_be(type::array)) {
        add_arrays(context, shape);
    }
    if (may_be(type::string)) {
        add_strings(context, shape);
    }
    if (may_be(type::number)) {
        add_numbers(context, shape);
    }
    if (may_be(type::boolean)) {
        rules_.alternative(context.rule, Sequence().text("true"));
        rules_.alternative(context.rule, Sequence().text("false"));
    }
    if (may_be(type::null)) {
        rules_.alternative(context.rule, Sequence().text("null"));
    }
}

void Compiler::add_values(const Context &context, const Shape &shape) {
    std::vector<std::string> texts;
    std::set<std::string> known;
    for (const json &value : alternatives_.values(shape)) {
        if (!known.insert(canonical(value)).second) {
            continue;
        }
        if (!raw_) {
            if (const auto written = texts_.spelled(value)) {
                texts.push_back(*written);
            }
        } else if (value.is_string() && raw_->accepts_utf8(value.get_ref<const std::string &>())) {
            texts.push_back(value.get<std::string>());
        }
    }
    if (texts.empty()) {
        const Schema &from = *shape.values[0];
        const char *keyword = from.find("const") != nullptr ? "const" : "enum";
        const bool alone = shape.parts.size() == 1;
        contradict({context.rule, context.dispensable && !alone},
                   {from.pointer, keyword, "no value that it lists is valid under the other keywords", alone});
    }
    std::sort(texts.begin(), texts.end());
    rules_.alternative(context.rule, Sequence().rule(texts_.one_of(texts)));
}

void Compiler::add_numbers(const Context &context, const Shape &shape) {
    const NumberRange range = shape.numbers();
    if (range.unlimited()) {
        rules_.alternative(context.rule, Sequence().rule(range.integral ? texts_.any_integer() : texts_.any_number()));
        return;
    }
    const Automaton language = languages_.numbers(shape);
    if (language.empty()) {
        const auto [from, keyword] = shape.limit_of_numbers();
        const bool alone = shape.parts.size() == 1;
        contradict({context.rule, context.dispensable && !alone},
                   {from->pointer, std::string(keyword), "no number satisfies all of the limits", alone});
        return;
    }
    rules_.alternative(context.rule, Sequence().rule(texts_.plain(language)));
}

/** A pattern is found anywhere in a text. One that ends itself, but without a "$", was probably meant for the whole
 * text, and a model could not know that it may end there. Who writes a "^" knows what the lack of a "$" means. */
void Compiler::check_end(const Shape &shape, const Automaton &language) const {
    const bool limited = shape.max_length || shape.min_length.value > 0 || !shape.formats.empty();
    if (use_.arguments || use_.lenient || limited || shape.patterns.size() != 1 || language.universal()) {
        return;
    }
    const Schema &from = *shape.patterns[0];
    const auto &pattern = from.find("pattern")->get_ref<const std::string &>();
    if (pattern.starts_with('^')) {
        return;
    }
    const auto endless = [&](bool with_end) {
        std::vector<RegexPtr> parts = {std::make_shared<Regex>(Regex{Regex::Kind::begin, {}, {}}),
                                       parse_regex(pattern)};
        if (with_end) {
            parts.push_back(std::make_shared<Regex>(Regex{Regex::Kind::end, {}, {}}));
        }
        return !search_language(std::make_shared<Regex>(Regex{Regex::Kind::sequence, {}, std::move(parts)})).longest();
    };
    try {
        if (!endless(false) || endless(true)) {
            return;
        }
    } catch (const std::runtime_error &) { // it cannot be said with a "^" or a "$" more
        return;
    }
    refuse(from, "pattern",
           "the pattern " + quote(pattern) +
               " leaves open what follows: end it with \"$\" if nothing may, with "
               "\".*$\" if anything may, or set \"maxLength\"");
}

void Compiler::add_strings(const Context &context, const Shape &shape) {
    const bool any = shape.min_length.value == 0 && !shape.max_length && Languages::only_length(shape);
    if (any && !raw_) {
        rules_.alternative(context.rule, Sequence().rule(texts_.any_string()));
        return;
    }
    if (!raw_ && texts_.json_itself() && Languages::only_length(shape)) {
        const size_t most = shape.max_length ? shape.max_length->value : Symbol::unlimited;
        const Sequence inside = rules_.repeated(texts_.any_character(), shape.min_length.value, most);
        rules_.alternative(context.rule, Sequence().text("\"").then(inside).text("\""));
        return;
    }
    Automaton language = languages_.strings(shape);
    check_end(shape, language);
    language = raw_ ? minimal(intersection(language, *raw_)) : texts_.writable(language);
    if (language.empty()) {
        const bool limited = !shape.patterns.empty() || !shape.exclusions.empty() || !shape.formats.empty();
        if (!limited) { // what it may not be read as leaves nothing
            contradict({context.rule, true}, {shape.parts[0]->pointer, "type", "no string can be written here", false});
            return;
        }
        const bool patterned = !shape.patterns.empty();
        const bool excluded = !patterned && !shape.exclusions.empty();
        const Schema &from = patterned ? *shape.patterns[0] : excluded ? *shape.exclusions[0] : *shape.formats[0];
        const char *keyword = patterned ? "pattern" : excluded ? "not" : "format";
        const bool alone = shape.parts.size() == 1;
        contradict({context.rule, context.dispensable && !alone},
                   {from.pointer, keyword, "no string satisfies all of the limits", alone});
        return;
    }
    rules_.alternative(context.rule, Sequence().rule(raw_ ? texts_.plain(language) : texts_.string(language)));
}

} // namespace json_schema

} // namespace llmodel
