// Requests that fit into the context one by one and not together: in which order they end, and what else goes on.
#include "sharing_fixture.h"

#include <atomic>
#include <chrono>
#include <thread>

namespace {

using namespace sharing;

TEST(SharingOrder, WhatIsAskedFirstEndsFirst) {
    const EngineLog log;
    const Model model(llama(), with_little_room());
    std::vector<Task> tasks;
    for (int number = 0; number < 32; ++number) {
        tasks.push_back(model.start("complete", request_of(number)));
        wait_for_start(tasks.back());
    }
    for (const Task &task : tasks) {
        EXPECT_EQ(task.finish().status(), LLMODEL_OK);
    }
    const std::vector<int> order = log.order_of_ends();
    ASSERT_EQ(order.size(), 32U);
    for (int place = 0; place < 32; ++place) {
        EXPECT_NEAR(order[static_cast<size_t>(place)], place, 4) << "only such as end with the same step change places";
    }
}

TEST(SharingOrder, NewOnesDoNotHoldUpOneThatNeedsAllTheRoom) {
    const Model model(llama(), with_little_room());
    std::atomic<bool> over = false;
    std::atomic<int> ended = 0;
    std::atomic<int> ended_before = 0;
    constexpr int count = 12;
    std::vector<std::thread> askers;
    askers.reserve(count);
    for (int asker = 0; asker < count; ++asker) {
        askers.emplace_back([&, asker] {
            for (int number = asker; !over; number += count) {
                EXPECT_EQ(model.run("complete", request_of(number)).status(), LLMODEL_OK);
                ++ended;
            }
        });
    }
    while (ended < 4) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    ended_before = ended.load();
    constexpr int tokens = room - 40;
    const Answer answer = model.run("complete", request_of(1000, {{"max_tokens", tokens}}));
    const int overtaken = ended - ended_before;
    over = true;
    for (std::thread &asker : askers) {
        asker.join();
    }
    EXPECT_EQ(answer.status(), LLMODEL_OK) << answer.failure.message;
    // those before it in the queue, and those that run beside it or take their turns there
    EXPECT_LT(overtaken, count + 8 * (2 + tokens / answer_tokens));
}

TEST(SharingOrder, AdaptersTakeTurns) {
    const json adapters = {{"lora", {{{"path", model_path("tiny-llama-lora.gguf")}}}}};
    const EngineLog log;
    const Model model(llama(), with_little_room(adapters));
    std::vector<Task> tasks;
    for (int number = 0; number < 16; ++number) {
        const json scales = {{{"id", 0}, {"scale", number % 4 == 3 ? 1 : 0}}};
        tasks.push_back(model.start("complete", request_of(number, {{"lora", scales}, {"max_tokens", 40}})));
        wait_for_start(tasks.back());
    }
    for (const Task &task : tasks) {
        EXPECT_EQ(task.finish().status(), LLMODEL_OK);
    }
    const std::vector<int> order = log.order_of_ends();
    ASSERT_EQ(order.size(), 16U);
    for (int place = 0; place < 16; ++place) {
        EXPECT_NEAR(order[static_cast<size_t>(place)], place, 8) << "only such as run together change places";
    }
}

TEST(SharingOrder, ChoicesGetTheirSlotsWhileOthersWait) {
    constexpr int before = 12;
    constexpr int after = sanitized ? 24 : 60;
    const EngineLog log;
    const Model model(llama(), with_little_room({{"n_parallel", 4}}));
    std::vector<Task> tasks;
    for (int number = 0; number < before + 1 + after; ++number) {
        const json fields = {{"max_tokens", 40}, {"n", number == before ? 4 : 1}};
        tasks.push_back(model.start("complete", request_of(number, fields)));
        wait_for_start(tasks.back());
    }
    for (const Task &task : tasks) {
        EXPECT_EQ(task.finish().status(), LLMODEL_OK);
    }
    const std::vector<int> order = log.order_of_ends();
    for (int choice = 0; choice < 4; ++choice) {
        const auto place = std::find(order.begin(), order.end(), before + choice) - order.begin();
        EXPECT_LT(place, before + 4 + 3 * 4) << testing::PrintToString(order);
    }
}

TEST(SharingOrder, ChoicesThatNobodyWantsAnyMoreHoldNobodyUp) {
    const Model model(llama(), with_little_room({{"n_parallel", 2}}));
    const Task running = model.start("complete", request_of(0, {{"max_tokens", room - 20}}));
    wait_for_start(running);
    std::vector<Task> choices;
    for (int number = 0; number < 3; ++number) {
        choices.push_back(model.start("complete", request_of(number, {{"n", 2}})));
        wait_for_start(choices.back());
    }
    std::vector<Task> others;
    for (int number = 0; number < 12; ++number) {
        others.push_back(model.start("complete", request_of(number, {{"max_tokens", 4}})));
        wait_for_start(others.back());
    }
    for (const Task &task : choices) {
        task.cancel();
    }
    for (const Task &task : others) {
        EXPECT_EQ(task.finish().status(), LLMODEL_OK);
    }
    EXPECT_EQ(running.finish().status(), LLMODEL_OK);
}

TEST(SharingLimits, WhatIsTooLongAloneEndsAsItDoesAlone) {
    json fills = request_of(1);
    fills.erase("max_tokens");
    json ids = json::array();
    for (int i = 0; i < room; ++i) {
        ids.push_back(300 + i % 200);
    }
    Answer expected;
    {
        const Model model(llama(), with_little_room());
        expected = model.run("complete", fills);
    }
    const Model model(llama(), with_little_room());
    std::vector<Task> tasks;
    for (int i = 0; i < 4; ++i) {
        tasks.push_back(model.start("complete", fills));
        tasks.push_back(model.start("complete", complete(ids)));
        tasks.push_back(model.start("complete", request_of(2)));
    }
    for (size_t i = 1; i < tasks.size(); i += 3) {
        EXPECT_EQ(tasks[i].finish().status(), LLMODEL_CONTEXT_OVERFLOW);
    }
    for (size_t i = 0; i < tasks.size(); i += 3) {
        const Answer full = tasks[i].finish();
        ASSERT_EQ(full.status(), LLMODEL_OK) << full.failure.message;
        EXPECT_EQ(full.result["choices"][0]["finish_reason"], "length");
        EXPECT_EQ(full.result["usage"]["completion_tokens"], expected.result["usage"]["completion_tokens"]);
        EXPECT_EQ(tasks[i + 2].finish().status(), LLMODEL_OK);
    }
}

TEST(SharingLimits, AContextThatIsShiftedGoesOnAndOthersToo) {
    const json options = with_little_room({{"context_shift", true}});
    const json endless = request_of(1, {{"max_tokens", 2 * room}});
    Answer expected;
    {
        const Model model(llama(), options);
        expected = model.run("complete", endless);
    }
    const Model model(llama(), options);
    std::vector<Task> tasks;
    for (int i = 0; i < 3; ++i) {
        tasks.push_back(model.start("complete", endless));
        tasks.push_back(model.start("complete", request_of(2)));
    }
    for (size_t i = 0; i < tasks.size(); ++i) {
        const Answer answer = tasks[i].finish();
        ASSERT_EQ(answer.status(), LLMODEL_OK) << answer.failure.message;
        EXPECT_EQ(answer.result["usage"]["completion_tokens"], i % 2 == 0 ? 2 * room : answer_tokens);
        EXPECT_EQ(answer.result["choices"][0]["finish_reason"], "length");
    }
    EXPECT_EQ(expected.result["usage"]["completion_tokens"], 2 * room);
}

TEST(SharingSlots, PinnedRequestsKeepTheirs) {
    const Model model(llama(), with_little_room({{"n_parallel", 4}}));
    constexpr int count = 16;
    std::vector<Task> tasks;
    tasks.reserve(count);
    for (int i = 0; i < count; ++i) {
        tasks.push_back(model.start("complete", request_of(i, {{"id_slot", i % 3}})));
    }
    for (size_t i = 0; i < tasks.size(); ++i) {
        const Answer answer = tasks[i].finish();
        ASSERT_EQ(answer.status(), LLMODEL_OK) << answer.failure.message;
        EXPECT_EQ(answer.result["id_slot"], i % 3);
    }
}

TEST(SharingSlots, AreSavedAndRestoredMeanwhile) {
    const TemporaryFolder files;
    const std::string path = files.file("slot.state");
    const Model model(llama(), with_little_room({{"n_parallel", 4}}));
    json saved = request_of(1, {{"id_slot", 0}});
    ASSERT_EQ(model.run("complete", saved).status(), LLMODEL_OK);
    ASSERT_EQ(state(llmodel_save_state, model, path).status, LLMODEL_OK);

    std::vector<Task> tasks;
    for (int i = 0; i < 8; ++i) {
        tasks.push_back(model.start("complete", request_of(i)));
        wait_for_start(tasks.back());
    }
    for (int i = 0; i < 3; ++i) {
        const Outcome restored = state(llmodel_restore_state, model, path);
        EXPECT_EQ(restored.status, LLMODEL_OK) << restored.message;
        const Outcome again = state(llmodel_save_state, model, files.file("again.state"), {{"id_slot", 1}});
        EXPECT_EQ(again.status, LLMODEL_OK) << again.message;
    }
    for (const Task &task : tasks) {
        EXPECT_EQ(task.finish().status(), LLMODEL_OK);
    }
}

TEST(SharingSlots, SavingHoldsNobodyUp) {
    const TemporaryFolder files;
    const Model model(llama(), with_little_room({{"n_parallel", 1}}));
    for (int round = 0; round < 3; ++round) {
        const Task first = model.start("complete", request_of(1));
        wait_for_start(first);
        std::thread saver([&] { EXPECT_EQ(state(llmodel_save_state, model, files.file("a")).status, LLMODEL_OK); });
        const Task second = model.start("complete", request_of(2));
        const Task third = model.start("complete", request_of(3));
        for (const Task *task : {&first, &second, &third}) {
            EXPECT_EQ(task->finish().status(), LLMODEL_OK);
        }
        saver.join();
    }
}

TEST(SharingSlots, WhatIsCancelledWhileSetAsideLeavesNoTrace) {
    const json options = with_little_room({{"n_parallel", 4}});
    const Alone expected = alone(llama(), options, 4);
    const Model model(llama(), options);
    for (const auto pause : {0, 5, 20, 60}) {
        constexpr int count = 8;
        std::vector<Task> tasks;
        tasks.reserve(count);
        for (int i = 0; i < count; ++i) {
            tasks.push_back(model.start("complete", request_of(100 + i)));
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(pause));
        for (size_t i = tasks.size(); i-- > 0;) {
            tasks[i].cancel();
        }
        for (size_t i = 0; i < expected.requests.size(); ++i) { // in the same slots
            const Answer answer = model.run("complete", expected.requests[i]);
            ASSERT_EQ(answer.status(), LLMODEL_OK) << answer.failure.message;
            EXPECT_EQ(content_of(answer), expected.results[i]["choices"][0]["text"]);
        }
    }
}

} // namespace
