#pragma once

#include "tool_calls/tool.h"
#include "tool_calls/translator.h"

#include <exception>
#include <map>
#include <string>

namespace llmodel {

/** While one lives, llama.cpp's grammars of the calls of a chat request on this thread are made by us: as required as
 *  the request says, no more calls than it says, and arguments that keep their schemas however they are written. */
class CallGrammar {
  public:
    explicit CallGrammar(const json &request);
    ~CallGrammar();
    CallGrammar(const CallGrammar &) = delete;
    CallGrammar &operator=(const CallGrammar &) = delete;

    /** Throws the Error that no grammar was made for; llama.cpp takes all exceptions for faults of the template. */
    void rethrow() const;

    /** Whether there was a grammar to be made: the template's format of calls is known. */
    bool made() const { return made_; }

  private:
    friend struct CallGrammarHook;

    std::map<std::string, tool_calls::Tool> tools_;
    tool_calls::Wanted wanted_;
    bool required_ = false;
    std::exception_ptr failure_;
    bool made_ = false;
    CallGrammar *outer_;
};

} // namespace llmodel
