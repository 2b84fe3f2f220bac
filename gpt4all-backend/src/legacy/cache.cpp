// In the folder: the translations by the hash of what they were made from; for each file that was opened, under a name
// made of its identity, a record of which translation is its own, and a lock; and the seed of the hash.

#include "legacy/cache.h"

#include "files/cache_folder.h"
#include "legacy/content_hash.h"
#include "legacy/file_identity.h"
#include "platform/file_lock.h"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <random>
#include <system_error>
#include <utility>
#include <vector>

namespace llmodel::legacy {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t most_record_bytes = std::size_t{1} << 16;

/** Empty if there is none, or it is larger than any of ours. */
std::string read_small(const fs::path &path) {
    std::ifstream file(path, std::ios::binary);
    std::string text(most_record_bytes, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(file.gcount()));
    return text.size() == most_record_bytes ? "" : text;
}

void write_small(const fs::path &path, const std::string &text) {
    TemporaryFile file(path);
    file.append(text);
    file.commit();
}

void make_folder(const fs::path &folder) {
    std::error_code error;
    fs::create_directories(folder, error);
    if (error) {
        throw Error(LLMODEL_IO,
                    folder.string() + ": the folder for translated models cannot be created: " + error.message() +
                        "; set GPT4ALL_CACHE or the option cache_dir to a writable one",
                    {{"path", folder.string()}, {"errno", error.value()}});
    }
}

std::uint64_t seed_of(const fs::path &folder) {
    const fs::path path = folder / "seed";
    const auto read = [&path] { return std::strtoull(read_small(path).c_str(), nullptr, 16); };
    std::uint64_t seed = read();
    if (seed == 0) {
        std::random_device random;
        std::array<char, 20> text{};
        std::snprintf(text.data(), text.size(), "%08x%08x", random() | 1U, random());
        write_small(path, text.data());
        seed = read();
    }
    return seed;
}

std::string translation_suffix() {
    return "-v" + std::to_string(translation_version) + ".gguf";
}

fs::path record_of(const fs::path &folder, const FileIdentity &identity) {
    return folder / (identity.name() + ".json");
}

/** Which translation belongs to a model's files. */
struct Record {
    std::string translation; // a name in the folder
    std::uint64_t bytes = 0;
    std::vector<FileIdentity> files;
};

/** Nothing if there is none of this version, or what is there was damaged. */
std::optional<Record> read_record(const fs::path &path) {
    const json value = json::parse(read_small(path), nullptr, false);
    const auto has = [&value](const char *key, auto is) {
        return value.is_object() && value.contains(key) && (value[key].*is)();
    };
    if (!has("translation", &json::is_string) || !has("bytes", &json::is_number_unsigned) ||
        !has("files", &json::is_array) || value["files"].empty()) {
        return std::nullopt;
    }
    Record record{value["translation"], value["bytes"], {}};
    if (!record.translation.ends_with(translation_suffix()) ||
        fs::path(record.translation).filename() != record.translation) {
        return std::nullopt;
    }
    for (const json &file : value["files"]) {
        record.files.push_back(FileIdentity::from_json(file));
    }
    return record;
}

/** Removes what a process that was killed has left of the same translation; the lock is held. */
void remove_leftovers(const fs::path &folder, const std::string &name) {
    std::error_code ignored;
    for (const auto &entry : fs::directory_iterator(folder, ignored)) {
        const std::string file = entry.path().filename().string();
        if (file.starts_with(name + ".") && file.ends_with(".part")) {
            fs::remove(entry.path(), ignored);
        }
    }
}

fs::path translate_into(const fs::path &folder, const OldModel &model, const std::vector<FileIdentity> &identities,
                        const Progress &progress) {
    const std::string name = identities.front().name();
    remove_leftovers(folder, name);
    TemporaryFile file(folder / name);
    ContentHash hash(model.sources, seed_of(folder));
    write_translation(model, file, progress, [&hash](std::uint64_t read_to) { hash.advance_to(read_to); });
    fs::path target = folder / (hash.finish() + translation_suffix());
    for (std::size_t i = 0; i < identities.size(); ++i) {
        if (identity_of(model.files[i]) != identities[i]) {
            throw Error(LLMODEL_IO,
                        "'" + model.files[i].string() + "' changed while it was being translated; open it again",
                        {{"path", model.files[i].string()}});
        }
    }
    const std::uint64_t bytes = fs::file_size(file.path());
    file.commit_as(target);

    json files = json::array();
    for (std::size_t i = 0; i < identities.size(); ++i) {
        files.push_back(identities[i].to_json());
        files.back()["path"] = fs::absolute(model.files[i]).string();
    }
    const json record{{"translation", target.filename().string()}, {"bytes", bytes}, {"files", std::move(files)}};
    write_small(record_of(folder, identities.front()), record.dump(-1, ' ', false, json::error_handler_t::replace));
    return target;
}

/** Throws Error(LLMODEL_IO), and what `wait` throws. */
FileLock lock_file(const fs::path &path, const std::function<void()> &wait) {
    try {
        return {path, wait};
    } catch (const std::system_error &error) {
        throw Error(LLMODEL_IO,
                    path.string() + ": the lock cannot be acquired: " + error.code().message() +
                        "; set GPT4ALL_CACHE or the option cache_dir to a writable folder",
                    {{"path", path.string()}, {"errno", error.code().value()}});
    }
}

} // namespace

fs::path translations_folder(const std::string &cache_dir) {
    return cache_folder(cache_dir) / "translated";
}

std::optional<fs::path> find_translation(const fs::path &folder, const fs::path &path) {
    const FileIdentity identity = identity_of(path);
    const std::optional<Record> record = read_record(record_of(folder, identity));
    if (!record || record->files.front() != identity) {
        return std::nullopt;
    }
    try {
        for (std::size_t i = 1; i < record->files.size(); ++i) {
            if (record->files[i] != identity_of(path.string() + "." + std::to_string(i))) {
                return std::nullopt;
            }
        }
    } catch (const Error &) {
        return std::nullopt; // a part is gone
    }
    std::error_code error;
    const std::uint64_t bytes = fs::file_size(folder / record->translation, error);
    return !error && bytes == record->bytes ? std::optional(folder / record->translation) : std::nullopt;
}

fs::path provide_translation(const fs::path &folder, const OldModel &model, const Progress &progress) {
    make_folder(folder);
    std::vector<FileIdentity> identities;
    for (const fs::path &file : model.files) {
        identities.push_back(identity_of(file));
        settle(identities.back());
    }
    const FileLock lock = lock_file(folder / (identities.front().name() + ".lock"), [&] {
        if (progress && !progress(0)) {
            throw Error(LLMODEL_CANCELLED, "opening " + model.files.front().string() + " was cancelled",
                        {{"path", model.files.front().string()}});
        }
    });
    if (auto found = find_translation(folder, model.files.front())) { // by who held the lock before
        return *found;
    }
    return translate_into(folder, model, identities, progress);
}

} // namespace llmodel::legacy
