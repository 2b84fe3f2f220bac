#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>

namespace llmodel {

/** Bytes of known length that a parser reads at any offset: a file, or memory in tests and fuzzers. */
class ByteSource {
  public:
    virtual ~ByteSource() = default;
    ByteSource() = default;
    ByteSource(const ByteSource &) = delete;
    ByteSource &operator=(const ByteSource &) = delete;

    /** The name that error messages use. */
    virtual const std::string &name() const = 0;

    /** In bytes. */
    virtual std::uint64_t size() const = 0;

    /** Fills `into` with the bytes from `offset` on, all of which must lie within size(). */
    virtual void read(std::uint64_t offset, std::span<std::byte> into) = 0;
};

/** A regular file. Read with ordinary reads, not mapped: a file that shrinks meanwhile is an error, not a signal. */
class FileSource final : public ByteSource {
  public:
    /** Throws LLMODEL_NOT_FOUND for a missing file, LLMODEL_IO for one that cannot be read, and
     *  LLMODEL_INVALID_MODEL for a directory or a device. */
    explicit FileSource(const std::filesystem::path &path);

    const std::string &name() const override { return name_; }
    std::uint64_t size() const override { return size_; }
    void read(std::uint64_t offset, std::span<std::byte> into) override;

  private:
    std::string name_;
    std::uint64_t size_ = 0;
    std::ifstream stream_;
};

/** Memory of the caller, which must outlive the source. */
class MemorySource final : public ByteSource {
  public:
    MemorySource(std::span<const std::byte> bytes, std::string name) : name_(std::move(name)), bytes_(bytes) {}

    const std::string &name() const override { return name_; }
    std::uint64_t size() const override { return bytes_.size(); }
    void read(std::uint64_t offset, std::span<std::byte> into) override;

  private:
    std::string name_;
    std::span<const std::byte> bytes_;
};

} // namespace llmodel
