# Relative to gpt4all-backend: embed, rerank and score.
set(LLMODEL_SIDE_SOURCES
  src/side_contexts.cpp
  src/side/embed.cpp
  src/side/log_softmax.cpp
  src/side/pool.cpp
  src/side/rerank.cpp
  src/side/rerank_prompt.cpp
  src/side/score.cpp
  src/side/score_input.cpp
  src/side/side_context.cpp
  src/side/tokens.cpp)
