#pragma once

#include "llmodel.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <unistd.h>
#include <utility>

/** What one call of the C API gave: a JSON object, or an error. */
struct Outcome {
    llmodel_status status = LLMODEL_OK;
    nlohmann::json value;
    std::string message;
    nlohmann::json detail;
};

inline Outcome outcome(llmodel_status status, char *text, llmodel_error *error) {
    Outcome result;
    result.status = status;
    if (text != nullptr) {
        result.value = nlohmann::json::parse(text);
        llmodel_string_free(text);
    }
    if (error != nullptr) {
        EXPECT_EQ(status, llmodel_error_status(error));
        result.message = llmodel_error_message(error);
        result.detail = nlohmann::json::parse(llmodel_error_detail(error));
        llmodel_error_free(error);
    }
    EXPECT_EQ(status == LLMODEL_OK, error == nullptr);
    return result;
}

inline Outcome devices() {
    char *text = nullptr;
    llmodel_error *error = nullptr;
    const llmodel_status status = llmodel_devices(&text, &error);
    return outcome(status, text, error);
}

inline Outcome inspect(const std::string &path, const nlohmann::json &options = nlohmann::json::object()) {
    char *text = nullptr;
    llmodel_error *error = nullptr;
    const llmodel_status status = llmodel_inspect(path.c_str(), options.dump().c_str(), &text, &error);
    return outcome(status, text, error);
}

/** `progress` returns false to cancel; it may be empty. */
inline Outcome quantize(const std::string &path, const std::string &out_path, const nlohmann::json &options,
                        std::function<bool(float)> progress = {}) {
    char *text = nullptr;
    llmodel_error *error = nullptr;
    const llmodel_progress_fn report = [](float part, void *user) {
        return (*static_cast<std::function<bool(float)> *>(user))(part) ? 0 : 1;
    };
    const llmodel_status status = llmodel_quantize(path.c_str(), out_path.c_str(), options.dump().c_str(),
                                                   progress ? report : nullptr, &progress, &text, &error);
    return outcome(status, text, error);
}

/** Opens the model and closes it again. */
inline Outcome open_and_close(const std::string &path, const nlohmann::json &options = nlohmann::json::object()) {
    llmodel_model *model = nullptr;
    llmodel_error *error = nullptr;
    const llmodel_status status = llmodel_open(path.c_str(), options.dump().c_str(), nullptr, nullptr, &model, &error);
    llmodel_close(model);
    return outcome(status, nullptr, error);
}

/** A folder that is gone with its files when the test ends. */
class TemporaryFolder {
  public:
    TemporaryFolder() {
        std::string name = (std::filesystem::temp_directory_path() / "llmodel-test-XXXXXX").string();
        if (mkdtemp(name.data()) != nullptr) {
            path_ = name;
        }
    }
    ~TemporaryFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    TemporaryFolder(const TemporaryFolder &) = delete;
    TemporaryFolder &operator=(const TemporaryFolder &) = delete;

    std::string file(const std::string &name) const { return (path_ / name).string(); }
    size_t files() const { return static_cast<size_t>(std::distance(std::filesystem::directory_iterator(path_), {})); }

  private:
    std::filesystem::path path_;
};

inline std::string model(const std::string &name) {
    return std::string(TEST_MODELS) + "/" + name;
}
