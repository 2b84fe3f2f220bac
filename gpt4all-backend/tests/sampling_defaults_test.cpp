#include "api_fixture.h"
#include "gguf_edit.h"
#include "log_fixture.h"

#include <gmock/gmock.h>

#include <limits>
#include <map>
#include <set>

namespace {

using namespace api;
using llmodel::GgufType;
using llmodel::test::EditableGguf;

const json small_context = {{"n_ctx", 256}, {"n_batch", 64}, {"n_parallel", 1}, {"threads", 1}};

json opened_with(const json &more) {
    json all = small_context;
    all.update(more);
    return all;
}

/** The tiny LLaMA with advice in its file. */
class AdvisingLlama {
  public:
    explicit AdvisingLlama(const std::function<void(EditableGguf &)> &advise) {
        EditableGguf file = EditableGguf::parse(llmodel::test::read_bytes(model_path("tiny-llama-q8_0.gguf")));
        advise(file);
        const auto bytes = file.serialize();
        write_bytes(path_, std::string(reinterpret_cast<const char *>(bytes.data()), bytes.size()));
    }
    ~AdvisingLlama() { std::filesystem::remove(path_); }
    AdvisingLlama(const AdvisingLlama &) = delete;
    AdvisingLlama &operator=(const AdvisingLlama &) = delete;

    const std::string &path() const { return path_; }

