#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>

namespace llmodel {

/** A file that is read and written at any place, by several threads at once. All throw std::system_error. What has to
 * be on the disk before it gets its name is a TemporaryFile. */
class RandomAccessFile {
  public:
    /** A new one, with a name that begins so and ends with ".part", for this user alone. */
    static RandomAccessFile create(const std::filesystem::path &beginning);
    /** One that is there and not a link. */
    static RandomAccessFile open(const std::filesystem::path &path, bool writable);

    ~RandomAccessFile();
    RandomAccessFile(RandomAccessFile &&other) noexcept;
    RandomAccessFile &operator=(RandomAccessFile &&) = delete;

    const std::filesystem::path &path() const { return path_; }
    int descriptor() const { return descriptor_; }

    std::uint64_t size() const;
    /** Whether it is an ordinary file that only this user, or the administrator, can have written. */
    bool is_trusted() const;

    /** False if the file ends before. */
    bool read(std::span<std::byte> into, std::uint64_t offset) const;
    void write(std::span<const std::byte> bytes, std::uint64_t offset);

    /** Takes the time at which it was last used, if this user may. */
    void touch() noexcept;
    void rename_to(const std::filesystem::path &path);

  private:
    RandomAccessFile(std::filesystem::path path, int descriptor);

    std::filesystem::path path_;
    int descriptor_;
};

} // namespace llmodel
