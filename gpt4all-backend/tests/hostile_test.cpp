#include "api_fixture.h"

#include <gmock/gmock.h>

#include <ctime>
#include <fstream>

namespace {

using namespace api;

std::string repeat(const std::string &part, size_t times) {
    std::string text;
    text.reserve(part.size() * times);
    for (size_t i = 0; i < times; ++i) {
        text += part;
    }
    return text;
}

/** Seconds of computing: far more than anything here takes, and far less than what runs without end. */
constexpr double patience = sanitized ? 200 : 20;

/** Not by the clock on the wall, since other work on the machine does not count. */
template<typename Work> void in_time(const std::string &what, Work work) {
    const std::clock_t start = std::clock();
    work();
    EXPECT_LT(static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC, patience) << what;
}

/** The most memory that the process has had since forget_peak(), in KB; 0 where the system does not say. */
long peak_kb() {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with("VmHWM:")) {
            return std::stol(line.substr(6));
        }
    }
    return 0;
}

void forget_peak() {
    std::ofstream("/proc/self/clear_refs") << 5;
}

class Hostile : public testing::Test {
  protected:
    TinyLlama model;

    void expect(const char *operation, const json &request, llmodel_status status, const std::string &what) const {
        in_time(what, [&] {
            const Answer answer = model.run(operation, request);
            EXPECT_EQ(answer.status(), status) << what << ": " << answer.failure.message.substr(0, 500);
            EXPECT_LT(answer.failure.message.size(), 20000U) << what;
        });
        expect_works(model);
    }

    /** Text that need not be JSON. */
    Failure submit_text(const std::string &text, const char *operation = "complete") const {
        llmodel_task *task = nullptr;
        llmodel_error *error = nullptr;
        const llmodel_status status = llmodel_submit(model.get(), operation, text.c_str(), &task, &error);
        llmodel_task_free(task);
        return take(status, error);
    }
};

struct TemplateCase {
    const char *name;
    std::string source;

    friend void PrintTo(const TemplateCase &one, std::ostream *out) { *out << one.name; }
};

class HostileTemplate : public testing::TestWithParam<TemplateCase> {};

/** A template may be refused when the model is opened or when it is used, but is never obeyed. */
TEST_P(HostileTemplate, IsStopped) {
    if (sanitized && std::string_view(GetParam().name).ends_with("Recursion")) {
        GTEST_SKIP() << "a sanitizer walks the whole stack, tens of MB here, at each exception";
    }
    forget_peak();
    in_time(GetParam().name, [&] {
        json options = {{"n_ctx", 256}, {"n_parallel", 1}, {"chat_template", GetParam().source}};
        const std::string path = model_path("tiny-llama-f32.gguf");
        llmodel_model *model = nullptr;
        llmodel_error *error = nullptr;
        llmodel_status status = llmodel_open(path.c_str(), options.dump().c_str(), nullptr, nullptr, &model, &error);
        Failure failure = take(status, error);
        if (status == LLMODEL_OK) {
            llmodel_task *task = nullptr;
            EXPECT_EQ(llmodel_submit(model, "chat", chat("Hello").dump().c_str(), &task, nullptr), LLMODEL_OK);
            failure = Task(task, "chat").finish().failure;
        }
        EXPECT_EQ(failure.status, LLMODEL_TEMPLATE_ERROR) << failure.message.substr(0, 500);
        if (status == LLMODEL_OK) {
            llmodel_task *task = nullptr;
            const std::string request = complete("the", {{"max_tokens", 1}}).dump();
            EXPECT_EQ(llmodel_submit(model, "complete", request.c_str(), &task, nullptr), LLMODEL_OK);
            EXPECT_EQ(Task(task, "complete").finish().status(), LLMODEL_OK);
        }
        llmodel_close(model);
    });
    if (!sanitized) {
        EXPECT_LT(peak_kb(), 1L << 20) << "a gigabyte";
    }
}

/** Only in the request below and not in the trial conversations with which a template is opened: the limit is the same
 *  there, and to come to it is all that takes time here. */
std::string where_asked(const std::string &body) {
    return "{% if messages[-1].content == 'Hello' %}" + body + "{% endif %}";
}

