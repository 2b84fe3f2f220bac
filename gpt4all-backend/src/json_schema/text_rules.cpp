#include "text_rules.h"

#include "raw_text.h"
#include "regex.h"

#include <utility>

namespace llmodel::json_schema {

namespace {

constexpr size_t few_texts = 8;
constexpr const char *bare_names = R"(^[^:}\s][^:}]*$)"; // that are read to the colon, behind spaces
const CharSet digit_class = {{'0', '9'}};
const CharSet hex_class = {{'0', '9'}, {'A', 'F'}, {'a', 'f'}};

/** What a string of JSON holds as it is. DEL could stand there too, but is invisible. */
const CharSet unescaped_class = {{0x20, 0x21}, {0x23, 0x5B}, {0x5D, 0x7E}, {0x80, last_code_point}};

CharSet one(char32_t c) {
    return {{c, c}};
}

bool is_one(const CharSet &set) {
    return set.ranges().size() == 1 && set.ranges()[0].low == set.ranges()[0].high;
}

/** One character as it is. */
void add_plain(Sequence &to, const CharSet &set) {
    is_one(set) ? to.text(utf8_of(std::u32string(1, set.ranges()[0].low))) : to.set(set);
}

} // namespace

/** Makes a rule of each state, except for those that only one edge leads to and only one leaves. */
class AutomatonWriter {
  public:
    AutomatonWriter(TextRules &texts, const Automaton &automaton, std::string quote, bool escaped = false)
        : texts_(texts), automaton_(automaton), quote_(std::move(quote)), escaped_(escaped),
          ways_(automaton.states.size()), arrivals_(automaton.states.size(), 0),
          rule_of_(automaton.states.size(), none) {
        for (size_t i = 0; i < automaton.states.size(); ++i) {
            for (const Automaton::Edge &edge : automaton.states[i].edges) {
                ways_[i][edge.to].add(edge.on);
            }
            for (const auto &[to, on] : ways_[i]) {
                ++arrivals_[to];
            }
        }
    }

    RuleId write() {
        Sequence whole;
        whole.text(quote_);
        if (automaton_.empty()) {
            return texts_.rules_.add();
        }
        ++arrivals_[0];
        go_on(whole, 0);
        const RuleId made = texts_.rules_.add(std::move(whole));
        while (!waiting_.empty()) {
            const uint32_t state = waiting_.back();
            waiting_.pop_back();
            if (automaton_.states[state].accepting) {
                texts_.rules_.alternative(rule_of_[state], end());
            }
            for (const auto &[to, on] : ways_[state]) {
                Sequence sequence;
                add(sequence, on);
                go_on(sequence, to);
                texts_.rules_.alternative(rule_of_[state], std::move(sequence));
            }
        }
        return made;
    }

  private:
    static constexpr RuleId none = ~RuleId{0};

    Sequence end() const { return quote_.empty() ? Sequence() : Sequence().text(quote_); }

    void add(Sequence &to, const CharSet &set) {
        if (!escaped_ || set.intersection(unescaped_class) == set) {
            add_plain(to, set);
        } else {
            to.rule(texts_.character(set));
        }
    }

    void go_on(Sequence &sequence, uint32_t state) {
        const auto goes_one_way = [&](uint32_t at) {
            return !automaton_.states[at].accepting && ways_[at].size() == 1 && arrivals_[at] == 1;
        };
        while (goes_one_way(state)) {
            const auto &[to, on] = *ways_[state].begin();
            add(sequence, on);
            state = to;
        }
        if (automaton_.states[state].edges.empty()) {
            sequence.then(end());
            return;
        }
        if (rule_of_[state] == none) {
            rule_of_[state] = texts_.rules_.add();
            waiting_.push_back(state);
        }
        sequence.rule(rule_of_[state]);
    }

