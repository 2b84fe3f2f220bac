#include "api_fixture.h"
#include "full_disk.h"

#include <fstream>

namespace {

using namespace api;

std::string read_file(const std::string &path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

class State : public testing::Test {
  protected:
    const json options = {{"n_parallel", 2}, {"n_ctx", 256}};
    TinyLlama model{options};
    TemporaryFolder folder;
    const std::string path = folder.file("slot.state");

    /** Long enough that its beginning is worth keeping. */
    static json prompt(const json &fields = json::object()) {
        std::string text;
        for (int i = 0; i < 20; ++i) {
            text += "the house is ";
        }
        json request = complete(text, {{"id_slot", 0}, {"ignore_eos", true}});
        request.update(fields);
        return request;
    }

    Answer fill_and_save() {
        Answer answer = model.run("complete", prompt());
        EXPECT_EQ(answer.status(), LLMODEL_OK) << answer.failure.message;
        const Outcome saved = state(llmodel_save_state, model, path);
        EXPECT_EQ(saved.status, LLMODEL_OK) << saved.message;
        EXPECT_EQ(saved.value["n_bytes"], std::filesystem::file_size(path));
        EXPECT_GE(saved.value["n_tokens"].get<int>(), answer.result["usage"]["prompt_tokens"].get<int>());
        EXPECT_EQ(folder.files(), 1U);
        return answer;
    }
};

TEST_F(State, ARestoredSlotGoesOnFromWhereItWas) {
    const Answer before = fill_and_save();
    const TinyLlama another(options);
    const Outcome restored = state(llmodel_restore_state, another, path, {{"id_slot", 1}});
    ASSERT_EQ(restored.status, LLMODEL_OK) << restored.message;
    EXPECT_EQ(restored.value["id_slot"], 1);
    const Answer after = another.run("complete", prompt({{"id_slot", 1}}));
    ASSERT_EQ(after.status(), LLMODEL_OK) << after.failure.message;
    EXPECT_EQ(content_of(after), content_of(before));
    EXPECT_EQ(after.result["id_slot"], 1);
    EXPECT_GE(after.result["usage"]["prompt_tokens_details"]["cached_tokens"].get<int>() + 1,
              after.result["usage"]["prompt_tokens"].get<int>());
    const TinyLlama fresh(options);
    EXPECT_EQ(fresh.run("complete", prompt()).result["usage"]["prompt_tokens_details"]["cached_tokens"], 0);
}

TEST_F(State, AnEmptySlotIsSavedToo) {
    const Outcome saved = state(llmodel_save_state, model, path);
    EXPECT_TRUE(saved.status == LLMODEL_OK || saved.status == LLMODEL_INVALID_ARGUMENT) << saved.message;
    expect_works(model);
}

TEST_F(State, AnEmptyOneGivesBackWhatTheSlotHeld) {
    ASSERT_EQ(state(llmodel_save_state, model, path).status, LLMODEL_OK);
    ASSERT_EQ(model.run("complete", prompt({{"max_tokens", 100}})).status(), LLMODEL_OK);
    const Outcome restored = state(llmodel_restore_state, model, path);
    EXPECT_EQ(restored.value["n_tokens"], 0) << restored.message;
    const Answer answer = model.run("complete", prompt({{"id_slot", 1}, {"max_tokens", 150}}));
    EXPECT_EQ(answer.status(), LLMODEL_OK) << answer.failure.message;
}

TEST_F(State, DamageIsFoundWhereverItIs) {
    fill_and_save();
    const std::string whole = read_file(path);
    const std::string damaged = folder.file("damaged");
    const auto refused = [&](const std::string &bytes, const std::string &what) {
        write_bytes(damaged, bytes);
        const Outcome outcome = state(llmodel_restore_state, model, damaged);
        EXPECT_EQ(outcome.status, LLMODEL_INVALID_MODEL) << what << ": " << outcome.message;
    };
    constexpr size_t samples = 200;
    for (size_t i = 0; i < samples; ++i) {
        // every other one near the end, where the trailer is
        const size_t at = i % 2 == 0 ? i * (whole.size() - 1) / samples : whole.size() - 1 - i;
        std::string bytes = whole;
        bytes[at] = static_cast<char>(bytes[at] ^ (1 << i % 8));
        refused(bytes, "bit " + std::to_string(i % 8) + " of byte " + std::to_string(at));
    }
    for (const size_t size : {size_t{0}, size_t{1}, size_t{11}, size_t{12}, whole.size() / 2, whole.size() - 1}) {
        refused(whole.substr(0, size), "cut to " + std::to_string(size));
    }
    refused(whole + "x", "one byte more");
    EXPECT_EQ(state(llmodel_restore_state, model, path).status, LLMODEL_OK);
    expect_works(model);
}

TEST_F(State, OfAnotherModelOrAnotherCacheIsRefused) {
    fill_and_save();
    const TinyLlama quantized(options, "tiny-llama-q8_0.gguf");
    EXPECT_EQ(state(llmodel_restore_state, quantized, path).status, LLMODEL_INVALID_MODEL);
    json other = options;
    other["cache_type_k"] = "f32";
    EXPECT_EQ(state(llmodel_restore_state, TinyLlama(other), path).status, LLMODEL_INVALID_MODEL);
    json small = options;
    small["n_ctx"] = 64;
    small["n_parallel"] = 1;
    const TinyLlama tight(small);
    const Outcome outcome = state(llmodel_restore_state, tight, path);
    EXPECT_NE(outcome.status, LLMODEL_INTERNAL) << outcome.message;
    expect_works(tight);
}

TEST_F(State, PathsAndSlotsThatAreNone) {
    fill_and_save();
    EXPECT_EQ(state(llmodel_restore_state, model, folder.file("none")).status, LLMODEL_NOT_FOUND);
    EXPECT_EQ(state(llmodel_restore_state, model, folder.file("")).status, LLMODEL_IO);
    const llmodel_status missing = state(llmodel_save_state, model, folder.file("no/such/folder")).status;
    EXPECT_TRUE(missing == LLMODEL_NOT_FOUND || missing == LLMODEL_IO) << missing;
    for (const auto function : {llmodel_save_state, llmodel_restore_state}) {
        EXPECT_EQ(state(function, model, path, {{"id_slot", 2}}).status, LLMODEL_NOT_FOUND);
        EXPECT_EQ(state(function, model, path, {{"id_slot", -1}}).status, LLMODEL_INVALID_ARGUMENT);
        EXPECT_EQ(state(function, model, path, {{"slot", 0}}).status, LLMODEL_INVALID_ARGUMENT);
    }
    EXPECT_EQ(folder.files(), 1U);
}

TEST_F(State, AFullDiskLeavesTheFormerFile) {
    fill_and_save();
    const std::string whole = read_file(path);
    for (const rlim_t limit : {rlim_t{100}, static_cast<rlim_t>(whole.size() - 50)}) {
        Outcome over;
        Outcome fresh;
        {
            const FullDisk full(limit);
            over = state(llmodel_save_state, model, path);
            fresh = state(llmodel_save_state, model, folder.file("new"));
        }
        EXPECT_EQ(over.status, LLMODEL_IO) << over.message;
        EXPECT_EQ(fresh.status, LLMODEL_IO) << fresh.message;
        EXPECT_EQ(folder.files(), 1U) << "nothing is left behind";
        EXPECT_EQ(read_file(path), whole);
    }
    EXPECT_EQ(state(llmodel_save_state, model, path).status, LLMODEL_OK);
}

TEST_F(State, EncodersHaveNone) {
    const Model encoder(model_path("tiny-bert.gguf"));
    EXPECT_EQ(state(llmodel_save_state, encoder, path).status, LLMODEL_UNSUPPORTED);
    EXPECT_EQ(state(llmodel_restore_state, encoder, path).status, LLMODEL_UNSUPPORTED);
}

} // namespace
