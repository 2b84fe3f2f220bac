#include "gguf/validation.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

namespace llmodel::validation {

namespace {

// The first two are llama.cpp's own; the others are far above any model, and keep 32-bit products of two of them from
// overflowing into something small.
constexpr std::uint64_t max_layers = 512;
constexpr std::uint64_t max_experts = 1024;
constexpr std::uint64_t max_width = 1 << 22;
constexpr std::uint64_t max_heads = 1 << 16;
constexpr std::uint64_t max_head_width = 1 << 16;
constexpr std::uint64_t max_count = 1 << 24;
constexpr std::uint64_t max_positions = 1 << 28;

/** Below this, llama.cpp's warm-up run alone would leave a table of learned positions. */
constexpr std::uint64_t min_context = 8;

class Hyperparameters {
  public:
    explicit Hyperparameters(const GgufFile &file) : file_(file), prefix_(std::string(file.architecture()) + ".") {}

    void check() {
        layers_ = required("block_count", 1, max_layers);
        width_ = required("embedding_length", 1, max_width);
        required("context_length", min_context, max_positions);
        check_range(file_, key("vocab_size"), 1, max_count);
        check_range(file_, key("pooling_type"), 0, 4);
        check_range(file_, key("nextn_predict_layers"), 0, layers_);
        check_all_numbers();
        check_divisors();
        check_attention();
        check_experts();
        check_rope();
        check_outputs();
    }

  private:
    std::string key(std::string_view name) const { return prefix_ + std::string(name); }

    [[noreturn]] void fail(std::string_view name, const std::string &message) const {
        file_.fail(LLMODEL_INVALID_MODEL, key(name), message);
    }

    std::uint64_t required(std::string_view name, std::uint64_t low, std::uint64_t high) const {
        const auto number = file_.get_uint(key(name));
        if (!number) {
            fail(name, "is missing");
        }
        check_range(file_, key(name), low, high);
        return *number;
    }

    /** The value for each layer of a key that holds one number, or one for each layer; empty if there is no such key.
     */
    std::vector<std::uint64_t> per_layer(std::string_view name, std::uint64_t high) const {
        const GgufValue *value = file_.find(key(name));
        if (value == nullptr) {
            return {};
        }
        std::vector<std::uint64_t> numbers;
        if (const auto *array = std::get_if<GgufArray>(&value->value)) {
            if (const auto *unsigned_items = array->as<std::uint32_t>()) {
                numbers.assign(unsigned_items->begin(), unsigned_items->end());
            } else if (const auto *signed_items = array->as<std::int32_t>()) {
                for (const std::int32_t item : *signed_items) {
                    numbers.push_back(item < 0 ? std::numeric_limits<std::uint64_t>::max()
                                               : static_cast<std::uint64_t>(item));
                }
            } else {
                fail(name, std::string("must hold 32-bit integers but holds ") + gguf_type_label(array->type));
            }
            if (numbers.size() != layers_) {
                fail(name, "has " + std::to_string(numbers.size()) + " values for a model of " +
                               std::to_string(layers_) + " layers");
            }
        } else {
            numbers.assign(static_cast<std::size_t>(layers_), *file_.get_uint(key(name)));
        }
        for (const std::uint64_t number : numbers) {
            if (number > high) {
                fail(name, "holds a value that is negative or above " + std::to_string(high));
            }
        }
        return numbers;
    }

    void check_number(const std::string &name, const GgufValue &value) const {
        if (const double *number = std::get_if<double>(&value.value)) {
            if (!std::isfinite(*number)) {
                file_.fail(LLMODEL_INVALID_MODEL, name, "is not a finite number");
            }
            if (name.ends_with("epsilon") && (*number < 0.0 || *number > 1.0)) {
                file_.fail(LLMODEL_INVALID_MODEL, name,
                           "is " + std::to_string(*number) + ", which is not between 0 and 1");
            }
        } else if (value.type == GgufType::uint32) { // the only integers that llama.cpp reads
            if (!name.ends_with("_id")) {            // ids may be 2^32 - 1, which means none
                check_range(file_, name, 0, is_position(name) ? max_positions : max_count);
            }
        } else if (const auto *array = std::get_if<GgufArray>(&value.value)) {
            const auto finite = [](const auto &items) {
                return std::all_of(items.begin(), items.end(), [](auto item) { return std::isfinite(item); });
            };
            if ((array->as<float>() != nullptr && !finite(*array->as<float>())) ||
                (array->as<double>() != nullptr && !finite(*array->as<double>()))) {
                file_.fail(LLMODEL_INVALID_MODEL, name, "holds something other than a finite number");
            }
        }
    }