    TextRules &texts_;
    const Automaton &automaton_;
    std::string quote_;
    bool escaped_;
    std::vector<std::map<uint32_t, CharSet>> ways_;
    std::vector<size_t> arrivals_;
    std::vector<RuleId> rule_of_;
    std::vector<uint32_t> waiting_;
};

TextRules::TextRules(Rules &rules, const std::string &quote) : rules_(rules) {
    if (!quote.empty()) {
        quote_ = quote;
        inside_ = raw_texts({{quote}, {}});
        names_ = pattern_language(bare_names);
    }
}

Automaton TextRules::writable(const Automaton &automaton) const {
    return json_itself() ? automaton : minimal(intersection(automaton, *inside_));
}

std::optional<std::string> TextRules::name(const std::string &text) const {
    if (json_itself()) {
        return json(text).dump();
    }
    return names_->accepts_utf8(text) ? std::optional(text + ":") : std::nullopt;
}

RuleId TextRules::name(const Automaton &automaton) {
    if (json_itself()) {
        return automaton.universal() ? any_string() : string(minimal(automaton));
    }
    return rules_.add(Sequence().rule(plain(minimal(intersection(automaton, *names_)))).text(":"));
}

Sequence TextRules::colon() {
    return json_itself() ? Sequence().rule(space()).text(":").rule(space()) : Sequence(); // it ends the name
}

std::optional<std::string> TextRules::spelled(const json &value) const {
    if (json_itself() || !(value.is_structured() || value.is_string())) {
        return value.dump();
    }
    if (value.is_string()) {
        const auto &text = value.get_ref<const std::string &>();
        return inside_->accepts_utf8(text) ? std::optional(quote_ + text + quote_) : std::nullopt;
    }
    std::string made;
    for (const auto &[key, part] : value.items()) {
        const auto named = value.is_object() ? name(key) : std::optional<std::string>("");
        const auto written = spelled(part);
        if (!named || !written) {
            return std::nullopt;
        }
        made += (made.empty() ? "" : ",") + *named + *written;
    }
    return value.is_object() ? "{" + made + "}" : "[" + made + "]";
}

RuleId TextRules::plain(const Automaton &automaton) {
    return AutomatonWriter(*this, automaton, "").write();
}

RuleId TextRules::string(const Automaton &automaton) {
    auto [like, end] = strings_.equal_range(automaton.states.size());
    for (; like != end; ++like) {
        if (like->second.first == automaton) {
            return like->second.second;
        }
    }
    const RuleId rule = AutomatonWriter(*this, writable(automaton), quote_, json_itself()).write();
    strings_.emplace(automaton.states.size(), std::pair(automaton, rule));
    return rule;
}

RuleId TextRules::one_of(const std::vector<std::string> &texts) {
    if (texts.size() > few_texts) {
        const std::vector<std::string_view> views(texts.begin(), texts.end());
        return plain(minimal(json_schema::texts(views)));
    }
    const RuleId rule = rules_.add();
    for (const std::string &text : texts) {
        rules_.alternative(rule, Sequence().text(text));
    }
    return rule;
}

/** One of these characters as a string of JSON has it. */
RuleId TextRules::character(const CharSet &set) {
    const auto [found, added] = characters_.emplace(set, 0);
    if (!added) {
        return found->second;
    }
    const RuleId rule = found->second = rules_.add();
    if (const CharSet plain = set.intersection(unescaped_class); !plain.empty()) {
        Sequence sequence;
        add_plain(sequence, plain);
        rules_.alternative(rule, std::move(sequence));
    }
    CharSet letters; // of short escapes
    for (const auto &[c, letter] :
         {std::pair{'"', '"'}, {'\\', '\\'}, {'\b', 'b'}, {'\f', 'f'}, {'\n', 'n'}, {'\r', 'r'}, {'\t', 't'}}) {
        if (set.contains(static_cast<char32_t>(c))) {
            letters.add(CharRange{static_cast<char32_t>(letter), static_cast<char32_t>(letter)});
        }
    }
    if (!letters.empty()) {
        Sequence sequence;
        sequence.text("\\");
        add_plain(sequence, letters);
        rules_.alternative(rule, std::move(sequence));
    }
    for (const char32_t high : {0U, 1U, 7U}) { // the first digit of the others' numbers
        CharSet low;
        for (char32_t c = high * 16; c < high * 16 + 16; ++c) {
            const bool control = (c < 0x20 && (c < '\b' || c > '\r' || c == '\v')) || c == 0x7F;
            if (control && set.contains(c)) {
                const char32_t last = c % 16;
                low.add(one(last < 10 ? '0' + last : 'a' + last - 10));
                low.add(one(last < 10 ? '0' + last : 'A' + last - 10));
            }
        }
        if (!low.empty()) {
            rules_.alternative(rule, Sequence().text("\\u00" + std::to_string(high)).set(low));
        }
    }
    return rule;
}

template<typename Fill> RuleId TextRules::once(const char *name, const Fill &fill) {
    const auto [found, added] = named_.emplace(name, 0);
    if (added) {
        const RuleId rule = found->second = rules_.add();
        fill(rule);
        return rule;
    }
    return found->second;
}

RuleId TextRules::space() {
    return once("space", [&](RuleId rule) {
        rules_.alternative(rule, Sequence());
        if (!json_itself()) {
            return;
        }
        rules_.alternative(rule, Sequence().text(" "));
        rules_.alternative(rule, Sequence().set(one('\n'), 1, 2).set({{' ', ' '}, {'\t', '\t'}}, 0, 20));
    });
}

RuleId TextRules::any_character() {
    return once("character", [&](RuleId rule) {
        const CharSet not_d = {{'0', '9'}, {'A', 'C'}, {'E', 'F'}, {'a', 'c'}, {'e', 'f'}};
        const CharSet high = {{'8', '9'}, {'A', 'B'}, {'a', 'b'}}; // of a surrogate pair
        const CharSet low = {{'C', 'F'}, {'c', 'f'}};
        const CharSet d = {{'D', 'D'}, {'d', 'd'}};
        rules_.alternative(rule, Sequence().set(unescaped_class));
        const RuleId escape = rules_.add();
        rules_.alternative(rule, Sequence().text("\\").rule(escape));
        rules_.alternative(
            escape,
            Sequence().set({{'"', '"'}, {'\\', '\\'}, {'b', 'b'}, {'f', 'f'}, {'n', 'n'}, {'r', 'r'}, {'t', 't'}}));
        rules_.alternative(escape, Sequence().text("u").set(not_d).set(hex_class, 3, 3));
        rules_.alternative(escape, Sequence().text("u").set(d).set({{'0', '7'}}).set(hex_class, 2, 2));
        Sequence pair;
        pair.text("u").set(d).set(high).set(hex_class, 2, 2);
        rules_.alternative(escape, pair.text("\\u").set(d).set(low).set(hex_class, 2, 2));
    });
}

RuleId TextRules::any_string() {
    return once("string", [&](RuleId rule) {
        if (!json_itself()) {
            rules_.alternative(rule, Sequence().rule(string(any_text())));
            return;
        }
        rules_.alternative(rule, Sequence().text("\"").rule(any_character(), 0, Symbol::unlimited).text("\""));
    });
}

RuleId TextRules::any_integer() {
    return once("integer", [&](RuleId rule) {
        rules_.alternative(rule, Sequence().text("0"));
        rules_.alternative(rule, Sequence().set(one('-'), 0, 1).set({{'1', '9'}}).set(digit_class, 0, 15));
    });
}

RuleId TextRules::any_number() {
    return once("number", [&](RuleId rule) {
        const RuleId fraction = rules_.add(Sequence().text(".").set(digit_class, 1, 16));
        const RuleId exponent = rules_.add(
            Sequence().set({{'E', 'E'}, {'e', 'e'}}).set({{'+', '+'}, {'-', '-'}}, 0, 1).set(digit_class, 1, 2));
        const RuleId unsigned_number = rules_.add(Sequence().text("0").rule(fraction, 0, 1)); // 0e9 is but another 0
        Sequence large;
        large.set({{'1', '9'}}).set(digit_class, 0, 15).rule(fraction, 0, 1).rule(exponent, 0, 1);
        rules_.alternative(unsigned_number, large);
        rules_.alternative(rule, Sequence().set(one('-'), 0, 1).rule(unsigned_number));
    });
}

RuleId TextRules::any_object() {
    return once("object", [&](RuleId rule) {
        const RuleId member = rules_.add(Sequence().rule(name(any_text())).then(colon()).rule(any_value()));
        const RuleId more = rules_.add(Sequence().text(",").rule(space()).rule(member));
        const RuleId rest = rules_.add(Sequence().text("}"));
        rules_.alternative(rest, Sequence().rule(member).rule(more, 0, Symbol::unlimited).rule(space()).text("}"));
        rules_.alternative(rule, Sequence().text("{").rule(space()).rule(rest));
    });
}

RuleId TextRules::any_array() {
    return once("array", [&](RuleId rule) {
        const RuleId more = rules_.add(Sequence().text(",").rule(space()).rule(any_value()));
        const RuleId rest = rules_.add(Sequence().text("]"));
        rules_.alternative(rest, Sequence().rule(any_value()).rule(more, 0, Symbol::unlimited).rule(space()).text("]"));
        rules_.alternative(rule, Sequence().text("[").rule(space()).rule(rest));
    });
}

RuleId TextRules::any_value() {
    return once("value", [&](RuleId rule) {
        rules_.alternative(rule, Sequence().rule(any_object()));
        rules_.alternative(rule, Sequence().rule(any_array()));
        rules_.alternative(rule, Sequence().rule(any_string()));
        rules_.alternative(rule, Sequence().rule(any_number()));
        for (const char *word : {"true", "false", "null"}) {
            rules_.alternative(rule, Sequence().text(word));
        }
    });
}

} // namespace llmodel::json_schema