  private:
    std::string path_ = testing::TempDir() + "sampling-defaults-" + std::to_string(getpid()) + ".gguf";
};

json sampling_of(const std::string &path, const json &more = json::object()) {
    const json inspected = inspect(path, opened_with(more)).value["sampling"];
    const Model model(path, opened_with(more));
    EXPECT_EQ(info(model.get()).value["sampling"], inspected);
    return inspected;
}

json from(const char *who, const json &value) {
    return {{"value", value}, {"source", who}};
}

/** By a request of these fields alone; the fixture's would also have a temperature. */
std::string completed(const Model &model, const json &fields = json::object()) {
    json request = {{"prompt", "the house"}};
    request.update(fields);
    const Answer answer = model.run("complete", request);
    EXPECT_EQ(answer.status(), LLMODEL_OK) << answer.failure.message;
    return answer.text();
}

/** What different seeds make of a request. */
std::set<std::string> with_seeds(const Model &model, json fields = json::object()) {
    std::set<std::string> texts;
    for (const int seed : {1, 2, 3, 4, 5}) {
        fields.update({{"seed", seed}, {"max_tokens", 12}});
        texts.insert(completed(model, fields));
    }
    return texts;
}

TEST(SamplingDefaults, AreToldFieldByFieldWithTheirSource) {
    const AdvisingLlama llama([](EditableGguf &file) {
        file.set("general.sampling.temp", GgufType::float32, 0.7F);
        file.set("general.sampling.top_p", GgufType::float64, 0.8);
        file.set("general.sampling.penalty_last_n", GgufType::int32, std::int32_t{32});
        file.set("general.sampling.penalty_repeat", GgufType::uint32, std::uint32_t{2});
        file.set("general.sampling.xtc_threshold", GgufType::float32, 0.25F);
    });
    const json told =
        sampling_of(llama.path(), {{"catalogue_sampling", {{"temperature", 0.1}, {"top_k", 3}, {"min_p", 0.2}}},
                                   {"sampling", {{"top_p", 0.5}, {"min_p", 0.3}}}});
    EXPECT_EQ(told["temperature"], from("file", 0.7));
    EXPECT_EQ(told["top_p"], from("option", 0.5));
    EXPECT_EQ(told["top_k"], from("catalogue", 3));
    EXPECT_EQ(told["min_p"], from("option", 0.3));
    EXPECT_EQ(told["repeat_last_n"], from("file", 32));
    EXPECT_EQ(told["repeat_penalty"], from("file", 2));
    EXPECT_EQ(told["xtc_threshold"], from("file", 0.25));
    EXPECT_EQ(told["typical_p"], from("default", 1));

    const json fields = json::parse(llmodel_schema())["$defs"]["sampling"]["properties"];
    const json plain = sampling_of(model_path("tiny-llama-f32.gguf"));
    for (const auto &[field, chosen] : plain.items()) {
        EXPECT_EQ(chosen, from("default", fields[field]["default"])) << field;
    }
    EXPECT_EQ(plain.size(), fields.size() - 1); // logit_bias has no default
    EXPECT_FALSE(inspect(model_path("tiny-bert.gguf")).value.contains("sampling"));
}

/** What inspecting reports is what happens: a request that says it all gets the same answer as one that says nothing.
 */
TEST(SamplingDefaults, AreWhatHappens) {
    const AdvisingLlama llama([](EditableGguf &file) {
        file.set("general.sampling.temp", GgufType::float32, 1.7F);
        file.set("general.sampling.penalty_repeat", GgufType::float32, 1.3F);
        file.set_string("general.sampling.sequence", "temp;Top-K;min_p");
        file.set("general.sampling.top_k", GgufType::uint8, std::uint8_t{200});
    });
    std::set<std::string> texts;
    for (const std::string &path : {llama.path(), model_path("tiny-llama-q8_0.gguf")}) {
        const Model model(path, small_context);
        json all = json::object();
        const json told = info(model.get()).value["sampling"];
        for (const auto &[field, chosen] : told.items()) {
            all[field] = chosen["value"];
        }
        for (const int seed : {1, 2, 3}) {
            all["seed"] = seed;
            all["max_tokens"] = 16;
            texts.insert(completed(model, all));
            EXPECT_EQ(completed(model, {{"seed", seed}, {"max_tokens", 16}}), completed(model, all)) << path;
        }
    }
    EXPECT_GT(texts.size(), 4U) << "the models differ by their sampling";
}

TEST(SamplingDefaults, GiveWayToTheRequest) {
    const AdvisingLlama llama([](EditableGguf &file) { file.set("general.sampling.temp", GgufType::float32, 0.0F); });
    const Model greedy(llama.path(), small_context);
    EXPECT_THAT(with_seeds(greedy), testing::ElementsAre(completed(greedy, {{"temperature", 0}, {"max_tokens", 12}})));
    EXPECT_GT(with_seeds(greedy, {{"temperature", 1.5}}).size(), 1U);
    EXPECT_EQ(with_seeds(greedy, {{"top_p", 0.9}}).size(), 1U) << "the other fields stay as they are";

    const Model warm(llama.path(), opened_with({{"sampling", {{"temperature", 1.5}}}}));
    EXPECT_GT(with_seeds(warm).size(), 1U);
    EXPECT_EQ(with_seeds(warm, {{"temperature", 0}}), with_seeds(greedy));
}

TEST(SamplingDefaults, HoldForEveryOperationThatGenerates) {
    const Model seeded(
        model_path("tiny-llama-f32.gguf"),
        opened_with({{"sampling", {{"seed", 7}, {"temperature", 1.5}, {"logit_bias", {{"5", false}}}}}}));
    const Model plain(model_path("tiny-llama-f32.gguf"), small_context);
    const json fields = {{"seed", 7}, {"temperature", 1.5}, {"logit_bias", {{"5", false}}}};
    for (const auto &[operation, request] :
         {std::pair{"complete", json{{"prompt", "the house"}, {"max_tokens", 10}}},
          std::pair{"chat", json{{"messages", {{{"role", "user"}, {"content", "Hello"}}}}, {"max_tokens", 10}}},
          std::pair{"infill", json{{"input_prefix", "the "}, {"input_suffix", " house"}, {"max_tokens", 10}}}}) {
        json explicitly = request;
        explicitly.update(fields);
        EXPECT_EQ(seeded.run(operation, request).text(), plain.run(operation, explicitly).text()) << operation;
    }
}

/** A request may have the field of a sampler that the model leaves out. */
TEST(SamplingDefaults, LeaveNoFieldOfARequestWithoutEffect) {
    const AdvisingLlama llama([](EditableGguf &file) {
        file.set_string("general.sampling.sequence", "top_k");
        file.set("general.sampling.top_p", GgufType::float32, 0.1F); // of no use without its sampler
    });
    const json told = sampling_of(llama.path());
    EXPECT_EQ(told["samplers"], from("file", {"penalties", "dry", "top_n_sigma", "top_k", "typ_p", "top_p", "min_p",
                                              "xtc", "temperature"}));
    EXPECT_EQ(told["temperature"], from("file", 1));
    EXPECT_EQ(told["top_p"], from("file", 1));
    EXPECT_EQ(told["top_k"], from("default", 40));
    EXPECT_EQ(told["dry_multiplier"], from("default", 0)) << "which has no effect anyway";

    const Model model(llama.path(), small_context);
    EXPECT_GT(with_seeds(model).size(), 1U);
    EXPECT_EQ(with_seeds(model, {{"temperature", 0}}).size(), 1U);
    EXPECT_EQ(with_seeds(model, {{"top_p", 0}}), with_seeds(model, {{"temperature", 0}}));

    const AdvisingLlama surprising([](EditableGguf &file) {
        file.set("general.sampling.mirostat", GgufType::int32, std::int32_t{2});
        file.set("general.sampling.mirostat_tau", GgufType::float32, 9.0F);
    });
    const Model mirostat(surprising.path(), small_context);
    EXPECT_GT(with_seeds(mirostat).size(), 1U);
    EXPECT_EQ(with_seeds(mirostat, {{"temperature", 0}}), with_seeds(model, {{"temperature", 0}}));
    EXPECT_EQ(with_seeds(mirostat, {{"mirostat", 0}, {"top_k", 1}}), with_seeds(model, {{"temperature", 0}}));
}

TEST(SamplingDefaults, OfHostileFilesAreNotTaken) {
    constexpr float nan = std::numeric_limits<float>::quiet_NaN();
    constexpr double infinity = std::numeric_limits<double>::infinity();
    using Change = std::function<void(EditableGguf &, const std::string &)>;
    const auto number = [](GgufType type, auto value) -> Change {
        return [=](EditableGguf &file, const std::string &key) { file.set(key, type, value); };
    };
    const auto text = [](const std::string &value) -> Change {
        return [=](EditableGguf &file, const std::string &key) { file.set_string(key, value); };
    };
    const Change array = [](EditableGguf &file, const std::string &key) {
        file.set_array<float>(key, GgufType::float32, {0.5F});
    };
    const std::vector<Change> never = {number(GgufType::float32, nan),
                                       number(GgufType::float64, -infinity),
                                       number(GgufType::float64, 1e300),
                                       number(GgufType::int64, std::numeric_limits<std::int64_t>::min()),
                                       number(GgufType::uint64, std::numeric_limits<std::uint64_t>::max()),
                                       number(GgufType::int32, std::int32_t{-2}),
                                       number(GgufType::boolean, std::uint8_t{1}),
                                       text("0.5"),
                                       text(""),
                                       text(";;"),
                                       text("top_k;no_sampler"),
                                       text(std::string(5000, ';')),
                                       array};
    std::vector<std::map<std::string, Change>> files;
    for (const Change &change : never) {
        auto &changes = files.emplace_back();
        for (const char *name : {"sequence", "top_k", "top_p", "min_p", "xtc_probability", "xtc_threshold", "temp",
                                 "penalty_last_n", "penalty_repeat", "mirostat", "mirostat_tau", "mirostat_eta"}) {
            changes["general.sampling." + std::string(name)] = change;
        }
    }
    files.push_back({{"general.sampling.mirostat", number(GgufType::uint32, std::uint32_t{3})},
                     {"general.sampling.penalty_repeat", number(GgufType::float32, 0.0F)},
                     {"general.sampling.penalty_last_n", number(GgufType::uint32, std::uint32_t{1} << 24)},
                     {"general.sampling.top_k", number(GgufType::float32, 40.5F)},
                     {"general.sampling.top_p", number(GgufType::float32, 1.01F)}});

    const json plain = inspect(model_path("tiny-llama-q8_0.gguf"), small_context).value["sampling"];
    for (size_t i = 0; i < files.size(); ++i) {
        const AdvisingLlama llama([&](EditableGguf &file) {
            for (const auto &[key, change] : files[i]) {
                change(file, key);
            }
        });
        Log log(LLMODEL_LOG_WARN);
        EXPECT_EQ(inspect(llama.path(), small_context).value["sampling"], plain) << i;
        for (const auto &[key, change] : files[i]) {
            EXPECT_EQ(log.count(llama.path() + ": " + key + " is not taken"), 1U) << i << " " << key;
        }
    }
}

TEST(SamplingDefaults, OfHostileFilesDoNotReachTheEngine) {
    const AdvisingLlama llama([](EditableGguf &file) {
        for (const char *name : {"top_p", "min_p", "temp", "penalty_repeat", "mirostat_tau"}) {
            file.set(std::string("general.sampling.") + name, GgufType::float32,
                     std::numeric_limits<float>::quiet_NaN());
        }
        file.set("general.sampling.mirostat", GgufType::int32, std::int32_t{7});
        file.set("general.sampling.penalty_last_n", GgufType::int32, std::numeric_limits<std::int32_t>::max());
        file.set_string("general.sampling.sequence", "nothing");
    });
    const Model model(llama.path(), small_context);
    const Model plain(model_path("tiny-llama-q8_0.gguf"), small_context);
    EXPECT_EQ(with_seeds(model), with_seeds(plain));
}

TEST(SamplingDefaults, OfAUserAreCheckedLikeARequest) {
    const std::string path = model_path("tiny-llama-f32.gguf");
    for (const char *option : {"sampling", "catalogue_sampling"}) {
        const std::string place = std::string("/") + option;
        EXPECT_EQ(refuse(path, {{option, {{"temperature", -1}}}}).detail["path"], place + "/temperature");
        EXPECT_EQ(refuse(path, {{option, {{"samplers", {"best"}}}}}).detail["path"], place + "/samplers/0");
        const Failure misspelt = refuse(path, {{option, {{"temprature", 1}}}});
        EXPECT_EQ(misspelt.status, LLMODEL_INVALID_ARGUMENT);
        EXPECT_THAT(misspelt.message, testing::HasSubstr("temperature"));
        EXPECT_EQ(inspect(path, {{option, {{"top_p", "high"}}}}).status, LLMODEL_INVALID_ARGUMENT);
    }
}

TEST(SamplingDefaults, OfAUserNameTokensOfTheModel) {
    const std::string path = model_path("tiny-llama-f32.gguf");
    for (const char *option : {"sampling", "catalogue_sampling"}) {
        const std::string place = std::string("/") + option + "/logit_bias";
        const Failure map = refuse(path, {{option, {{"logit_bias", {{"999999", -1}}}}}});
        EXPECT_EQ(map.status, LLMODEL_INVALID_ARGUMENT);
        EXPECT_EQ(map.detail["path"], place + "/999999");
        EXPECT_THAT(map.message, testing::HasSubstr("999999"));
        EXPECT_EQ(refuse(path, {{option, {{"logit_bias", {{999999, -1}}}}}}).detail["path"], place + "/0/0");
    }
}

} // namespace
