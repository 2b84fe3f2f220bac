#pragma once

#include <cstddef>
#include <string_view>

namespace llmodel {

/** How every message begins that says why a grammar was stopped while a model wrote by it. */
inline constexpr std::string_view grammar_stopped = "the grammar was stopped: ";

/** Bounds what llama.cpp does for grammars from now on, on every thread: the elements that one turns into when its
 * repetitions are written out, the work for each token, and how deep its rules are followed. What goes beyond is an
 * Error(LLMODEL_GRAMMAR_ERROR) from within llama.cpp. */
void bound_grammars();

/** While one lives, a grammar that is parsed on this thread has less of the stack than those that the engine parses, so
 * that what passes here passes there. */
class GrammarCheck {
  public:
    GrammarCheck();
    ~GrammarCheck();
    GrammarCheck(const GrammarCheck &) = delete;
    GrammarCheck &operator=(const GrammarCheck &) = delete;

    /** Starts counting again what a grammar turns into. */
    static void begin_parsing();
};

} // namespace llmodel
