// mutate_gguf FILE COUNT [SEED [FIRST]]
//
// Opens COUNT damaged copies of a GGUF file through the C API and, where one opens, lets it answer. Each must be
// refused with an error or loaded; a crash, an abort or a hang is reported with the number that makes it again, and
// makes the exit status 1. With COUNT 1 and FIRST the damaged file is kept.

#include "llmodel.h"

#include "gguf_mutations.h"

#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cinttypes>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <map>
#include <new>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

namespace {

using llmodel::test::Mutator;

constexpr int statuses = 32;
constexpr auto time_limit = std::chrono::seconds(10);
constexpr std::uint64_t mutations_per_worker = 500;
constexpr rlim_t memory_limit = rlim_t{6} << 30;

/** What a worker reports, in memory that outlives it. */
struct Shared {
    std::atomic<std::uint64_t> current;
    std::atomic<std::int64_t> started_ms;
    std::atomic<std::uint64_t> done;
    std::array<std::atomic<std::uint64_t>, statuses> refused;
    std::atomic<std::uint64_t> loaded;
    std::atomic<std::uint64_t> answered;
};

std::int64_t now_ms() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

bool write_file(const std::string &path, const llmodel::test::Bytes &bytes) {
    std::FILE *file = std::fopen(path.c_str(), "wb");
    if (file == nullptr) {
        return false;
    }
    const bool complete = std::fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size();
    return (std::fclose(file) == 0) && complete;
}

/** Runs one request to its end; true if it gave a result rather than an error. */
bool run(llmodel_model *model, const char *operation, const char *request) {
    llmodel_task *task = nullptr;
    if (llmodel_submit(model, operation, request, &task, nullptr) != LLMODEL_OK) {
        return false;
    }
    llmodel_event event{};
    llmodel_status status = LLMODEL_OK;
    do {
        status = llmodel_next(task, 8000, &event, nullptr);
    } while (status == LLMODEL_OK && event.kind != LLMODEL_EVENT_DONE);
    llmodel_task_free(task);
    if (status == LLMODEL_TIMEOUT) {
        std::fprintf(stderr, "no answer within 8 seconds\n");
        std::abort();
    }
    return status == LLMODEL_OK;
}

void try_file(const std::string &path, Shared &shared, bool verbose) {
    llmodel_model *model = nullptr;
    llmodel_error *error = nullptr;
    const char *options = R"({"n_ctx": 256, "threads": 2})";
    const llmodel_status status = llmodel_open(path.c_str(), options, nullptr, nullptr, &model, &error);
    if (verbose) {
        std::printf("%s: %s\n", llmodel_status_name(status),
                    status == LLMODEL_OK ? "loaded" : llmodel_error_message(error));
    }
    if (status != LLMODEL_OK) {
        llmodel_error_free(error);
        ++shared.refused[static_cast<std::size_t>(status) % statuses];
        return;
    }
    ++shared.loaded;
    const bool completes = run(model, "complete", R"({"prompt": "Hello, the world", "max_tokens": 2, "seed": 1})");
    const bool embeds = completes || run(model, "embed", R"({"input": "hello"})");
    if (completes || embeds) {
        ++shared.answered;
    }
    llmodel_close(model);
}

[[noreturn]] void work(const Mutator &mutator, Shared &shared, std::uint64_t seed, std::uint64_t first,
                       std::uint64_t end, const std::string &path) {
    const rlimit memory{memory_limit, memory_limit};
    setrlimit(RLIMIT_AS, &memory);
    const rlimit core{0, 0};
    setrlimit(RLIMIT_CORE, &core);
    for (std::uint64_t number = first; number < end; ++number) {
        shared.current = number;
        shared.started_ms = now_ms();
        if (!write_file(path, mutator.mutate(seed, number).bytes)) {
            std::fprintf(stderr, "cannot write %s\n", path.c_str());
            _exit(2);
        }
        try_file(path, shared, false);
        ++shared.done;
    }
    _exit(0);
}

/** Waits for a worker; a text if it crashed or had to be killed. */
std::string watch(pid_t worker, const Shared &shared) {
    int status = 0;
    while (waitpid(worker, &status, WNOHANG) == 0) {
        if (now_ms() - shared.started_ms > std::chrono::milliseconds(time_limit).count()) {
            kill(worker, SIGKILL);
            waitpid(worker, &status, 0);
            return "hang";
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    if (WIFSIGNALED(status)) {
        return std::string("crash: ") + strsignal(WTERMSIG(status));
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) != 0) {
        return "exit with status " + std::to_string(WEXITSTATUS(status));
    }
    return "";
}

/** Without damage the file must open and answer, or the mutations would prove nothing. */
bool answers_undamaged(const Mutator &mutator, Shared &shared, const std::string &path) {
    shared.started_ms = now_ms();
    std::fflush(nullptr);
    const pid_t worker = fork();
    if (worker == 0) {
        if (write_file(path, mutator.original())) {
            try_file(path, shared, true);
            std::fflush(nullptr);
        }
        _exit(0);
    }
    const std::string failure = worker < 0 ? "cannot fork" : watch(worker, shared);
    const bool answered = shared.answered == 1 && failure.empty();
    if (!answered) {
        std::printf("the undamaged file does not open and answer %s\n", failure.c_str());
    }
    shared.loaded = shared.answered = 0;
    return answered;
}

/** Says every few seconds how far it is. */
class Progress {
  public:
    explicit Progress(std::uint64_t count) : count_(count) {}

    void show(std::uint64_t done, std::size_t failures) {
        const std::int64_t now = now_ms();
        if (now - shown_ms_ < interval_ms) {
            return;
        }
        shown_ms_ = now;
        const double seconds = static_cast<double>(now - begin_ms_) / 1000.0;
        const double left = seconds * static_cast<double>(count_ - done) / static_cast<double>(done);
        std::printf("%" PRIu64 " of %" PRIu64 " mutations, %zu failed, about %.0f s left\n", done, count_, failures,
                    left);
    }

  private:
    static constexpr std::int64_t interval_ms = 5000;
    const std::uint64_t count_;
    const std::int64_t begin_ms_ = now_ms();
    std::int64_t shown_ms_ = begin_ms_;
};

int run_all(const Mutator &mutator, std::uint64_t count, std::uint64_t seed, std::uint64_t first) {
    void *memory = mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        std::perror("mmap");
        return 2;
    }
    auto &shared = *new (memory) Shared{};
    const int file = memfd_create("mutated.gguf", 0); // ends with the last process that has it, however they end
    if (file < 0) {
        std::perror("memfd_create");
        return 2;
    }
    const std::string path = "/proc/self/fd/" + std::to_string(file);
    const auto begin = std::chrono::steady_clock::now();
    std::vector<std::string> failures;
    Progress progress(count);
    if (!answers_undamaged(mutator, shared, path)) {
        return 2;
    }
    for (std::uint64_t next = first; next < first + count;) {
        const std::uint64_t end = std::min(next + mutations_per_worker, first + count);
        shared.current = next;
        shared.started_ms = now_ms();
        std::fflush(nullptr);
        const pid_t worker = fork();
        if (worker < 0) {
            std::perror("fork");
            return 2;
        }
        if (worker == 0) {
            work(mutator, shared, seed, next, end, path);
        }
        const std::string failure = watch(worker, shared);
        next = end;
        if (!failure.empty()) {
            const std::uint64_t number = shared.current;
            const Mutator::Mutation mutation = mutator.mutate(seed, number);
            failures.push_back("FAILED  seed " + std::to_string(seed) + " number " + std::to_string(number) + " (" +
                               mutation.description + "): " + failure);
            std::printf("%s\n", failures.back().c_str());
            next = number + 1;
        }
        progress.show(next - first, failures.size());
    }
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    std::printf("%" PRIu64 " mutations in %.1f s (%.0f/s): %" PRIu64 " loaded, %" PRIu64 " of them answered\n", count,
                seconds, static_cast<double>(count) / seconds, shared.loaded.load(), shared.answered.load());
    for (int status = 0; status < statuses; ++status) {
        if (const std::uint64_t refused = shared.refused[static_cast<std::size_t>(status)]; refused > 0) {
            std::printf("  refused with %s: %" PRIu64 "\n", llmodel_status_name(static_cast<llmodel_status>(status)),
                        refused);
        }
    }
    const std::uint64_t blamed = shared.refused[LLMODEL_INVALID_ARGUMENT];
    std::printf("%zu crashes, aborts or hangs\n", failures.size());
    for (const std::string &failure : failures) { // again, as they lie far above by now
        std::printf("%s\n", failure.c_str());
    }
    if (blamed > 0) {
        std::printf("%" PRIu64 " refusals blame the caller, not the file\n", blamed);
    }
    return failures.empty() && blamed == 0 ? 0 : 1;
}

} // namespace

int main(int argc, char **argv) {
    if (argc < 3 || argc > 5) {
        std::fprintf(stderr, "usage: mutate_gguf FILE COUNT [SEED [FIRST]]\n");
        return 2;
    }
    const std::uint64_t count = std::strtoull(argv[2], nullptr, 10);
    const std::uint64_t seed = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 1;
    const std::uint64_t first = argc > 4 ? std::strtoull(argv[4], nullptr, 10) : 0;
    try {
        const Mutator mutator(llmodel::test::read_bytes(argv[1]));
        if (count == 1 && argc > 4) {
            const Mutator::Mutation mutation = mutator.mutate(seed, first);
            const std::string path = "mutation-" + std::to_string(seed) + "-" + std::to_string(first) + ".gguf";
            std::printf("%s: %s\n", path.c_str(), mutation.description.c_str());
            std::fflush(nullptr);
            if (!write_file(path, mutation.bytes)) {
                std::perror(path.c_str());
                return 2;
            }
            Shared shared{};
            try_file(path, shared, true);
            return 0;
        }
        return run_all(mutator, count, seed, first);
    } catch (const std::exception &error) {
        std::fprintf(stderr, "mutate_gguf: %s\n", error.what());
        return 2;
    }
}
