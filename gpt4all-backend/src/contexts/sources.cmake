# Relative to gpt4all-backend: embed, rerank and score.
set(LLMODEL_CONTEXTS_SOURCES
  src/contexts/contexts.cpp
  src/contexts/embed.cpp
  src/contexts/log_softmax.cpp
  src/contexts/pool.cpp
  src/contexts/rerank.cpp
  src/contexts/rerank_prompt.cpp
  src/contexts/score.cpp
  src/contexts/score_input.cpp
  src/contexts/context.cpp
  src/tokens/tokens.cpp)
