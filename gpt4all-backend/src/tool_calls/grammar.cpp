#include "tool_calls/grammar.h"

#include "json-schema-to-grammar.h"
#include "peg-parser.h"

#include <mutex>
#include <string>
#include <vector>

namespace llmodel {

namespace {

thread_local CallGrammar *current = nullptr;

} // namespace

/** What llama.cpp calls. */
struct CallGrammarHook {
    static bool make(const common_peg_arena &parser, const common_grammar_builder &builder,
                     const std::vector<common_peg_parser_id> *triggers) {
        if (current == nullptr || (triggers == nullptr && !current->required_)) {
            return false; // of an answer that need not have a call
        }
        tool_calls::Translator translator(parser, builder, current->tools_, current->wanted_);
        if (!translator.reads_calls()) {
            return false;
        }
        try {
            triggers != nullptr ? translator.write_triggered(*triggers) : translator.write_root();
        } catch (const Error &) {
            current->failure_ = std::current_exception();
            throw;
        }
        current->made_ = true;
        return true;
    }
};

CallGrammar::CallGrammar(const json &request)
    : wanted_({request.value("parallel_tool_calls", true), request.value("reasoning_format", "") == "none"}),
      outer_(current) {
    const json choice = request.value("tool_choice", json("auto"));
    required_ = choice != "auto" && choice != "none";
    size_t index = 0;
    for (const json &tool : request.value("tools", json::array())) {
        const json &function = tool.at("function");
        tools_.emplace(function.at("name").get<std::string>(), tool_calls::Tool(index++, function));
    }
    static std::once_flag once;
    std::call_once(once, [] { common_peg_grammar = CallGrammarHook::make; });
    current = this;
}

CallGrammar::~CallGrammar() {
    current = outer_;
}

void CallGrammar::rethrow() const {
    if (failure_) {
        std::rethrow_exception(failure_);
    }
}

} // namespace llmodel
