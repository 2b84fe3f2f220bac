#include "legacy/old_model.h"

#include "gguf/utf8.h"
#include "gguf/validate_model.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <span>
#include <string_view>

namespace llmodel::legacy {

namespace {

/** The beginning of a file whose rest is not written yet. */
class HeaderSource final : public ByteSource {
  public:
    HeaderSource(std::vector<std::byte> header, std::uint64_t size, std::string name)
        : header_(std::move(header)), size_(size), name_(std::move(name)) {}

    const std::string &name() const override { return name_; }
    std::uint64_t size() const override { return size_; }
    void read(std::uint64_t offset, std::span<std::byte> into) override {
        std::fill(into.begin(), into.end(), std::byte{0});
        if (offset < header_.size()) {
            std::memcpy(into.data(), header_.data() + offset,
                        std::min<std::size_t>(into.size(), header_.size() - offset));
        }
    }

  private:
    std::vector<std::byte> header_;
    std::uint64_t size_;
    std::string name_;
};

std::filesystem::path part_of(const std::filesystem::path &path, std::size_t index) {
    std::filesystem::path part = path;
    part += "." + std::to_string(index);
    return part;
}

std::string magic_of(ByteSource &source) {
    std::string magic(4, '\0');
    if (source.size() < magic.size()) {
        return "";
    }
    source.read(0, std::as_writable_bytes(std::span(magic)));
    return magic;
}

} // namespace

std::uint64_t OldModel::size() const {
    std::uint64_t size = 0;
    for (const auto &source : sources) {
        size += source->size();
    }
    return size;
}

bool needs_translation(const std::filesystem::path &path) {
    FileSource source(path);
    return is_legacy_magic(magic_of(source));
}

bool needs_translation(const GgufFile &gguf) {
    return gguf.architecture() == "gptj";
}

OldModel open_old_model(const std::filesystem::path &path, const TranslationOptions &options) {
    OldModel model;
    model.sources.push_back(std::make_unique<FileSource>(path));
    model.files.push_back(path);
    if (!is_legacy_magic(magic_of(*model.sources.front()))) {
        const GgufFile gguf = read_gguf(*model.sources.front());
        validate_model(gguf);
        if (!needs_translation(gguf)) {
            throw Error(LLMODEL_UNSUPPORTED,
                        "'" + gguf.path + "' is already GGUF, of the architecture " + printable(gguf.architecture()) +
                            ", so there is nothing to convert; quantize can change its type",
                        {{"path", gguf.path}});
        }
        model.plan = plan_translation(gguf, options);
        return model;
    }
    const LegacyFile file = read_legacy_file(model.sources, [&](std::size_t index) {
        model.files.push_back(part_of(path, index));
        return std::make_unique<FileSource>(model.files.back());
    });
    model.plan = plan_translation(file, options);
    return model;
}

GgufFile check_plan(const Plan &plan, const std::string &path) {
    HeaderSource source(plan.header.bytes(), plan.size(), path);
    GgufFile file = read_gguf(source);
    validate_model(file);
    return file;
}

} // namespace llmodel::legacy
