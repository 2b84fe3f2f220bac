#include "api_fixture.h"

#include <set>

namespace {

using namespace api;

/** The fixture checks what every test gets; here is one request of each operation that asks for all there is. */
TEST(ResultSchema, EveryOperation) {
    const TinyLlama model(json{{"lora", {{{"path", model_path("tiny-llama-lora.gguf")}}}}, {"n_ctx", 1024}});
    const Model reranker(model_path("tiny-bert-rerank.gguf"));
    const json everything = {{"n", 2},
                             {"return_tokens", true},
                             {"return_progress", true},
                             {"timings_per_token", true},
                             {"stop", {"a"}},
                             {"temperature", 1},
                             {"seed", 1}};
    json chatting = chat("Hello there", everything);
    chatting["logprobs"] = true;
    chatting["top_logprobs"] = 3;
    json completing = complete("the house", everything);
    completing["logprobs"] = 3;
    const std::pair<const char *, json> requests[] = {
        {"chat", chatting},
        {"complete", completing},
        {"embed", {{"input", {"a", "b"}}}},
        {"score", {{"context", "the"}, {"continuations", {" house", " day"}}, {"logprob_rows", "all"}}},
        {"score_batch",
         {{"inputs", json::array({{{"context", "the"}, {"continuations", {" house", " day"}}}})},
          {"logprob_rows", "all"}}},
        {"tokenize", {{"content", "a\xF0\x9F\x98\x80"}, {"with_pieces", true}}},
        {"detokenize", {{"tokens", {1, 300, 301}}}},
        {"apply_template", {{"messages", chatting["messages"]}}},
        {"count_tokens", {{"messages", chatting["messages"]}}},
        {"adapters", json::object()},
    };
    for (const auto &[operation, request] : requests) {
        const Answer answer = model.run(operation, request);
        EXPECT_EQ(answer.status(), LLMODEL_OK) << operation << ": " << answer.failure.message;
        EXPECT_TRUE(answer.result.is_object()) << operation;
        int results = 0;
        for (const Event &event : answer.events) {
            results += event.kind == LLMODEL_EVENT_RESULT ? 1 : 0;
        }
        EXPECT_EQ(results, 1) << operation;
    }
    const Answer reranked = reranker.run("rerank", {{"query", "a house"}, {"documents", {"the house", "a day"}}});
    EXPECT_EQ(reranked.status(), LLMODEL_OK) << reranked.failure.message;
    EXPECT_EQ(info(model.get()).status, LLMODEL_OK);
    EXPECT_EQ(info(reranker.get()).status, LLMODEL_OK);
    EXPECT_EQ(devices().status, LLMODEL_OK);
    expect_valid(json::parse(llmodel_build_info()), "build_info");
}

/** Values that requests may have reach the engine without being changed or refused there. */
TEST(ResultSchema, LimitsOfRequestsAreTaken) {
    const TinyLlama model;
    const json schema = json::parse(llmodel_schema());
    for (const char *group : {"sampling", "generation"}) {
        for (const auto &[name, field] : schema["$defs"][group]["properties"].items()) {
            for (const char *limit : {"minimum", "maximum", "default"}) {
                // the slots there are and the length of the answer depend on more than the schema
                if (!field.contains(limit) ||
                    std::set<std::string>{"id_slot", "n", "max_tokens", "n_predict", "max_completion_tokens"}.contains(
                        name)) {
                    continue;
                }
                json request = complete("the house", {{"max_tokens", 2}, {"temperature", 0.8}});
                request[name] = field[limit];
                if (name == "adaptive_target") {
                    request["samplers"] = {"adaptive_p"};
                }
                const Answer answer = model.run("complete", request);
                EXPECT_EQ(answer.status(), LLMODEL_OK)
                    << name << ": " << field[limit] << ": " << answer.failure.message;
            }
        }
    }
}

} // namespace