/** As often as it takes to be stopped. */
std::string forever(const std::string &body) {
    return where_asked("{% set r = range(2000) %}{% for a in r %}{% for b in r %}{% for c in r %}" + body +
                       "{% endfor %}{% endfor %}{% endfor %}");
}

const std::string nesting = "{% for i in range(60) %}{% set ns.t = (ns.t, ns.t) %}{% endfor %}";
/** Small, but endless to whoever follows each way down. */
const std::string nested_tuples = "{% set ns = namespace(t=(1, 1)) %}" + nesting;
const std::string long_text = "{% set s = 'a' * 300000 %}{% set t = 'a' * 100000 ~ 'b' %}";
const std::string long_list = "{% set l = range(50000) | list %}";

INSTANTIATE_TEST_SUITE_P(
    Kinds, HostileTemplate,
    testing::Values(
        TemplateCase{"NestedLoops",
                     "{% for a in range(100000) %}{% for b in range(100000) %}{% for c in range(100000) %}"
                     "{% endfor %}{% endfor %}{% endfor %}"},
        TemplateCase{"LoopsOfText",
                     "{% for a in range(100000) %}{% for b in range(100000) %}x{% endfor %}{% endfor %}"},
        TemplateCase{"Recursion", "{% macro f(x) %}{{ f(x) }}{% endmacro %}{{ f(1) }}"},
        TemplateCase{"MutualRecursion",
                     where_asked("{% macro f(x) %}{{ g(x) }}{% endmacro %}{% macro g(x) %}{{ f(x) }}{% endmacro %}"
                                 "{{ f(1) }}")},
        TemplateCase{"ListRecursion", where_asked("{% set l = [] %}{% set _ = l.append(l) %}{{ '' ~ l }}")},
        TemplateCase{"ShownRecursion", where_asked("{% set l = [] %}{% set _ = l.append(l) %}{{ l }}")},
        TemplateCase{"JsonRecursion", where_asked("{% set ns = namespace() %}{% set ns.a = ns %}{{ ns | tojson }}")},
        TemplateCase{"Doubling", "{% set ns = namespace(s='xxxxxxxxxxxxxxxx') %}{% for i in range(100) %}"
                                 "{% set ns.s = ns.s + ns.s %}{% endfor %}{{ ns.s }}"},
        TemplateCase{"DoublingWithTilde", "{% set ns = namespace(s='xxxxxxxxxxxxxxxx') %}{% for i in range(100) %}"
                                          "{% set ns.s = ns.s ~ ns.s %}{% endfor %}{{ ns.s }}"},
        TemplateCase{"DoublingWithReplace",
                     "{% set ns = namespace(s='xxxxxxxx') %}{% for i in range(100) %}"
                     "{% set ns.s = ns.s | replace('x', 'xxxxxxxxxxxxxxxx') %}{% endfor %}{{ ns.s }}"},
        TemplateCase{"DoublingOfLists", "{% set ns = namespace(s=[1,2,3,4]) %}{% for i in range(100) %}"
                                        "{% set ns.s = ns.s + ns.s %}{% endfor %}{{ ns.s | length }}"},
        TemplateCase{"Parentheses", "{{ " + repeat("(", 100000) + "1" + repeat(")", 100000) + " }}"},
        TemplateCase{"FewerParentheses", "{{ " + repeat("(", 8000) + "1" + repeat(")", 7000) + " }}"},
        TemplateCase{"Brackets", "{{ " + repeat("[", 50000) + repeat("]", 50000) + " }}"},
        TemplateCase{"NestedBlocks", repeat("{% if true %}", 15000) + "x" + repeat("{% endif %}", 14999)},
        TemplateCase{"GiantRange", "{% for a in range(1000000000000) %}{% endfor %}"},
        TemplateCase{"RangeOfMegabytes", "{% for a in range(1000000) %}{% endfor %}"},
        TemplateCase{"GiantRangeAsList", "{{ range(100000000000) | list | length }}"},
        TemplateCase{"RepeatedString", "{{ 'x' * 100000000000 }}"},
        // one step after the other, each of which goes through much
        TemplateCase{"SharedInKeys", nested_tuples + "{{ {ns.t: 1} }}"},
        TemplateCase{"SharedInLookups", nested_tuples + "{% set d = {'a': 1} %}{{ d[ns.t] }}{{ ns.t in d }}"},
        TemplateCase{"SharedInEquality",
                     nested_tuples + "{% set a = ns.t %}{% set ns.t = (1, 1) %}" + nesting + "{{ a == ns.t }}"},
        TemplateCase{"SharedInJson", nested_tuples + "{{ ns.t | tojson }}"},
        TemplateCase{"SharedInText", nested_tuples + "{{ ns.t }}"},
        TemplateCase{"TextInText", long_text + forever("{% set x = (s[1:] ~ 'b') in (s ~ s) %}")},
        TemplateCase{"FindInText", long_text + forever("{% set x = (s ~ s).find(s[1:] ~ 'b') %}")},
        TemplateCase{"CountInText", long_text + forever("{% set x = (s ~ s).count(s[1:] ~ 'b') %}")},
        TemplateCase{"SplitsOfText", long_text + forever("{% set x = s.split(t) | length %}")},
        TemplateCase{"SplitsFromTheRight", long_text + forever("{% set x = s.rsplit(t) | length %}")},
        TemplateCase{"ReplacementsInText", long_text + forever("{% set x = s | replace(t, '') | length %}")},
        TemplateCase{"StripsOfText", long_text + forever("{% set x = s.strip(t[:-1] ~ 'x') %}")},
        TemplateCase{"CopiesOfText", long_text + forever("{% set x = s.startswith('y') %}")},
        TemplateCase{"CasesOfText", long_text + forever("{% set x = s is upper %}")},
        TemplateCase{"ComparisonsOfText", long_text + forever("{% set x = s == s %}{% set y = s < s %}")},
        TemplateCase{"KeysOfText", long_text + "{% set d = {s: 1} %}" + forever("{% set x = s in d %}")},
        TemplateCase{"CharactersOfText", long_text + forever("{% set x = s[-1] %}")},
        TemplateCase{"AttributesOfText", long_text + forever("{% set x = [1] | map(attribute=s) | list %}")},
        TemplateCase{"FormatsOfText", long_text + "{{ ('{0}' * 100000).format(s) }}"},
        TemplateCase{"InLists", long_list + forever("{% set x = -1 in l %}")},
        TemplateCase{"SlicesOfLists", long_list + forever("{% set x = l[1:] %}")},
        TemplateCase{"ReversedLists", long_list + forever("{% set x = l | reverse | first %}{% set y = l[::-1] %}")},
        TemplateCase{"SumsOfLists", long_list + forever("{% set x = l | sum %}")},
        TemplateCase{"ExtremesOfLists", long_list + forever("{% set x = l | max %}{% set y = l | min %}")},
        TemplateCase{"SortedLists", long_list + forever("{% set x = l | sort | first %}")},
        TemplateCase{"UniqueLists", long_list + forever("{% set x = l | unique | first %}")},
        TemplateCase{"CopiesOfLists", long_list + forever("{% set x = l | list | first %}{% set y = l + l %}")},
        TemplateCase{"EqualLists", long_list + "{% set m = l | list %}" + forever("{% set x = l == m %}")},
        TemplateCase{"ListsTakenFromTheFront", long_list + forever("{% set _ = l.append(l.pop(0)) %}")},
        TemplateCase{"LoopsThatEndAtOnce", long_list + forever("{% for x in l %}{% break %}{% endfor %}")},
        TemplateCase{"SelectsOfNothing", "{% set l = [0] * 50000 %}" + forever("{% set x = l | select | first %}")},
        TemplateCase{"MapsToNothing",
                     "{% set l = [1] * 50000 %}" + forever("{% set x = l | map(attribute=0) | first %}")},
        TemplateCase{"LongLoopVariable", "{% for " + repeat("n", 16000) + " in range(100000) %}x{% endfor %}"},
        TemplateCase{"SeparatorsInJson", long_text + long_list + "{{ l | tojson(separators=[s, s]) | length }}"},
        TemplateCase{"WideIndentationInJson",
                     "{% for i in range(100000) %}{{ [[[[1]]]] | tojson(indent=100000000) | length }}"
                     "{% endfor %}"},
        TemplateCase{"WidestIndentationInJson", "{{ [[1]] | tojson(indent=9223372036854775807) }}"},
        TemplateCase{"WideIndentation", "{{ ('x\n' * 10000) | indent(1000000000) | length }}"},
        TemplateCase{"DeepLists",
                     "{% set ns = namespace(l=[]) %}{% for i in range(100000) %}{% set ns.l = [[[[[ns.l]]]]] %}"
                     "{% endfor %}{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}"
                     "{% endfor %}"},
        TemplateCase{"DeepKeys",
                     "{% set ns = namespace(t=(1, 2)) %}{% for i in range(100000) %}{% set ns.t = (1, ns.t) %}"
                     "{% endfor %}{{ {ns.t: 1} }}"},
        TemplateCase{"Unclosed", "{% for m in messages %}{{ m.content }}"}, TemplateCase{"UnclosedTag", "{{ messages"},
        TemplateCase{"UnknownTag", "{% frobnicate %}"}, TemplateCase{"UnknownFunction", "{{ frobnicate(messages) }}"},
        TemplateCase{"Raises", "{{ raise_exception('not with me') }}"},
        TemplateCase{"RaisesAtSomeMessages", "{% for m in messages %}{% if m.content == 'Hello' %}"
                                             "{{ raise_exception('not that word') }}{% endif %}{{ m.content }}"
                                             "{% endfor %}"}),
    [](const auto &test) { return std::string(test.param.name); });