    static bool is_position(std::string_view name) {
        return name.ends_with("context_length") || name.ends_with("sliding_window") ||
               name.ends_with("temperature_length") || name.ends_with("top_k");
    }

    void check_all_numbers() const {
        for (auto at = file_.metadata.lower_bound(prefix_);
             at != file_.metadata.end() && at->first.starts_with(prefix_); ++at) {
            check_number(at->first, at->second);
        }
    }

    /** Numbers that llama.cpp divides by, or counts down from, without looking. */
    void check_divisors() const {
        constexpr std::string_view positive[] = {
            "wkv.head_size",
            "ssm.conv_kernel",
            "ssm.inner_size",
            "ssm.state_size",
            "ssm.time_step_rank",
            "ssm.group_count",
            "experts_per_group",
            "attention.output_group_count",
            "attention.group_norm_groups",
            "attention.indexer.block_size",
            "attention.indexer.head_count",
            "attention.indexer.key_length",
            "full_attention_interval",
            "conv_group_size",
            "num_loops",
            "shortconv.l_cache",
            "kda.head_dim",
            "hrm.layers_per_stack",
            "hrm.h_cycles",
            "hrm.l_cycles",
        };
        for (const std::string_view name : positive) {
            check_range(file_, key(name), 1, max_count);
        }
        if (file_.architecture() == "ernie4_5-moe") {
            check_range(file_, key("interleave_moe_layer_step"), 1, max_layers);
        }
        check_range(file_, key("attention.relative_buckets_count"), 8, max_heads);
        check_range(file_, key("decoder_block_count"), 1, max_layers);
        check_range(file_, key("token_shift_count"), 1, 16);
        check_range(file_, key("leading_dense_block_count"), 0, max_layers);
    }

    void check_attention() {
        heads_ = per_layer("attention.head_count", max_heads);
        const auto kv_heads = per_layer("attention.head_count_kv", max_heads);
        per_layer("feed_forward_length", max_width);
        for (std::size_t layer = 0; layer < kv_heads.size() && layer < heads_.size(); ++layer) {
            if (kv_heads[layer] > heads_[layer] && heads_[layer] > 0) {
                fail("attention.head_count_kv", "is " + std::to_string(kv_heads[layer]) + " in layer " +
                                                    std::to_string(layer) + ", more than the " +
                                                    std::to_string(heads_[layer]) + " heads that use them");
            }
            if (kv_heads[layer] > 0 && heads_[layer] % kv_heads[layer] != 0) {
                fail("attention.head_count_kv", "is " + std::to_string(kv_heads[layer]) + " in layer " +
                                                    std::to_string(layer) + ", which does not divide the " +
                                                    std::to_string(heads_[layer]) + " heads");
            }
        }
        for (const std::string_view name :
             {"attention.key_length", "attention.value_length", "attention.key_length_swa",
              "attention.value_length_swa", "attention.key_length_mla", "attention.value_length_mla"}) {
            check_range(file_, key(name), 1, max_head_width);
        }
        if (!heads_.empty() && heads_[0] > 0 && width_ < heads_[0] && !file_.find(key("attention.key_length"))) {
            fail("attention.head_count", "is larger than the embedding of " + std::to_string(width_));
        }
    }

    void check_experts() const {
        const std::uint64_t experts = file_.get_uint(key("expert_count")).value_or(0);
        if (experts > max_experts) {
            fail("expert_count",
                 "is " + std::to_string(experts) + "; at most " + std::to_string(max_experts) + " are possible");
        }
        const auto used = per_layer("expert_used_count", std::max<std::uint64_t>(experts, 1));
        const auto sizes = per_layer("expert_feed_forward_length", max_width);
        if (experts == 0) {
            return;
        }
        if (std::all_of(used.begin(), used.end(), [](std::uint64_t count) { return count == 0; })) {
            fail("expert_used_count", "must be positive in a model of " + std::to_string(experts) + " experts");
        }
        for (std::size_t layer = 0; layer < used.size(); ++layer) {
            // a size that is not given is derived by dividing by the number of experts in use
            if (used[layer] == 0 && (sizes.empty() || sizes[0] == 0)) {
                fail("expert_used_count",
                     "is 0 in layer " + std::to_string(layer) + " though the size of an expert is not given");
            }
        }
        const std::uint64_t groups = file_.get_uint(key("expert_group_count")).value_or(0);
        const std::uint64_t groups_used = file_.get_uint(key("expert_group_used_count")).value_or(0);
        if (groups > 1 && (experts % groups != 0 || groups_used == 0 || groups_used > groups)) {
            fail("expert_group_count", "is " + std::to_string(groups) + " with " + std::to_string(groups_used) +
                                           " in use, which does not fit " + std::to_string(experts) + " experts");
        }
    }

