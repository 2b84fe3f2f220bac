#include "contexts/contexts.h"
#include "engine/model.h"
#include "operations/generation.h"
#include "tasks/queue_task.h"
#include "test_paths.h"

#include <gmock/gmock.h>

#include <optional>
#include <string>

/** What a failed assertion leaves behind in the midst of computing: a model that has to be opened again, and says so.
 */
namespace llmodel {

namespace {

class OperationAbort : public testing::Test {
  protected:
    Model model{std::string(test_models) + "/tiny-llama-f32.gguf", json{{"n_ctx", 256}, {"threads", 1}},
                [](float) { return true; }};

    std::shared_ptr<Task> generate(int tokens, bool abort) {
        return start_generation(*model.engine(), [=] {
            Generation generation;
            generation.prompt = {1, 2, 3};
            generation.parameters = {{"n_predict", tokens}, {"ignore_eos", true}};
            if (abort) {
                generation.at_end = [](llama_context *, llama_seq_id, const server_tokens &) {
                    GGML_ABORT("injected");
                };
            }
            return generation;
        });
    }

    /** Reads a task to its end. */
    static std::optional<Error> failure_of(Task &task) {
        try {
            while (task.next(std::nullopt)->kind != LLMODEL_EVENT_DONE) {
            }
        } catch (const Error &error) {
            return error;
        }
        return std::nullopt;
    }

    static void expect_says_so(const std::optional<Error> &error) {
        ASSERT_TRUE(error.has_value());
        EXPECT_EQ(error->status(), LLMODEL_INTERNAL);
        EXPECT_THAT(error->what(), testing::HasSubstr("injected"));
        EXPECT_EQ(error->detail().value("reopen", false), true) << error->detail();
    }
};

TEST_F(OperationAbort, EndsTheEngine) {
    ASSERT_FALSE(failure_of(*generate(4, false)).has_value());
    const auto running = generate(200, false);
    const auto aborting = generate(2, true);
    expect_says_so(failure_of(*aborting));
    expect_says_so(failure_of(*running));
    expect_says_so(failure_of(*generate(4, false)));
}

TEST_F(OperationAbort, SpoilsTheContextOfAnOperation) {
    QueueTask task;
    try {
        model.contexts().run(
            Context::Purpose::score,
            [](Context &, const std::vector<ScaledAdapter> &, const json &, EventSink &) { GGML_ABORT("injected"); },
            json::object(), task);
        FAIL() << "nothing was thrown";
    } catch (const Error &error) {
        expect_says_so(error);
    }
}

} // namespace

} // namespace llmodel
