#include "engine/state.h"

#include "json/parse.h"
#include "llama/logging.h"

extern "C" {
#include "hash/sha256/sha256.h"
}

#include <array>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

// A state file is what llama.cpp writes for a sequence, followed by a trailer of ours: a JSON object, its length as a
// little-endian uint32 and eight bytes of magic. llama.cpp trusts its file, so the trailer's digest of it is checked
// before llama.cpp sees it.

namespace llmodel {

namespace {

constexpr std::string_view magic = "LLMSTATE";
constexpr size_t max_trailer_bytes = 4096;

Error damaged(const std::filesystem::path &path, const std::string &why) {
    return Error(LLMODEL_INVALID_MODEL, path.string() + ": not a usable state file: " + why, {{"path", path.string()}});
}

std::string sha256_of(std::ifstream &file, uint64_t bytes) {
    sha256_t hash;
    sha256_init(&hash);
    std::vector<char> block(size_t{1} << 20);
    while (bytes > 0) {
        const auto want = static_cast<std::streamsize>(std::min<uint64_t>(bytes, block.size()));
        file.read(block.data(), want);
        if (file.gcount() != want) {
            return {};
        }
        sha256_update(&hash, reinterpret_cast<const unsigned char *>(block.data()), static_cast<size_t>(want));
        bytes -= static_cast<uint64_t>(want);
    }
    std::array<unsigned char, 32> digest{};
    sha256_final(&hash, digest.data());
    std::string text;
    for (const unsigned char byte : digest) {
        constexpr std::string_view digits = "0123456789abcdef";
        text += digits[byte >> 4];
        text += digits[byte & 15];
    }
    return text;
}

/** What must be the same for a state to mean anything. */
json shape_of(Engine &engine) {
    const llama_model *model = engine.weights();
    std::array<char, 256> description{};
    llama_model_desc(model, description.data(), description.size());
    return {{"model", description.data()},
            {"n_params", llama_model_n_params(model)},
            {"size", llama_model_size(model)},
            {"n_vocab", llama_vocab_n_tokens(engine.vocab())},
            {"type_k", ggml_type_name(engine.params().cache_type_k)},
            {"type_v", ggml_type_name(engine.params().cache_type_v)}};
}

server_task_result_ptr perform_on_slot(Engine &engine, server_task_type type, int id_slot,
                                       const std::filesystem::path &path) {
    const int slots = engine.params().n_parallel;
    if (id_slot >= slots) {
        throw Error(LLMODEL_NOT_FOUND,
                    "there is no slot " + std::to_string(id_slot) + ": the model has " + std::to_string(slots) +
                        "; open it with a larger n_parallel",
                    {{"id_slot", id_slot}, {"n_parallel", slots}});
    }
    server_task task(type);
    task.slot_action.id_slot = id_slot;
    task.slot_action.filename = path.filename().string();
    task.slot_action.filepath = path.string();
    return engine.perform(std::move(task));
}

json result_of(int slot, size_t n_tokens, uint64_t bytes, std::chrono::steady_clock::time_point start) {
    const std::chrono::duration<double, std::milli> elapsed = std::chrono::steady_clock::now() - start;
    return {{"id_slot", slot}, {"n_tokens", n_tokens}, {"n_bytes", bytes}, {"ms", elapsed.count()}};
}

/** Checks the whole file. Throws Error. */
void verify(Engine &engine, const std::filesystem::path &path) {
    std::error_code failure;
    const uint64_t size = std::filesystem::file_size(path, failure);
    if (failure) {
        throw Error(failure == std::errc::no_such_file_or_directory ? LLMODEL_NOT_FOUND : LLMODEL_IO,
                    path.string() + ": the state cannot be read: " + failure.message(), {{"path", path.string()}});
    }
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        throw Error(LLMODEL_IO, path.string() + ": the state cannot be opened: " + std::strerror(errno),
                    {{"path", path.string()}});
    }
    constexpr uint64_t footer = sizeof(uint32_t) + magic.size();
    if (size < footer) {
        throw damaged(path, "it has " + std::to_string(size) + " bytes");
    }
    std::array<char, footer> tail{};
    file.seekg(static_cast<std::streamoff>(size - footer));
    file.read(tail.data(), tail.size());
    if (std::string_view(tail.data() + sizeof(uint32_t), magic.size()) != magic) {
        throw damaged(path, "its end is not that of a state; it may be another kind of file, or truncated");
    }
    uint32_t length = 0;
    for (size_t i = 0; i < sizeof(length); ++i) {
        length |= static_cast<uint32_t>(static_cast<unsigned char>(tail[i])) << (8 * i);
    }
    if (length > max_trailer_bytes || length > size - footer) {
        throw damaged(path, "its trailer is damaged");
    }
    std::string trailer(length, '\0');
    const uint64_t payload = size - footer - length;
    file.seekg(static_cast<std::streamoff>(payload));
    file.read(trailer.data(), length);

