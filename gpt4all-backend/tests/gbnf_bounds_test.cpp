#include "error.h"
#include "grammar/budget.h"
#include "grammar/left_recursion.h"
#include "llama-grammar.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace llmodel;

struct Parsed {
    explicit Parsed(const std::string &text) {
        bound_grammars();
        GrammarCheck::begin_parsing();
        good = parser.parse(text.c_str());
    }
    llama_grammar_parser parser;
    bool good = false;
};

/** A grammar that texts can be held against, a character at a time. */
class Reader {
  public:
    explicit Reader(const std::string &text) : parsed_(text) {
        EXPECT_TRUE(parsed_.good) << text;
        rules_ = parsed_.parser.c_rules();
    }

    bool matches(const std::string &text) {
        const Grammar grammar = begin();
        read(*grammar, text);
        return is_at_end(*grammar);
    }

    /** For each number of times below `count`: whether the item that often, and then the end, is matched. */
    std::vector<bool> matches_repeated(const std::string &item, const std::string &end, size_t count) {
        std::vector<bool> matched;
        const Grammar grammar = begin();
        while (matched.size() < count) {
            const Grammar ended(llama_grammar_clone_impl(*grammar), llama_grammar_free_impl);
            read(*ended, end);
            matched.push_back(is_at_end(*ended));
            read(*grammar, item);
        }
        return matched;
    }

    size_t rules() const { return rules_.size(); }

  private:
    using Grammar = std::unique_ptr<llama_grammar, decltype(&llama_grammar_free_impl)>;

    Grammar begin() {
        return {llama_grammar_init_impl(nullptr, rules_.data(), rules_.size(), parsed_.parser.symbol_ids.at("root")),
                llama_grammar_free_impl};
    }

    static void read(llama_grammar &grammar, const std::string &text) {
        for (const char c : text) {
            llama_grammar_accept(&grammar, static_cast<uint32_t>(c));
        }
    }

    static bool is_at_end(llama_grammar &grammar) {
        const llama_grammar_stacks &stacks = llama_grammar_get_stacks(&grammar);
        return std::ranges::any_of(stacks, [](const auto &stack) { return stack.empty(); });
    }

    Parsed parsed_;
    std::vector<const llama_grammar_element *> rules_;
};

std::string repeated(const std::string &what, size_t times) {
    std::string text;
    for (size_t i = 0; i < times; ++i) {
        text += what;
    }
    return text;
}

TEST(GbnfRepetition, AllowsAsManyAsItSays) {
    constexpr size_t any = std::numeric_limits<size_t>::max();
    for (const auto &[least, most] : std::vector<std::pair<size_t, size_t>>{{0, 64},
                                                                            {0, 65},
                                                                            {0, 99},
                                                                            {0, 100},
                                                                            {0, 101},
                                                                            {1, 90},
                                                                            {65, 65},
                                                                            {66, any},
                                                                            {100, any},
                                                                            {70, 71},
                                                                            {128, 300},
                                                                            {3, 3}}) {
        for (const std::string item : {"a", "ab"}) {
            const std::string upper = most == any ? "" : std::to_string(most);
            const std::string bounds = std::to_string(least).append(",").append(upper);
            Reader reader(std::string("root ::= \"").append(item).append("\"{").append(bounds).append("} \".\""));
            const std::vector<bool> matched = reader.matches_repeated(item, ".", 310);
            for (size_t count = 0; count < matched.size(); ++count) {
                ASSERT_EQ(matched[count], least <= count && count <= most)
                    << item << " " << count << " times for {" << bounds << "}";
            }
        }
    }
}

TEST(GbnfRepetition, AlternativesAndNestedOnes) {
    Reader reader("root ::= (\"a\" | [b-c] \"d\"){2,80} | ((\"x\"{10}){10}){10}");
    EXPECT_FALSE(reader.matches("a"));
    EXPECT_TRUE(reader.matches(repeated("bda", 40)));
    EXPECT_FALSE(reader.matches(repeated("bda", 40) + "a"));
    EXPECT_TRUE(reader.matches(std::string(1000, 'x')));
    EXPECT_FALSE(reader.matches(std::string(999, 'x')));
}

TEST(GbnfRepetition, TakesTheSquareRootOfItsCount) {
    EXPECT_LT(Reader("root ::= [a-z]{0,1000000}").rules(), 4000U);
    EXPECT_LT(Reader("root ::= [a-z]{1000000}").rules(), 100U);
    EXPECT_TRUE(Reader("root ::= [a-z]{0,100000}").matches(std::string(3000, 'q')));
}

TEST(GbnfRepetition, ThatContradictsItselfIsRefused) {
    for (const char *grammar : {"root ::= \"a\"{3,2}", "root ::= (\"a\" | \"b\"){1,0}", "root ::= [a-z]{2000,0}",
                                "root ::= \"a\"{18446744073709551614,3}"}) {
        EXPECT_FALSE(Parsed(grammar).good) << grammar;
    }
    EXPECT_TRUE(Parsed("root ::= \"a\"{0,0} \"b\"{2,2}").good);
}

