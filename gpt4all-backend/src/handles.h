#pragma once

#include "error.h"

#include <atomic>
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
template<typename Object, typename Handle> class Handles {
  public:
    /** `first`: the least of the names to give out. */
    explicit Handles(const char *kind, uintptr_t first = first_name) : kind_(kind), next_(first) {}

    Handle *add(std::shared_ptr<Object> object) {
        const std::unique_lock lock(mutex_);
        const uintptr_t name = next_.fetch_add(16); // so that no name is another's by being off by a few
        objects_.emplace(name, std::move(object));
        return reinterpret_cast<Handle *>(name); // NOLINT: a name, never dereferenced
    }

    /** Throws Error(LLMODEL_CLOSED). */
    std::shared_ptr<Object> get(const Handle *handle) const {
        auto object = find(handle);
        if (object == nullptr) {
            throw Error(LLMODEL_CLOSED, std::string("the ") + kind_ +
                                            " is closed, was never open, or belongs to the process that this one was "
                                            "forked from, and must be opened again");
        }
        return object;
    }

    /** nullptr if there is none. */
    std::shared_ptr<Object> find(const Handle *handle) const {
        const std::shared_lock lock(mutex_);
        const auto found = objects_.find(reinterpret_cast<uintptr_t>(handle));
        return found == objects_.end() ? nullptr : found->second;
    }

    /** Ends the name; nullptr if there is none. */
    std::shared_ptr<Object> remove(const Handle *handle) {
        const std::unique_lock lock(mutex_);
        auto node = objects_.extract(reinterpret_cast<uintptr_t>(handle));
        return node.empty() ? nullptr : std::move(node.mapped());
    }

    std::vector<std::shared_ptr<Object>> remove_all() {
        std::vector<std::shared_ptr<Object>> all;
        const std::unique_lock lock(mutex_);
        for (auto &[name, object] : objects_) {
            all.push_back(std::move(object));
        }
        objects_.clear();
        return all;
    }

    /** The least name that was not given out yet. Takes no lock, which may be held for ever after a fork. */
    uintptr_t next_name() const { return next_; }

  private:
    static constexpr uintptr_t first_name = 0x10000;

    const char *kind_;
    mutable std::shared_mutex mutex_;
    std::atomic<uintptr_t> next_;
    std::unordered_map<uintptr_t, std::shared_ptr<Object>> objects_;
};

} // namespace llmodel