    json fields;
    try {
        fields = parse_json(trailer.c_str(), "trailer");
    } catch (const Error &error) {
        throw damaged(path, error.what());
    }
    const json shape = shape_of(engine);
    if (fields.value("shape", json()) != shape) {
        throw Error(LLMODEL_INVALID_MODEL,
                    path.string() + ": the state belongs to another model or to other cache types: it has " +
                        dump_json(fields.value("shape", json())) + ", this model has " + dump_json(shape),
                    {{"path", path.string()}});
    }
    file.seekg(0);
    if (sha256_of(file, payload) != fields.value("sha256", std::string("none"))) {
        throw damaged(path, "its content does not match its recorded digest");
    }
}

} // namespace

void StateFile::write(llama_context *context, llama_seq_id slot, const server_tokens &tokens) noexcept {
    try {
        const std::vector<char> packed = tokens.serialize();
        const auto *ids = reinterpret_cast<const llama_token *>(packed.data());
        if (llama_state_seq_save_file(context, temporary_.path().string().c_str(), slot, ids,
                                      packed.size() / sizeof(llama_token)) != 0) {
            slot_ = slot;
            n_tokens_ = tokens.size();
        }
    } catch (const std::exception &error) {
        log_message(LLMODEL_LOG_ERROR, path_.string() + ": the state could not be written: " + error.what());
    }
}

void StateFile::write(Engine &engine, int slot) {
    try {
        const auto result = perform_on_slot(engine, SERVER_TASK_TYPE_SLOT_SAVE, slot, temporary_.path());
        slot_ = slot;
        n_tokens_ = dynamic_cast<server_task_result_slot_save_load &>(*result).n_tokens;
    } catch (const Error &error) {
        if (error.status() == LLMODEL_INTERNAL) {
            throw not_written();
        }
        throw;
    }
}

json StateFile::finish(Engine &engine) {
    engine.throw_if_lost(); // and what was written is zeros
    if (slot_ < 0) {
        throw not_written();
    }
    const uint64_t payload = std::filesystem::file_size(temporary_.path());
    std::ifstream written(temporary_.path(), std::ios::binary);
    const std::string trailer =
        dump_json(json{{"version", 1}, {"shape", shape_of(engine)}, {"sha256", sha256_of(written, payload)}});
    std::string tail = trailer;
    for (size_t i = 0; i < sizeof(uint32_t); ++i) {
        tail += static_cast<char>(trailer.size() >> (8 * i) & 0xFF);
    }
    tail += magic;
    temporary_.append(tail);
    temporary_.commit();
    return result_of(slot_, n_tokens_, payload + tail.size(), start_);
}

Error StateFile::not_written() const {
    return Error(LLMODEL_IO, path_.string() + ": the state could not be written: is the disk full?",
                 {{"path", path_.string()}});
}

json save_state(Engine &engine, const std::filesystem::path &path, const json &request) {
    StateFile file(path);
    file.write(engine, request.value("id_slot", 0));
    return file.finish(engine);
}

json restore_state(Engine &engine, const std::filesystem::path &path, const json &request) {
    const auto start = std::chrono::steady_clock::now();
    verify(engine, path);
    server_task_result_ptr result;
    try {
        result = perform_on_slot(engine, SERVER_TASK_TYPE_SLOT_RESTORE, request.value("id_slot", 0), path);
    } catch (const Error &error) {
        if (error.status() == LLMODEL_INVALID_ARGUMENT) {
            throw Error(LLMODEL_INVALID_MODEL, path.string() + ": the state cannot be restored: " + error.what(),
                        {{"path", path.string()}});
        }
        throw;
    }
    const auto &done = dynamic_cast<server_task_result_slot_save_load &>(*result);
    return result_of(done.id_slot, done.n_tokens, std::filesystem::file_size(path), start);
}

} // namespace llmodel