    void check_rope() const {
        const bool rotates = file_.get_uint(key("rope.dimension_count")).value_or(0) > 0;
        if (const auto base = file_.get_float(key("rope.freq_base"));
            base && (*base < 0.0 || (*base == 0.0 && rotates))) {
            fail("rope.freq_base", "must be positive");
        }
        for (const std::string_view name : {"rope.scaling.factor", "rope.scale_linear"}) {
            if (const auto factor = file_.get_float(key(name)); factor && *factor < 0.0) {
                fail(name, "must not be negative");
            }
        }
        if (heads_.empty() || heads_[0] == 0) {
            return;
        }
        const std::uint64_t head_width = file_.get_uint(key("attention.key_length")).value_or(width_ / heads_[0]);
        if (!file_.find(key("rope.dimension_count")) && head_width % 2 != 0) {
            fail("attention.head_count",
                 "gives heads of " + std::to_string(head_width) + " dimensions, but dimensions are rotated in pairs");
        }
        check_rotation("rope.dimension_count", head_width);
        const std::uint64_t swa_width = file_.get_uint(key("attention.key_length_swa")).value_or(head_width);
        check_rotation("rope.dimension_count_swa", swa_width);
        check_sections(head_width);
    }

    void check_rotation(std::string_view name, std::uint64_t head_width) const {
        const auto rotated = file_.get_uint(key(name));
        if (rotated && *rotated > std::max(head_width, mla_width())) {
            fail(name, "is " + std::to_string(*rotated) + ", more than the " + std::to_string(head_width) +
                           " dimensions of a head");
        }
        if (rotated && *rotated % 2 != 0) {
            fail(name, "is " + std::to_string(*rotated) + ", but dimensions are rotated in pairs");
        }
    }

    std::uint64_t mla_width() const { return file_.get_uint(key("attention.key_length_mla")).value_or(0); }

    /** Multimodal RoPE takes a position modulo the sum of its sections. */
    void check_sections(std::uint64_t head_width) const {
        constexpr std::string_view name = "rope.dimension_sections";
        const GgufArray *sections = file_.find(key(name)) == nullptr ? nullptr : file_.get_array(key(name));
        if (sections == nullptr) {
            return;
        }
        const auto sum = [&](const auto &items) {
            std::uint64_t total = 0;
            for (const auto item : items) {
                if (std::cmp_less(item, 0) || std::cmp_greater(item, max_head_width)) {
                    fail(name, "holds a section that is negative or too large");
                }
                total += static_cast<std::uint64_t>(item);
            }
            return total;
        };
        std::uint64_t total = 0;
        if (const auto *items = sections->as<std::uint32_t>()) {
            total = sum(*items);
        } else if (const auto *signed_items = sections->as<std::int32_t>()) {
            total = sum(*signed_items);
        } else {
            fail(name, std::string("must hold 32-bit integers but holds ") + gguf_type_label(sections->type));
        }
        if (sections->size() > 4 || total == 0 || total > std::max(head_width, mla_width())) {
            fail(name, "does not fit into the " + std::to_string(head_width) + " dimensions of a head");
        }
    }

    /** llama.cpp copies as many numbers out of an embedding as these keys say, whatever its graph made. */
    void check_outputs() const {
        constexpr std::string_view own_width[] = {"deepseek4", "qwen4exp", "gemma4-assistant"};
        constexpr std::string_view name = "embedding_length_out";
        const std::uint64_t out = file_.get_uint(key(name)).value_or(width_);
        const GgufTensor *projection = file_.find_tensor("dense_2.weight");
        const bool is_projected = projection != nullptr && static_cast<std::uint64_t>(projection->dims[1]) == out;
        const bool is_derived =
            std::find(std::begin(own_width), std::end(own_width), file_.architecture()) != std::end(own_width);
        if (out != width_ && !is_projected && !is_derived) {
            fail(name, "is " + std::to_string(out) + ", but the model makes embeddings of " + std::to_string(width_));
        }
        const StringArray *labels = file_.get_strings(key("classifier.output_labels"));
        if (labels != nullptr && labels->size() > width_ && file_.find_tensor("cls.output.weight") == nullptr) {
            fail("classifier.output_labels",
                 "names " + std::to_string(labels->size()) + " classes, but the model has no classifier");
        }
    }

    const GgufFile &file_;
    std::string prefix_;
    std::uint64_t layers_ = 0;
    std::uint64_t width_ = 0;
    std::vector<std::uint64_t> heads_;
};

} // namespace

void check_hyperparameters(const GgufFile &file) {
    Hyperparameters(file).check();
}

} // namespace llmodel::validation
