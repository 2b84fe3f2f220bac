// Weights that were laid out are mapped from a file when a model is opened again, and never anything else.

#include "api_fixture.h"
#include "full_disk.h"
#include "log_fixture.h"
#include "tiny_models.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <fstream>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace api;
namespace fs = std::filesystem;

constexpr size_t files_of_model = 4;

constexpr const char *written = "of laid-out weights in";
constexpr const char *mapped = "weights are mapped from";
constexpr const char *read_instead = "weights are read from";

/** Changes that a file's times do not tell apart are not taken for settled. */
void settle() {
    std::this_thread::sleep_for(std::chrono::milliseconds(2200));
}

/** Which depends on what memory is free at the moment. */
#define SKIP_WITHOUT_LARGE_PAGES(log)                                                                                  \
    if ((log).count("files are not mapped in large pages") > 0) {                                                      \
        GTEST_SKIP() << "files are no longer mapped in large pages";                                                   \
    }

std::vector<char> bytes_of(const fs::path &path) {
    std::vector<char> bytes(fs::file_size(path));
    std::ifstream(path, std::ios::binary).read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    return bytes;
}

void overwrite(const fs::path &path, std::streamoff at, const std::vector<char> &bytes) {
    std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(at);
    file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

class Panels : public testing::Test {
  protected:
    static void SetUpTestSuite() {
        models().emplace();
        llmodel::test::write_wide_model(models()->file("wide.gguf"));
        llmodel::test::write_wide_experts_model(models()->file("experts.gguf"));
        settle();
    }

    static void TearDownTestSuite() { models().reset(); }

    static std::optional<TemporaryFolder> &models() {
        static std::optional<TemporaryFolder> folder;
        return folder;
    }

    /** For a test that changes it. */
    void copy_model() {
        const std::string copy = folder_.file("copy.gguf");
        fs::copy_file(model_, copy);
        model_ = copy;
        settle();
    }

    json options(const json &more = json::object()) const {
        json all{{"cache_dir", folder_.file("cache")}, {"n_ctx", 64}, {"threads", 2}, {"device", "cpu"}};
        all.update(more);
        return all;
    }

    /** What the model answers, to the last bit. */
    std::string answer(const json &more = json::object()) const {
        const Model model(model_, options(more));
        return model.run("score", {{"context", "the cat"}, {"continuations", {" and the dog", " world"}}})
            .result.dump();
    }

    std::string answer_without() const { return answer({{"cache_disk_mib", 0}}); }

    std::vector<fs::path> files() const {
        std::vector<fs::path> found;
        std::error_code ignored;
        for (const auto &entry : fs::directory_iterator(cache(), ignored)) {
            if (entry.path().filename() != "lock") {
                found.push_back(entry.path());
            }
        }
        return found;
    }

    /** Opens it for the first time; false where nothing is kept, as systems differ: in disks, and in processors. */
    bool keeps() const {
        Log log(LLMODEL_LOG_DEBUG);
        answer();
        return log.count(mapped) > 0;
    }

    /** As if they were written before the system was started. */
    void overwrite_boots() const {
        for (const fs::path &path : files()) {
            overwrite(path, 0, std::vector<char>(64, 'x'));
        }
    }

    fs::path cache() const { return folder_.file("cache/panels"); }

    TemporaryFolder folder_;
    std::string model_ = models()->file("wide.gguf");
};

#define SKIP_UNLESS_KEPT()                                                                                             \
    if (!keeps()) {                                                                                                    \
        GTEST_SKIP()                                                                                                   \
            << "files are not mapped in large pages, the disk or memory is nearly full, or weights are not laid out";  \
    }                                                                                                                  \
    ASSERT_EQ(files().size(), files_of_model)

/** So that the system keeps it in small pages. */
void write_in_small_pieces(const fs::path &path) {
    const std::vector<char> bytes = bytes_of(path);
    fs::remove(path);
    std::ofstream file(path, std::ios::binary);
    file.rdbuf()->pubsetbuf(nullptr, 0);
    constexpr size_t small = 4096;
    for (size_t at = 0; at < bytes.size(); at += small) {
        file.write(bytes.data() + at, small);
        file.flush();
    }
    file.close();
    ASSERT_EQ(chmod(path.c_str(), S_IRUSR | S_IWUSR), 0);
}

TEST_F(Panels, AreMappedTheSecondTimeAndTheSameToTheLastBit) {
    const std::string without = answer_without();
    ASSERT_NE(without.find("logprob"), std::string::npos) << without;
    EXPECT_FALSE(fs::exists(cache()));
    SKIP_UNLESS_KEPT();
    Log log(LLMODEL_LOG_DEBUG);
    EXPECT_EQ(answer(), without);
    EXPECT_EQ(log.count(mapped), 1U);
    EXPECT_EQ(log.count(written), 0U);
    EXPECT_EQ(files().size(), files_of_model);
    EXPECT_EQ(answer_without(), without);
    EXPECT_EQ(log.count(mapped), 1U);
}

#ifdef __linux__
/** Bytes of a file that lie in this process's memory. */
size_t held_of(const std::string &path) {
    std::ifstream maps("/proc/self/smaps"); // a line with the range and the file, then one for each number in KiB
    size_t held = 0;
    bool inside = false;
    for (std::string line; std::getline(maps, line);) {
        if (line.find('-') < line.find(' ')) {
            inside = line.ends_with(path);
        } else if (inside && line.starts_with("Rss:")) {
            held += std::stoul(line.substr(line.find(' '))) << 10;
        }
    }
    return held;
}

TEST_F(Panels, AreInMemoryInsteadOfTheModelsFile) {
    Log log(LLMODEL_LOG_DEBUG);
    const Model model(model_, options());
    if (log.count(mapped) == 0) {
        GTEST_SKIP() << "laid-out weights are not kept here";
    }
    EXPECT_LT(held_of(model_), fs::file_size(model_) / 8);
    EXPECT_GT(held_of(files().front()), 0U);
}
#endif

TEST_F(Panels, OfExpertsAreMappedToo) {
    model_ = models()->file("experts.gguf");
    const std::string without = answer_without();
    SKIP_UNLESS_KEPT();
    Log log(LLMODEL_LOG_DEBUG);
    EXPECT_EQ(answer(), without);
    EXPECT_EQ(log.count(mapped), 1U);
}

TEST_F(Panels, AreReadWhereAFileIsInSmallPages) {
    SKIP_UNLESS_KEPT();
    const std::string without = answer_without();
    for (const fs::path &path : files()) {
        write_in_small_pieces(path);
    }
    Log log(LLMODEL_LOG_DEBUG);
    EXPECT_EQ(answer(), without);
    EXPECT_EQ(log.count(mapped), 0U);
    EXPECT_EQ(log.count(read_instead), 1U);
}

TEST_F(Panels, OfAFileThatWasDamagedAreNotUsed) {
    SKIP_UNLESS_KEPT();
    const std::string without = answer_without();
    const fs::path path = files().front();
    const uintmax_t size = fs::file_size(path);
    const std::vector<std::function<void()>> damages{
        [&] { fs::resize_file(path, size - 1); },                 // cut off
        [&] { fs::resize_file(path, size + 1); },                 // another's
        [&] { fs::resize_file(path, 0); },                        // empty
        [&] { overwrite(path, 64, std::vector<char>(64, 'x')); }, // of other weights
        [&] {
            overwrite_boots();
            overwrite(path, (2 << 20) + 12'345, {'\x55'});
        }, // not all was on the disk when the system stopped
        [&] {
            for (const fs::path &file : files()) {
                overwrite(file, 2 << 20, std::vector<char>(fs::file_size(file) - (2 << 20), '\x55'));
            }
        },                                                                  // nothing in it is right
        [&] { chmod(path.c_str(), 0666); },                                 // anybody may write it
        [&] { fs::remove(path), fs::create_symlink("/dev/zero", path); },   // a link
        [&] { fs::remove(path), mkfifo(path.c_str(), S_IRUSR | S_IWUSR); }, // no file
    };
    for (size_t i = 0; i < damages.size(); ++i) {
        if (sanitized && i % 3 != 1) {
            continue; // an opening takes a second there
        }
        damages[i]();
        Log log(LLMODEL_LOG_DEBUG);
        EXPECT_EQ(answer(), without) << i;
        answer(); // where it was removed it is written again
        EXPECT_EQ(answer(), without) << i;
        SKIP_WITHOUT_LARGE_PAGES(log);
        EXPECT_GE(log.count(written), 1U) << i << ": " << log.of("panels");
        EXPECT_TRUE(fs::is_regular_file(fs::symlink_status(path))) << i;
        EXPECT_EQ(fs::file_size(path), size) << i;
    }
}

TEST_F(Panels, AreCheckedOnceAfterTheSystemWasStarted) {
    SKIP_UNLESS_KEPT();
    const std::string without = answer_without();
    overwrite_boots();
    Log log(LLMODEL_LOG_DEBUG);
    EXPECT_EQ(answer(), without);
    EXPECT_EQ(log.count(mapped), 1U);
    EXPECT_EQ(log.count(written), 0U);
    for (const fs::path &path : files()) {
        EXPECT_NE(std::ifstream(path, std::ios::binary).get(), 'x') << path;
    }
}

TEST_F(Panels, OfAModelThatChangedAreNotUsed) {
    copy_model();
    SKIP_UNLESS_KEPT();
    const std::string before = answer_without();
    const uintmax_t size = fs::file_size(model_);
    const auto time = fs::last_write_time(model_);
    overwrite(model_, static_cast<std::streamoff>(size) - 2'000'000, std::vector<char>(1'000'000, '\0'));
    fs::last_write_time(model_, time);
    ASSERT_EQ(fs::file_size(model_), size);
    const std::string after = answer_without();
    ASSERT_NE(after, before);
    Log log(LLMODEL_LOG_DEBUG);
    EXPECT_EQ(answer(), after);
    settle();
    EXPECT_EQ(answer(), after);
    EXPECT_EQ(answer(), after);
    SKIP_WITHOUT_LARGE_PAGES(log);
    EXPECT_EQ(log.count(written), 1U);
    EXPECT_EQ(files().size(), files_of_model); // the older are gone
}

TEST_F(Panels, OfTwoThatOpenAtOnceAreWrittenOnce) {
    const std::string without = answer_without();
    Log log(LLMODEL_LOG_DEBUG);
    std::string one;
    std::string other;
    std::thread first([&] { one = answer(); });
    std::thread second([&] { other = answer(); });
    first.join();
    second.join();
    EXPECT_EQ(one, without);
    EXPECT_EQ(other, without);
    EXPECT_LE(log.count(written), 1U);
    EXPECT_LE(files().size(), files_of_model);
}

TEST_F(Panels, OnAFullDiskAreLaidOutInMemory) {
    const std::string without = answer_without();
    {
        const FullDisk full(6U << 20);
        EXPECT_EQ(answer(), without);
        EXPECT_TRUE(files().empty());
    }
    SKIP_UNLESS_KEPT();
}

TEST_F(Panels, AreLaidOutInMemoryWhereThereIsNoFolder) {
    const std::string without = answer_without();
    write_bytes(folder_.file("cache"), "a file");
    Log log(LLMODEL_LOG_DEBUG);
    EXPECT_EQ(answer(), without);
    if (log.count("CPU_PANELS") == 0) {
        GTEST_SKIP() << "this processor's weights are not laid out";
    }
    EXPECT_EQ(log.count("cannot keep them"), 1U);
}

TEST_F(Panels, StayWithinTheLimit) {
    EXPECT_EQ(answer({{"cache_disk_mib", 1}}), answer_without());
    EXPECT_TRUE(files().empty());
    SKIP_UNLESS_KEPT();
    const fs::path first = files().front();
    write_bytes((cache() / "left.abcdef.part").string(), "by a process that was killed");
    copy_model();
    Log log(LLMODEL_LOG_DEBUG);
    answer({{"cache_disk_mib", 64}}); // room for one
    SKIP_WITHOUT_LARGE_PAGES(log);
    ASSERT_EQ(files().size(), files_of_model);
    EXPECT_NE(files().front(), first);
}

TEST_F(Panels, AreNotKeptOfFilesThatAreNotMapped) {
    const std::string without = answer_without();
    EXPECT_EQ(answer({{"mmap", false}}), without);
    EXPECT_FALSE(fs::exists(cache()));
}

TEST_F(Panels, AreGivenUpWhereOpeningIsCancelled) {
    const auto cancelled = [this] {
        llmodel_model *model = nullptr;
        llmodel_error *error = nullptr;
        const llmodel_status status = llmodel_open(
            model_.c_str(), options().dump().c_str(), [](float part, void *) { return part > 0.5F ? 1 : 0; }, nullptr,
            &model, &error);
        return take(status, error).status;
    };
    EXPECT_EQ(cancelled(), LLMODEL_CANCELLED);
    for (const fs::path &path : files()) {
        EXPECT_EQ(path.extension(), ".panels") << "is half written";
    }
    SKIP_UNLESS_KEPT();
    EXPECT_EQ(cancelled(), LLMODEL_CANCELLED);
}

} // namespace