/** No hostility: some templates put the prompt together in a variable. */
TEST(LongConversation, IsRenderedByATemplateThatAddsUp) {
    const TinyLlama model(
        json{{"n_ctx", 256},
             {"chat_template", "{% set ns = namespace(s='') %}{% for m in messages %}"
                               "{% set ns.s = ns.s ~ m.role ~ ': ' %}{% set ns.s = ns.s ~ m.content %}"
                               "{% set ns.s = ns.s ~ '\n' %}{% endfor %}{{ ns.s }}"}});
    json messages = json::array();
    for (int i = 0; i < (sanitized ? 200 : 1000); ++i) {
        messages.push_back({{"role", i % 2 == 0 ? "user" : "assistant"}, {"content", repeat("It was nice. ", 25)}});
    }
    const Answer answer = model.run("apply_template", {{"messages", messages}});
    EXPECT_EQ(answer.status(), LLMODEL_OK) << answer.failure.message;
}

TEST_F(Hostile, Grammars) {
    const std::pair<const char *, std::string> grammars[] = {
        {"unparsable", "root ::= ("},
        {"no rule", "hello"},
        {"no root", "other ::= \"a\""},
        {"undefined rule", "root ::= missing"},
        {"left recursion", "root ::= root \"a\""},
        {"indirect left recursion", "root ::= a\na ::= b\nb ::= root \"x\""},
        {"very deep nesting", "root ::= " + repeat("(", 300000) + "\"a\"" + repeat(")", 300000)},
        {"huge repetitions of repetitions", "root ::= ((([a-z]{0,1000}){0,1000}){0,1000}){0,1000}"},
        {"unclosed string", "root ::= \"abc"},
        {"unclosed range", "root ::= [a-"},
        {"bad escape", "root ::= \"\\xZZ\""},
    };
    for (const auto &[what, grammar] : grammars) {
        expect("complete", complete("x", {{"grammar", grammar}}), LLMODEL_GRAMMAR_ERROR, what);
    }
}