TEST(GbnfBounds, RulesBeyondNumberAreRefused) {
    EXPECT_TRUE(Parsed("root ::= \"a\"{0,16000000}").good);
    EXPECT_FALSE(Parsed("root ::= " + repeated("\"a\"{0,16000000} ", 8)).good);
    EXPECT_FALSE(Parsed("root ::= \"a\"{1000000000000}").good);
    EXPECT_FALSE(Parsed("root ::= \"a\"" + repeated("{1,1000}", 40)).good);
    const std::string name(50'000, 'n'); // given to each rule that is made for it
    EXPECT_FALSE(Parsed(name + " ::= " + repeated("(\"a\"?)", 500) + "\nroot ::= " + name).good);
}

TEST(GbnfBounds, GroupsBeyondTheStackAreRefused) {
    EXPECT_TRUE(Parsed("root ::= " + repeated("(", 400) + "\"a\"" + repeated(")", 400)).good);
    EXPECT_FALSE(Parsed("root ::= " + repeated("(", 400'000) + "\"a\"" + repeated(")", 400'000)).good);
}

TEST(GbnfBounds, ALongChainOfRulesIsRefusedAtMost) {
    std::string chain = "root ::= r0\n";
    for (int i = 0; i < 40'000; ++i) {
        chain += "r" + std::to_string(i) + " ::= r" + std::to_string(i + 1) + "\n";
    }
    Parsed parsed(chain + "r40000 ::= \"a\"\n");
    ASSERT_TRUE(parsed.good);
    EXPECT_FALSE(left_recursive_rule(parsed.parser.rules, Recursion::Growing));
    auto rules = parsed.parser.c_rules();
    try {
        llama_grammar_free_impl(llama_grammar_init_impl(nullptr, rules.data(), rules.size(), 0));
    } catch (const Error &error) {
        EXPECT_EQ(error.status(), LLMODEL_GRAMMAR_ERROR);
    }
}

TEST(GbnfBounds, RulesThatShareOthersAreFollowedOnce) {
    std::string grammar = "root ::= r0\n";
    for (int i = 0; i < 60; ++i) {
        const std::string next = "r" + std::to_string(i + 1);
        grammar.append("r").append(std::to_string(i)).append(" ::= \"x\" | ");
        grammar.append(next).append(" \"y\" | ").append(next).append(" \"z\"\n");
    }
    Parsed parsed(grammar + "r60 ::= \"w\"\n");
    ASSERT_TRUE(parsed.good);
    auto rules = parsed.parser.c_rules();
    EXPECT_THROW(llama_grammar_free_impl(llama_grammar_init_impl(nullptr, rules.data(), rules.size(), 0)), Error)
        << "2^60 ways to begin";
}

TEST(GbnfBounds, WaysToReadATextAreBounded) {
    Reader reader("root ::= x\nx ::= \"a\" x \"b\" | \"a\" x \"c\" | \"a\"");
    EXPECT_TRUE(reader.matches("aaabc"));
    try {
        reader.matches(std::string(40, 'a'));
        FAIL() << "2^39 ways to read it";
    } catch (const Error &error) {
        EXPECT_EQ(error.status(), LLMODEL_GRAMMAR_ERROR);
        EXPECT_TRUE(std::string(error.what()).starts_with(grammar_stopped)) << error.what();
    }
}

TEST(GbnfLeftRecursion, IsFoundBehindWhatMayBeEmpty) {
    for (const char *grammar : {
             "root ::= root \"a\" | \"b\"",
             "root ::= e root \"a\" | \"b\"\ne ::= f\nf ::= \"\"",
             "root ::= e e root \"a\" | \"b\"\ne ::= f | \"q\"\nf ::= g?\ng ::= \"z\"",
             "root ::= a \"x\"\na ::= b \"y\" | \"p\"\nb ::= c \"z\"\nc ::= e a\ne ::= (\"w\" | \"v\")*",
             "root ::= (\"a\"? root \"b\" | \"c\")*",
             "root ::= \"(\" v \")\"\nv ::= s v s | \"1\"\ns ::= \" \"*",
         }) {
        const Parsed parsed(grammar);
        ASSERT_TRUE(parsed.good) << grammar;
        EXPECT_TRUE(left_recursive_rule(parsed.parser.rules, Recursion::Growing)) << grammar;
    }
}

TEST(GbnfLeftRecursion, IsNotSeenWhereThereIsNone) {
    for (const char *grammar : {
             "root ::= (\"a\"? \"b\"?)* \"c\"",
             "root ::= ((\"a\"?)* (\"b\"*)?)* \"c\"",
             "root ::= \"a\" root \"b\" | \"c\"",
             "root ::= e \"a\" root | \"c\"\ne ::= \" \"*",
             ("root ::= v\nv ::= o | \"1\"\no ::= \"{\" s (v (\",\" s v)*)? s \"}\" s\n"
              "s ::= | \" \" | \"\\n\"{1,2} [ \\t]{0,20}"),
         }) {
        const Parsed parsed(grammar);
        ASSERT_TRUE(parsed.good) << grammar;
        EXPECT_FALSE(left_recursive_rule(parsed.parser.rules, Recursion::Growing)) << grammar;
        EXPECT_TRUE(Reader(grammar).matches(grammar[9] == 'v'    ? "{1, 1}"
                                            : grammar[10] == 'a' ? "acb"
                                                                 : "c"))
            << grammar;
    }
}

} // namespace
