// A folder where a model file is expected.
#include "api_fixture.h"

#include <gmock/gmock.h>

#include <fstream>

namespace {

using namespace api;
using ::testing::HasSubstr;

class Folder : public testing::Test {
  protected:
    TemporaryFolder folder;

    void add(const std::string &name) const {
        std::filesystem::create_directories(std::filesystem::path(folder.file(name)).parent_path());
        std::ofstream(folder.file(name)) << "x";
    }

    /** What opening the folder says, which inspecting it and naming it as an adapter say too. */
    std::string refused() const {
        const std::string path = folder.file("");
        const Failure opened = refuse(path);
        EXPECT_EQ(opened.status, LLMODEL_INVALID_MODEL);
        EXPECT_EQ(opened.detail.value("path", ""), path);
        EXPECT_EQ(inspect(path).message, opened.message);
        const Failure adapter = refuse(model_path("tiny-llama-f32.gguf"), {{"lora", {{{"path", path}}}}});
        EXPECT_THAT(adapter.message, HasSubstr(opened.message));
        return opened.message;
    }
};

TEST_F(Folder, WithOneFileOfAModelNamesIt) {
    add("config.json");
    add("model.gguf");
    EXPECT_THAT(refused(), HasSubstr("'model.gguf'"));
}

TEST_F(Folder, WithSeveralNamesTheFirst) {
    add("b-00002-of-00002.gguf");
    add("b-00001-of-00002.gguf");
    EXPECT_THAT(refused(), HasSubstr("2 .gguf files"));
    EXPECT_THAT(refused(), HasSubstr("'b-00001-of-00002.gguf'"));
}

TEST_F(Folder, OfTransformersIsToBeConverted) {
    add("config.json");
    for (const char *weights : {"model.safetensors", "model-00001-of-00002.safetensors", "pytorch_model.bin"}) {
        add(weights);
        EXPECT_THAT(refused(), HasSubstr("`gpt4all convert FOLDER OUT.gguf`")) << weights;
        std::filesystem::remove(folder.file(weights));
    }
}

TEST_F(Folder, OfAnAdapterIsToBeConvertedWithItsModel) {
    add("adapter_config.json");
    add("adapter_model.safetensors");
    EXPECT_THAT(refused(), HasSubstr("--base"));
}

TEST_F(Folder, OfAnythingElseIsNoModel) {
    EXPECT_THAT(refused(), HasSubstr("without a .gguf file"));
    add("config.json"); // not without weights
    add("notes.txt");
    add("models/model.gguf"); // not what is further down
    std::filesystem::create_directory(folder.file("folder.gguf"));
    add(".gguf");
    EXPECT_THAT(refused(), HasSubstr("without a .gguf file"));
}

TEST_F(Folder, WithANameThatIsNoTextIsToldAll) {
    add("\xff.gguf");
    EXPECT_THAT(refused(), HasSubstr("\\xff.gguf"));
}

} // namespace