TEST_F(Hostile, AmbiguousGrammarsDoNotExplode) {
    const std::string grammars[] = {
        "root ::= (\"a\" | \"a\" \"a\" | \"a\" \"a\" \"a\")*",
        "root ::= ((\"a\"?)*)*",
        "root ::= (\"a\"*)* (\"a\"*)* (\"a\"*)* \"b\"",
        "root ::= x x x x x x x x\nx ::= \"a\"? y\ny ::= \"a\"? z\nz ::= \"a\"?",
        "root ::= \"\"",
        "root ::= [a-z]{0,1000000}",
    };
    for (const std::string &grammar : grammars) {
        in_time(grammar, [&] {
            const Answer answer = model.run("complete", complete("x", {{"grammar", grammar}, {"max_tokens", 30}}));
            EXPECT_TRUE(answer.status() == LLMODEL_OK || answer.status() == LLMODEL_GRAMMAR_ERROR)
                << grammar << ": " << answer.failure.message;
        });
        expect_works(model);
    }
}

TEST_F(Hostile, Schemas) {
    json deep = {{"type", "integer"}};
    for (int i = 0; i < 20; ++i) {
        deep = {{"type", "object"}, {"properties", {{"a", deep}}}, {"required", {"a"}}};
    }
    const std::pair<const char *, json> schemas[] = {
        {"unresolvable reference", {{"$ref", "#/$defs/missing"}}},
        {"reference to a file", {{"$ref", "file:///etc/passwd"}}},
        {"reference to the network", {{"$ref", "https://example.com/schema.json"}}},
        {"reference to itself", {{"$ref", "#"}}},
        {"endless", {{"type", "object"}, {"properties", {{"a", {{"$ref", "#"}}}}}, {"required", {"a"}}}},
        {"references in a circle",
         {{"$ref", "#/$defs/a"}, {"$defs", {{"a", {{"$ref", "#/$defs/b"}}}, {"b", {{"$ref", "#/$defs/a"}}}}}}},
        {"unknown type", {{"type", "frobnicate"}}},
        {"bad pattern", {{"type", "string"}, {"pattern", "^(((($"}}},
        {"huge pattern", {{"type", "string"}, {"pattern", "^((((a{1,99}){1,99}){1,99}){1,99}){1,99}$"}}},
    };
    // large counts take few rules
    const json long_ones[] = {
        {{"type", "array"}, {"items", {{"type", "integer"}}}, {"minItems", 1000000}, {"maxItems", 2000000}},
        {{"type", "string"}, {"minLength", 1000000}},
    };
    for (const auto &[what, schema] : schemas) {
        expect("complete", complete("x", {{"json_schema", schema}}), LLMODEL_GRAMMAR_ERROR, what);
        expect("chat", chat("x", {{"json_schema", schema}}), LLMODEL_GRAMMAR_ERROR, what);
    }
    for (const json &schema : {deep, long_ones[0], long_ones[1]}) {
        EXPECT_EQ(model.run("complete", complete("x", {{"json_schema", schema}, {"max_tokens", 5}})).status(),
                  LLMODEL_OK);
    }
}

