#include "grammar/budget.h"

#include "error.h"
#include "grammar/marks.h"
#include "grammar/masks.h"
#include "grammar/repetition.h"
#include "llama-grammar.h"
#include "platform/stack.h"

#include <cstdint>
#include <mutex>
#include <string>
#include <utility>

namespace llmodel {

namespace {

// Of 8 bytes, in two copies; the names of rules come on top.
constexpr size_t max_elements = size_t{1} << 20;

// A comparison of a character costs one, each way to read the text that is followed up some hundreds: a second at most.
// With a vocabulary of 256,000 tokens an enum of 500 strings takes a quarter of it, any JSON a fortieth.
constexpr size_t max_work = size_t{1} << 29;

struct Budget {
    llama_grammar_phase phase = LLAMA_GRAMMAR_PARSE;
    size_t left = 0;
    int checks = 0;
    StackBounds stack;
};
thread_local Budget budget;

[[noreturn]] void stop(const std::string &why, json detail) {
    throw Error(LLMODEL_GRAMMAR_ERROR, std::string(grammar_stopped) + why, std::move(detail));
}

void begin(llama_grammar_phase phase) {
    budget.phase = phase;
    budget.left = phase == LLAMA_GRAMMAR_PARSE ? max_elements : max_work;
    if (budget.stack.size == 0) {
        budget.stack = stack_of_this_thread();
    }
}

void spend(size_t work) {
    if (work > budget.left) {
        if (budget.phase == LLAMA_GRAMMAR_PARSE) {
            stop("with its repetitions written out, it has more than " + std::to_string(max_elements) +
                     " elements: use fewer or shorter ones",
                 {{"limit", max_elements}});
        }
        stop("it can match the text in too many ways; make its rules less ambiguous", {{"limit", max_work}});
    }
    budget.left -= work;
    const size_t reserve = budget.checks > 0 ? budget.stack.size / 2 : budget.stack.size / 4;
    if (stack_position() < budget.stack.lowest + reserve) {
        stop("its rules are nested too deeply", json::object());
    }
}

} // namespace

void bound_grammars() {
    static std::once_flag once;
    follow_marks();
    mask_by_states();
    std::call_once(once, [] {
        llama_grammar_hooks.begin = begin;
        llama_grammar_hooks.spend = spend;
        llama_grammar_hooks.repeat = repeat;
    });
}

GrammarCheck::GrammarCheck() {
    ++budget.checks;
}

GrammarCheck::~GrammarCheck() {
    --budget.checks;
}

void GrammarCheck::begin_parsing() {
    begin(LLAMA_GRAMMAR_PARSE);
}

} // namespace llmodel
