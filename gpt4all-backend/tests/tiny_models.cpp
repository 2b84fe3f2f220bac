#include "tiny_models.h"

#include "gguf_edit.h"
#include "test_paths.h"

#include <cmath>
#include <cstdint>
#include <fstream>
#include <functional>
#include <numeric>
#include <random>
#include <vector>

namespace llmodel::test {

namespace {

constexpr std::uint64_t width = 64;
constexpr std::uint64_t heads = 4;
constexpr std::uint32_t layers = 2;

class TinyModel {
  public:
    explicit TinyModel(const std::string &architecture)
        : gguf_(EditableGguf::parse(read_bytes(std::string(test_models) + "/tiny-llama-f32.gguf"))),
          prefix_(architecture + ".") {
        gguf_.set_string("general.architecture", architecture);
        for (EditableGguf::Pair &pair : gguf_.pairs) {
            if (pair.key.starts_with("llama.")) {
                pair.key = prefix_ + pair.key.substr(sizeof "llama." - 1);
            }
        }
    }

    void set(const std::string &key, std::uint32_t value) { gguf_.set(prefix_ + key, GgufType::uint32, value); }
    void set(const std::string &key, float value) { gguf_.set(prefix_ + key, GgufType::float32, value); }
    template<typename T> void set(const std::string &key, GgufType item_type, const std::vector<T> &items) {
        gguf_.set_array(prefix_ + key, item_type, items);
    }

    void rename(const std::string &from, const std::string &to) { gguf_.find_tensor(from)->name = to; }

    void drop(const std::string &beginning) {
        std::erase_if(gguf_.tensors, [&](const auto &tensor) { return tensor.name.starts_with(beginning); });
    }

    /** With values from `draw`. */
    void add(const std::string &name, std::vector<std::uint64_t> dims, const std::function<float()> &draw) {
        EditableGguf::Tensor &tensor = gguf_.tensors.emplace_back();
        tensor.name = name;
        const auto count = std::accumulate(dims.begin(), dims.end(), std::uint64_t{1}, std::multiplies<>());
        tensor.dims = std::move(dims);
        tensor.data.resize(count * sizeof(float));
        for (std::uint64_t i = 0; i < count; ++i) {
            const float value = draw();
            std::memcpy(tensor.data.data() + i * sizeof value, &value, sizeof value);
        }
    }

    void add_matrix(const std::string &name, std::uint64_t columns, std::uint64_t rows, float gain = 1) {
        add(name, {columns, rows},
            [&] { return between(-1, 1) * gain * std::sqrt(3.0F / static_cast<float>(columns)); });
    }

    /** In Q8_0, with quants that are drawn, and one scale for all. */
    void add_bytes_matrix(const std::string &name, std::uint64_t columns, std::uint64_t rows,
                          std::uint64_t experts = 1) {
        constexpr std::uint32_t q8_0 = 8;
        constexpr std::uint64_t block_columns = 32;
        constexpr std::size_t block_bytes = 34;
        constexpr std::uint16_t scale = 0x0400; // 2^-14 in half precision
        EditableGguf::Tensor &tensor = gguf_.tensors.emplace_back();
        tensor.name = name;
        tensor.type = q8_0;
        tensor.dims = {columns, rows};
        if (experts > 1) {
            tensor.dims.push_back(experts);
        }
        tensor.data.resize(columns * rows * experts / block_columns * block_bytes);
        for (std::byte &byte : tensor.data) {
            byte = static_cast<std::byte>(random_() >> 8);
        }
        for (std::size_t at = 0; at < tensor.data.size(); at += block_bytes) {
            std::memcpy(tensor.data.data() + at, &scale, sizeof scale);
        }
    }

    void add_vector(const std::string &name, std::uint64_t size, float least, float greatest) {
        add(name, {size}, [&] { return between(least, greatest); });
    }

    float between(float least, float greatest) {
        const auto part = static_cast<float>(random_() - std::minstd_rand::min()) /
                          static_cast<float>(std::minstd_rand::max() - std::minstd_rand::min());
        return least + part * (greatest - least);
    }