TEST_F(Hostile, HugeSchemas) {
    json wide = {{"type", "object"}, {"properties", json::object()}};
    json many = json::array();
    for (int i = 0; i < 5000; ++i) {
        wide["properties"]["key" + std::to_string(i)] = {{"type", "string"}};
        many.push_back("value" + std::to_string(i));
    }
    const json explosive = {{"type", "string"}, {"pattern", "^((((a{1,99}){1,99}){1,99}){1,99}){1,99}$"}};
    for (const json &schema : {wide, json{{"enum", many}}, explosive}) {
        in_time("huge schema", [&] {
            const Answer answer = model.run("complete", complete("x", {{"json_schema", schema}, {"max_tokens", 3}}));
            EXPECT_TRUE(answer.status() == LLMODEL_OK || answer.status() == LLMODEL_GRAMMAR_ERROR)
                << answer.failure.message.substr(0, 300);
        });
        expect_works(model);
    }
}

TEST_F(Hostile, Json) {
    const std::string texts[] = {
        "",
        " ",
        "{",
        "[]",
        "null",
        "1",
        "{\"prompt\": \"x\"} x",
        "{\"prompt\": \"\xFF\xFE\"}",
        "{\"prompt\": \"\xC0\xAF\"}",
        "{\"prompt\": \"\xED\xA0\x80\"}",
        "{\"prompt\": \"\\uD800\"}",
        "{\"prompt\": \"x\", \"prompt\": \"y\"}",
        "{\"prompt\": NaN}",
        "{\"prompt\": 'x'}",
        "{\"prompt\": \"x\", \"temperature\": 1e999}",
        "{\"prompt\": \"x\", \"frobnicate\": 1}",
        "{\"prompt\": \"x\", \"temperature\": \"hot\"}",
        "{\"prompt\": \"x\", \"temperature\": -1}",
        "{\"prompt\": \"x\", \"seed\": 1.5}",
        "{\"prompt\": \"x\", \"n\": 0}",
        "{\"prompt\": \"x\", \"n\": 99999999999999999999}",
        "{\"prompt\": {}}",
        "{\"prompt\": null}",
        "{\"prompt\": []}",
        "{\"prompt\": [[1]]}",
        "{\"prompt\": [-1]}",
        repeat("[", 1000000),
        repeat("{\"a\":", 100000),
        "{\"prompt\": \"x\" /* */}",
    };
    for (const std::string &text : texts) {
        const Failure failure = submit_text(text);
        if (failure.status == LLMODEL_OK) { // what only the vocabulary tells comes with the first event
            EXPECT_EQ(model.run("complete", json::parse(text)).status(), LLMODEL_INVALID_ARGUMENT) << text;
        } else {
            EXPECT_EQ(failure.status, LLMODEL_INVALID_ARGUMENT) << text.substr(0, 100);
        }
    }
    expect("complete", complete("x", {{"id_slot", 63}}), LLMODEL_NOT_FOUND, "a slot that is not there");
    expect_works(model);
    EXPECT_EQ(submit_text("{}", "frobnicate").status, LLMODEL_INVALID_ARGUMENT);
    EXPECT_EQ(submit_text("{}", "").status, LLMODEL_INVALID_ARGUMENT);
    EXPECT_THAT(submit_text("{\"prompt\": \"x\", \"temperatur\": 1}").message, testing::HasSubstr("temperature"));
}

