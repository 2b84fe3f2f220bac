#pragma once

#include "error.h"

#include <unistd.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace llmodel {

/** Names for objects that cross the C boundary. A name is never used twice, so that a stale one finds nothing. */
template <typename Object, typename Handle> class Handles {
  public:
    explicit Handles(const char *kind) : kind_(kind) {}

    Handle *add(std::shared_ptr<Object> object) {
        const std::unique_lock lock(mutex_);
        const uintptr_t name = next_;
        next_ += 16; // so that no name looks like an address of something else by being off by a few
        objects_.emplace(name, std::move(object));
        return reinterpret_cast<Handle *>(name); // NOLINT: a name, never dereferenced
    }

    /** Throws Error(LLMODEL_CLOSED). */
    std::shared_ptr<Object> get(const Handle *handle) const {
        auto object = find(handle);
        if (object == nullptr) {
            const bool forked = getpid() != owner_;
            throw Error(LLMODEL_CLOSED,
                        std::string("the ") + kind_ +
                            (forked ? " belongs to the parent process: open it anew after fork()"
                                    : " is closed, or was never open"));
        }
        return object;
    }

    /** nullptr if there is none. */
    std::shared_ptr<Object> find(const Handle *handle) const {
        if (getpid() != owner_) {
            return nullptr;
        }
        const std::shared_lock lock(mutex_);
        const auto found = objects_.find(reinterpret_cast<uintptr_t>(handle));
        return found == objects_.end() ? nullptr : found->second;
    }

    /** Ends the name; nullptr if there is none. */
    std::shared_ptr<Object> remove(const Handle *handle) {
        if (getpid() != owner_) {
            return nullptr;
        }
        const std::unique_lock lock(mutex_);
        auto node = objects_.extract(reinterpret_cast<uintptr_t>(handle));
        return node.empty() ? nullptr : std::move(node.mapped());
    }

    std::vector<std::shared_ptr<Object>> remove_all() {
        std::vector<std::shared_ptr<Object>> all;
        if (getpid() != owner_) {
            return all;
        }
        const std::unique_lock lock(mutex_);
        for (auto &[name, object] : objects_) {
            all.push_back(std::move(object));
        }
        objects_.clear();
        return all;
    }

  private:
    const char *kind_;
    const pid_t owner_ = getpid();
    mutable std::shared_mutex mutex_;
    uintptr_t next_ = 0x10000;
    std::unordered_map<uintptr_t, std::shared_ptr<Object>> objects_;
};

} // namespace llmodel
