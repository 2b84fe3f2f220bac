#pragma once

#include "llama-model-loader.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace llmodel::panels {

class PanelFiles;
class PanelImage;

/** Weights that were laid out for the processor, in files that are mapped when the same model is loaded again: it takes
 *  no time then, and all processes have the same memory. Files are named after which weights of which model files they
 *  have, and those that were not used for longest are removed where there are too many.
 *
 *  Loading never fails because of it: where files cannot be written or used, weights are laid out as they were. */
class PanelCache : public llama_arranged_weights {
  public:
    /** limit_bytes: what the folder may hold; none: without limit.
     *  is_laid_out: whether nearly all of the model's weights are of types that are. */
    PanelCache(std::filesystem::path folder, std::optional<std::uint64_t> limit_bytes, bool is_laid_out)
        : folder_(std::move(folder)), limit_bytes_(limit_bytes), is_laid_out_(is_laid_out) {}

    bool has(const std::vector<int> &files) override;
    bool fill(const std::vector<llama_arranged_tensor> &tensors, const std::function<bool(float)> &progress) override;

  private:
    using Progress = std::function<bool(float)>;

    bool try_to_fill(const std::vector<llama_arranged_tensor> &tensors, const Progress &progress);
    /** Writes the files, unless there is a reason not to. False where there is, or it was given up. */
    bool make(const std::vector<llama_arranged_tensor> &tensors, const PanelImage &image, PanelFiles &files,
              const std::string &key, const Progress &progress);

    std::filesystem::path folder_;
    std::optional<std::uint64_t> limit_bytes_;
    bool is_laid_out_;
};

/** While one lives, models that this thread loads have their weights from a cache. */
class PanelCacheInUse {
  public:
    explicit PanelCacheInUse(PanelCache *cache) : before_(std::exchange(llama_arranged, cache)) {}
    ~PanelCacheInUse() { llama_arranged = before_; }
    PanelCacheInUse(const PanelCacheInUse &) = delete;
    PanelCacheInUse &operator=(const PanelCacheInUse &) = delete;

  private:
    llama_arranged_weights *before_;
};

} // namespace llmodel::panels