TEST_F(Hostile, HugePrompts) {
    const size_t part = sanitized ? 10 : 1; // of the size, which a sanitizer takes ten times as long for
    const std::string prompt = repeat("the house is ", 800000 / part);
    expect("complete", complete(prompt), LLMODEL_CONTEXT_OVERFLOW, "10 MB of words");
    expect("chat", chat(prompt), LLMODEL_CONTEXT_OVERFLOW, "a message of 10 MB");
    expect("complete", complete(repeat("x", 10000000 / part)), LLMODEL_CONTEXT_OVERFLOW, "10 MB without a space");
}

TEST_F(Hostile, HugeConversations) {
    json messages = json::array();
    for (int i = 0; i < 100000; ++i) {
        messages.push_back({{"role", i % 2 == 0 ? "user" : "assistant"}, {"content", "hi"}});
    }
    expect("chat", {{"messages", messages}}, LLMODEL_INVALID_ARGUMENT, "100,000 messages");
    messages.erase(messages.begin() + (sanitized ? 1500 : 20000), messages.end());
    messages.push_back({{"role", "user"}, {"content", "hi"}});
    in_time("many messages", [&] {
        const Answer answer = model.run("chat", {{"messages", messages}});
        EXPECT_TRUE(answer.status() == LLMODEL_CONTEXT_OVERFLOW || answer.status() == LLMODEL_TEMPLATE_ERROR)
            << answer.failure.message;
    });
    expect_works(model);
}

TEST_F(Hostile, EmptyThings) {
    expect("chat", {{"messages", json::array()}}, LLMODEL_INVALID_ARGUMENT, "no messages");
    expect("chat", json::object(), LLMODEL_INVALID_ARGUMENT, "nothing");
    expect("complete", {{"prompt", json::array()}}, LLMODEL_INVALID_ARGUMENT, "no tokens");
    expect("complete", complete("", {{"max_tokens", 2}}), LLMODEL_OK, "an empty text begins with <s>");
    expect("chat", chat("", {{"max_tokens", 2}}), LLMODEL_OK, "an empty message");
    expect("complete", complete("x", {{"stop", ""}}), LLMODEL_INVALID_ARGUMENT, "an empty stop text");
    expect("embed", {{"input", json::array()}}, LLMODEL_INVALID_ARGUMENT, "no inputs");
    expect("tokenize", {{"content", ""}}, LLMODEL_OK, "an empty text");
}

TEST_F(Hostile, AssistantsInARow) {
    const json messages = {{{"role", "user"}, {"content", "a"}},
                           {{"role", "assistant"}, {"content", "b"}},
                           {{"role", "assistant"}, {"content", "c"}}};
    const Answer answer = model.run("chat", {{"messages", messages}, {"max_tokens", 2}});
    EXPECT_TRUE(answer.status() == LLMODEL_OK || answer.status() == LLMODEL_INVALID_ARGUMENT) << answer.failure.message;
    expect_works(model);
}

} // namespace
