#include "alternatives.h"

#include "json/utf8.h"

#include <algorithm>
#include <utility>

namespace llmodel::json_schema {

namespace {

constexpr size_t max_ways = 1000;
constexpr int max_probes = 20000; // for two schemas
constexpr size_t max_overlaps = 1000;
constexpr int deepest_probe = 6;

} // namespace

void Alternatives::add(Way &way, const Schema &schema, const Schema *from) {
    if (schema.value.is_boolean()) {
        way.impossible = way.impossible || schema.is(false);
        return;
    }
    if (!way.reached_from.emplace(&schema, from).second) {
        for (const Schema *before = from; before != nullptr; before = way.reached_from.at(before)) {
            if (before == &schema) {
                refuse(schema, "$ref", "its target is a chain of references that leads back to itself");
            }
        }
        return;
    }
    check_keywords(schema);
    way.parts.push_back(&schema);
    for (const Schema *target : document_.targets(schema)) {
        add(way, *target, &schema);
    }
    if (const Schema *linked = document_.linked(schema)) {
        add(way, *linked, &schema);
    }
    if (const json *all = schema.find("allOf")) {
        for (size_t i = 0; i < all->size(); ++i) {
            add(way, document_.child(schema, "allOf", std::to_string(i), all->at(i)), &schema);
        }
    }
    for (const char *keyword : {"anyOf", "oneOf"}) {
        if (schema.find(keyword) != nullptr) {
            way.open.push_back({&schema, keyword});
        }
    }
    if (schema.find("dependentRequired") != nullptr) {
        add_dependents(way, schema);
    }
}

void Alternatives::add_dependents(Way &way, const Schema &schema) {
    const auto [found, added] = dependents_.try_emplace(&schema);
    if (added) {
        for (const auto &[name, needs] : schema.find("dependentRequired")->items()) {
            const json without = {{"properties", json::object({{name, false}})}};
            const json with = {{"required", needs}};
            const json either = {{"anyOf", json::array({without, with})}};
            found->second.push_back(
                &document_.meant(schema, either, &document_.condition(schema, "dependentRequired")));
        }
    }
    for (const Schema *either : found->second) {
        add(way, *either, &schema);
    }
}

Schemas Alternatives::options(const Choice &choice) {
    const json &list = *choice.schema->find(choice.keyword);
    Schemas options;
    for (size_t i = 0; i < list.size(); ++i) {
        options.push_back(&document_.child(*choice.schema, choice.keyword, std::to_string(i), list[i]));
    }
    return options;
}

/** Adds what the conditions of a way's parts mean. Returns whether there were any. Values that are listed need none:
 * each can be tried. */
bool Alternatives::settle(Way &way) {
    const auto lists_values = [](const Schema *part) {
        return part->find("const") != nullptr || part->find("enum") != nullptr;
    };
    const size_t before = way.reached_from.size();
    while (way.settled < way.parts.size() && std::none_of(way.parts.begin(), way.parts.end(), lists_values)) {
        const Schema &part = *way.parts[way.settled++];
        for (const Schema *condition : conditions_.of(part)) {
            add(way, *condition, &part);
        }
    }
    return way.reached_from.size() > before || way.impossible;
}

void Alternatives::choose(Way way, size_t next, bool probing, std::vector<Schemas> &ways, std::vector<Reach> *reaches) {
    choices_ -= probing ? 0 : 1 + static_cast<int>((way.parts.size() + way.open.size()) / 16);
    if (probing ? --probes_ < 0 : choices_ < 0) {
        if (!probing) {
            refuse_for_grammar(way.open.empty() ? *way.parts[0] : *way.open[0].schema,
                               way.open.empty() ? "" : way.open[0].keyword,
                               "there are too many ways to try to satisfy it; use a smaller schema");
        }
        return;
    }
    if (next == way.open.size() && !way.impossible && settle(way)) {
        choose(std::move(way), next, probing, ways, reaches);
        return;
    }
    if (way.impossible) {
        return;
    }
    if (next == way.open.size()) {
        if (ways.size() == max_ways) {
            refuse_for_grammar(next == 0 ? *way.parts[0] : *way.open[0].schema, next == 0 ? "" : way.open[0].keyword,
                               "there are more than " + std::to_string(max_ways) + " ways to satisfy it");
        }
        ways.push_back(std::move(way.parts));
        if (reaches != nullptr) {
            reaches->push_back(std::move(way.reached_from));
        }
        return;
    }
    const Choice choice = way.open[next];
    const Schemas options = this->options(choice);
    const bool excludes = choice.keyword == "oneOf" && !probing && !choice.schema->leaves_out("oneOf");
    const std::vector<Schemas> others =
        excludes ? overlaps(choice, options, way.parts) : std::vector<Schemas>(options.size());
    for (size_t i = 0; i < options.size(); ++i) {
        Way taken = way;
        add(taken, *options[i], choice.schema);
        for (const Schema *other : others[i]) {
            add(taken, opposite_of_option(choice, *options[i], *other), choice.schema);
        }
        choose(std::move(taken), next + 1, probing, ways, reaches);
    }
}

std::vector<Schemas> Alternatives::of(const Schemas &schemas, std::vector<Reach> *reaches) {
    Way way;
    for (const Schema *schema : schemas) {
        add(way, *schema, nullptr);
    }
    std::vector<Schemas> ways;
    choose(std::move(way), 0, false, ways, reaches);
    return ways;
}

std::vector<json> Alternatives::values(const Shape &shape, bool probing) {
    const Schema &first = *shape.values[0];
    const json *listed = first.find("enum");
    std::vector<json> values;
    for (const json &value : first.find("const") != nullptr ? json::array({*first.find("const")}) : *listed) {
        if (std::all_of(shape.parts.begin(), shape.parts.end(), [&](const Schema *part) {
                return probing ? acceptance_.accepts_directly(*part, value) : acceptance_.accepts(*part, value);
            })) {
            values.push_back(value);
        }
    }
    return values;
}

const Schema &Alternatives::opposite_of_option(const Choice &choice, const Schema &option, const Schema &other) {
    try {
        return conditions_.opposite(other, *choice.schema, "oneOf");
    } catch (const Error &error) {
        const auto index = [](const Schema &schema) { return schema.pointer.substr(schema.pointer.rfind('/') + 1); };
        refuse_for_grammar(
            *choice.schema, "oneOf",
            "a value might be valid under two of the schemas, " + index(option) + " and " + index(other) +
                ", and a grammar cannot say when it is not: " + error.detail().value("keyword", std::string()) +
                " at " + error.detail().value("pointer", std::string()) +
                " is in the way; use \"anyOf\", or give each a required property with a \"const\" of its own");
    }
}

/** For each of the schemas of a "oneOf", those that might hold of the same values. */
std::vector<Schemas> Alternatives::overlaps(const Choice &choice, const Schemas &options, const Schemas &beside) {
    std::vector<Schemas> others(options.size());
    if (known_apart_.count(choice.schema) != 0) {
        return others;
    }
    bool without_others = true;
    size_t overlapping = 0;
    std::vector<Tags> tags;
    for (const Schema *option : options) {
        tags.push_back(tags_of(document_, *option));
    }
    for (size_t i = 0; i < options.size(); ++i) {
        for (size_t j = 0; j < i; ++j) {
            if (json_schema::apart(tags[i], tags[j]) || apart(*options[i], *options[j], {})) {
                continue;
            }
            without_others = false;
            if (!apart(*options[i], *options[j], beside)) {
                others[i].push_back(options[j]);
                others[j].push_back(options[i]);
                if (++overlapping > max_overlaps) {
                    refuse_for_grammar(
                        *choice.schema, "oneOf",
                        "more than " + std::to_string(max_overlaps) +
                            " pairs of its schemas might hold of the same value; use \"anyOf\", or give each a "
                            "required property with a \"const\" of its own");
                }
            }
        }
    }
    if (without_others) {
        known_apart_.insert(choice.schema);
    }
    return others;
}

bool Alternatives::apart(const Schema &a, const Schema &b, const Schemas &beside) {
    const int most = std::min(max_probes, all_probes_);
    probes_ = most;
    const bool none = none_satisfies({&a, &b}, beside, 0);
    all_probes_ -= most - std::max(probes_, 0);
    return none;
}

/** Whether it is certain that no value satisfies all of the schemas. */
bool Alternatives::none_satisfies(const Schemas &schemas, const Schemas &beside, int depth) {
    if (depth > deepest_probe || --probes_ < 0) {
        return false;
    }
    try {
        Way way;
        way.parts = beside;
        for (const Schema *schema : beside) {
            way.reached_from.emplace(schema, nullptr);
        }
        for (const Schema *schema : schemas) {
            add(way, *schema, nullptr);
        }
        std::vector<Schemas> ways;
        choose(std::move(way), 0, true, ways, nullptr);
        return probes_ >= 0 &&
               std::all_of(ways.begin(), ways.end(), [&](const Schemas &parts) { return impossible(parts, depth); });
    } catch (const Error &) {
        return false; // what is wrong is told where it is compiled
    }
}

bool Alternatives::impossible(const Schemas &parts, int depth) {
    if (--probes_ < 0) {
        return false;
    }
    std::optional<Contradiction> why;
    const Shape shape = merge(parts, why);
    if (why) {
        return true;
    }
    if (!shape.values.empty()) {
        return values(shape, true).empty(); // not by the "oneOf" itself for which it is asked
    }
    for (const uint8_t of : {type::null, type::boolean, type::number, type::string, type::array, type::object}) {
        if ((shape.types & of) != 0 && !impossible_type(shape, of, depth)) {
            return false;
        }
    }
    return true;
}

bool Alternatives::impossible_type(const Shape &shape, uint8_t of, int depth) {
    switch (of) {
    case type::number:
        return !shape.numbers().unlimited() && languages_.numbers(shape).empty();
    case type::string:
        return !Languages::only_length(shape) && languages_.strings(shape).empty();
    case type::array:
        for (size_t i = 0; i < std::min<size_t>(shape.min_items.value, children_.prefix(shape.parts) + 1); ++i) {
            if (none_satisfies(children_.of_item(shape, i), {}, depth + 1)) {
                return true;
            }
        }
        return false;
    case type::object:
        return std::any_of(shape.required.begin(), shape.required.end(), [&](const Limit<std::string> &name) {
            return none_satisfies(children_.of_property(shape, name.value), {}, depth + 1);
        });
    default:
        return false;
    }
}

} // namespace llmodel::json_schema
