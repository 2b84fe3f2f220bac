#include "grammar/budget.h"

#include "error.h"
#include "grammar/repetition.h"
#include "llama-grammar.h"

#include <cstdint>
#include <mutex>
#include <pthread.h>
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
    uintptr_t stack_base = 0;
    size_t stack_size = 0;
};
thread_local Budget budget;

void find_stack() {
    pthread_attr_t attributes;
    if (budget.stack_size != 0 || pthread_getattr_np(pthread_self(), &attributes) != 0) {
        return;
    }
    void *base = nullptr;
    pthread_attr_getstack(&attributes, &base, &budget.stack_size);
    pthread_attr_destroy(&attributes);
    budget.stack_base = reinterpret_cast<uintptr_t>(base);
}

[[noreturn]] void stop(const std::string &why, json detail) {
    throw Error(LLMODEL_GRAMMAR_ERROR, std::string(grammar_stopped) + why, std::move(detail));
}

void begin(llama_grammar_phase phase) {
    budget.phase = phase;
    budget.left = phase == LLAMA_GRAMMAR_PARSE ? max_elements : max_work;
    find_stack();
}

void spend(size_t work) {
    if (work > budget.left) {
        if (budget.phase == LLAMA_GRAMMAR_PARSE) {
            stop("with its repetitions written out it has more than " + std::to_string(max_elements) +
                     " elements: use fewer or shorter ones",
                 {{"limit", max_elements}});
        }
        stop("there are too many ways to read the text by it: make its rules less ambiguous", {{"limit", max_work}});
    }
    budget.left -= work;
    // not the address of a variable, which the address sanitizer may keep elsewhere
    const auto here = reinterpret_cast<uintptr_t>(__builtin_frame_address(0));
    const size_t reserve = budget.checks > 0 ? budget.stack_size / 2 : budget.stack_size / 4;
    if (here < budget.stack_base + reserve) {
        stop("its rules are nested too deeply", json::object());
    }
}

} // namespace

void bound_grammars() {
    static std::once_flag once;
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