    void write(const std::string &path) {
        std::uint64_t offset = 0;
        for (EditableGguf::Tensor &tensor : gguf_.tensors) {
            tensor.offset = offset;
            offset += (tensor.data.size() + gguf_.alignment - 1) / gguf_.alignment * gguf_.alignment;
        }
        const Bytes bytes = gguf_.serialize();
        std::ofstream(path, std::ios::binary)
            .write(reinterpret_cast<const char *>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    }

  private:
    EditableGguf gguf_;
    std::string prefix_;
    std::minstd_rand random_{20261128};
};

std::string block(std::uint32_t layer, const char *name) {
    return "blk." + std::to_string(layer) + "." + name;
}

} // namespace

void write_sliding_window_model(const std::string &path) {
    TinyModel model("granite_swa");
    model.set("logit_scale", 1.0F);
    model.set("attention.sliding_window", 16U);
    model.set("attention.sliding_window_pattern", GgufType::boolean, std::vector<std::uint8_t>{1, 0});
    for (std::uint32_t layer = 0; layer < layers; ++layer) {
        model.add_vector(block(layer, "attn_sinks.weight"), heads, -1, 1);
    }
    model.write(path);
}

void write_hybrid_model(const std::string &path) {
    TinyModel model("lfm2");
    constexpr std::uint64_t kernel = 3;
    model.set("shortconv.l_cache", static_cast<std::uint32_t>(kernel));
    model.set("attention.head_count_kv", GgufType::int32, std::vector<std::int32_t>{0, 2});
    model.rename("output_norm.weight", "token_embd_norm.weight");
    for (const char *name : {"attn_q.", "attn_k.", "attn_v.", "attn_output."}) {
        model.drop(block(0, name));
    }
    model.add_matrix(block(0, "shortconv.conv.weight"), kernel, width);
    model.add_matrix(block(0, "shortconv.in_proj.weight"), width, 3 * width, 1.5F);
    model.add_matrix(block(0, "shortconv.out_proj.weight"), width, width, 2);
    for (const char *name : {"attn_q_norm.weight", "attn_k_norm.weight"}) {
        model.add_vector(block(1, name), width / heads, 0.9F, 1.1F);
    }
    model.write(path);
}

void write_recurrent_model(const std::string &path) {
    TinyModel model("mamba");
    constexpr std::uint64_t kernel = 4;
    constexpr std::uint64_t inner = 2 * width;
    constexpr std::uint64_t state = 16;
    constexpr std::uint64_t rank = 4;
    model.set("ssm.conv_kernel", static_cast<std::uint32_t>(kernel));
    model.set("ssm.inner_size", static_cast<std::uint32_t>(inner));
    model.set("ssm.state_size", static_cast<std::uint32_t>(state));
    model.set("ssm.time_step_rank", static_cast<std::uint32_t>(rank));
    for (std::uint32_t layer = 0; layer < layers; ++layer) {
        for (const char *name : {"attn_q.", "attn_k.", "attn_v.", "attn_output.", "ffn_"}) {
            model.drop(block(layer, name));
        }
        model.add_matrix(block(layer, "ssm_in.weight"), width, 2 * inner, 1.5F);
        model.add_matrix(block(layer, "ssm_conv1d.weight"), kernel, inner);
        model.add_vector(block(layer, "ssm_conv1d.bias"), inner, -0.1F, 0.1F);
        model.add_matrix(block(layer, "ssm_x.weight"), inner, rank + 2 * state, 1.5F);
        model.add_matrix(block(layer, "ssm_dt.weight"), rank, inner);
        model.add_vector(block(layer, "ssm_dt.bias"), inner, -1, 1);
        model.add(block(layer, "ssm_a"), {state, inner}, [&] { return model.between(-2, -0.1F); }); // below 0: it fades
        model.add_vector(block(layer, "ssm_d"), inner, 0.9F, 1.1F);
        model.add_matrix(block(layer, "ssm_out.weight"), inner, width, 2);
    }
    model.write(path);
}

void write_wide_model(const std::string &path) {
    TinyModel model("llama");
    constexpr std::uint64_t inner = 98'336; // whose heads of panels end where no vector begins
    model.set("feed_forward_length", static_cast<std::uint32_t>(inner));
    for (std::uint32_t layer = 0; layer < layers; ++layer) {
        model.drop(block(layer, "ffn_gate."));
        model.drop(block(layer, "ffn_up."));
        model.drop(block(layer, "ffn_down."));
        model.add_bytes_matrix(block(layer, "ffn_gate.weight"), width, inner);
        model.add_bytes_matrix(block(layer, "ffn_up.weight"), width, inner);
        model.add_bytes_matrix(block(layer, "ffn_down.weight"), inner, width);
    }
    model.write(path);
}

void write_wide_experts_model(const std::string &path) {
    TinyModel model("llama");
    constexpr std::uint64_t inner = 24'608;
    constexpr std::uint64_t experts = 4;
    model.set("feed_forward_length", static_cast<std::uint32_t>(inner));
    model.set("expert_count", static_cast<std::uint32_t>(experts));
    model.set("expert_used_count", 2U);
    for (std::uint32_t layer = 0; layer < layers; ++layer) {
        model.drop(block(layer, "ffn_gate."));
        model.drop(block(layer, "ffn_up."));
        model.drop(block(layer, "ffn_down."));
        model.add_matrix(block(layer, "ffn_gate_inp.weight"), width, experts);
        model.add_bytes_matrix(block(layer, "ffn_gate_exps.weight"), width, inner, experts);
        model.add_bytes_matrix(block(layer, "ffn_up_exps.weight"), width, inner, experts);
        model.add_bytes_matrix(block(layer, "ffn_down_exps.weight"), inner, width, experts);
    }
    model.write(path);
}

} // namespace llmodel::test
