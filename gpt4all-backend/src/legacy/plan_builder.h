#pragma once

#include "error.h"
#include "legacy/plan.h"

#include <set>
#include <string>

namespace llmodel::legacy {

/** How a tensor is to be taken over, beyond its name and shape. */
struct Taking {
    Split split = Split::none;
    bool transposed = false;
    std::int64_t head_rows = 0;
    std::int64_t rotated = 0;
};

/** Makes a plan of the tensors of a file, each of which must be asked for by its name. */
class PlanBuilder {
  public:
    /** Both must outlive it. `path` is named in errors. */
    PlanBuilder(const std::string &path, const std::vector<Directory> &parts, const TranslationOptions &options);

    /** The tensor of that name in the first file. */
    const Tensor &need(const std::string &name) const;

    /** Takes the tensor `from`, which must have that shape, as `to`. `ne1` is 0 for a vector, which becomes F32. */
    void take(const std::string &from, const std::string &to, std::int64_t ne0, std::int64_t ne1, Taking how = {});

    /** Adds a vector of zeros. */
    void add_zeros(const std::string &to, std::int64_t ne0);

    void ignore(const std::string &name) { taken_.insert(name); }

    /** Refuses tensors that were not asked for, and puts the others into the plan in the order of the file. */
    void finish(Plan &plan, std::uint32_t file_type);

    [[noreturn]] void fail(const Tensor &tensor, const std::string &message,
                           llmodel_status status = LLMODEL_INVALID_MODEL) const;

  private:
    ggml_type target(const Tensor &tensor, std::int64_t ne0);
    ggml_type target_of_q4(const Tensor &tensor, std::int64_t ne0, const std::string &wanted, bool is_q4_2);
    void check_shape(const Tensor &tensor, std::int64_t ne0, std::int64_t ne1) const;
    void add_parts(OutputTensor &output, const Tensor &first, const Taking &how) const;

    const std::string &path_;
    const std::vector<Directory> &parts_;
    const TranslationOptions &options_;
    std::vector<OutputTensor> tensors_;
    std::set<std::string> taken_;
    std::set<std::string> choices_;
};

/** "blk.7.attn_q.weight" for the layer 7 and "attn_q.weight". */
std::string block_name(std::uint32_t layer, const std::string &name);

/** The keys that every translation has. `file_type` is ggml's ftype as the old file has it, without its version. */
void set_general(Plan &plan, const TranslationOptions &options, std::uint32_t file_type);

} // namespace llmodel::legacy
