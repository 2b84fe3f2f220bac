#include "gguf_mutations.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

namespace llmodel::test {

namespace {

/** splitmix64 (Steele, Lea, Flood 2014): small, and the same everywhere, unlike the standard's distributions. */
class Random {
  public:
    explicit Random(std::uint64_t state) : state_(state) {}

    std::uint64_t next() {
        state_ += 0x9E3779B97F4A7C15U;
        std::uint64_t z = state_;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
        return z ^ (z >> 31);
    }

    std::size_t below(std::size_t limit) { return limit == 0 ? 0 : static_cast<std::size_t>(next() % limit); }
    bool chance(std::size_t one_in) { return below(one_in) == 0; }

    template<typename Range> auto &pick(Range &items) { return items[below(std::size(items))]; }

  private:
    std::uint64_t state_;
};

constexpr std::uint64_t interesting[] = {0,
                                         1,
                                         2,
                                         3,
                                         5,
                                         7,
                                         8,
                                         16,
                                         17,
                                         31,
                                         64,
                                         100,
                                         127,
                                         128,
                                         255,
                                         256,
                                         512,
                                         513,
                                         1023,
                                         4096,
                                         32767,
                                         65535,
                                         65536,
                                         1 << 20,
                                         1 << 24,
                                         1 << 28,
                                         0x7FFFFFFF,
                                         0x80000000,
                                         0xFFFFFFFF,
                                         0x100000000,
                                         0x7FFFFFFFFFFFFFFF,
                                         0x8000000000000000,
                                         0xFFFFFFFFFFFFFFFF,
                                         0xFFFFFFFFFFFFFFE0};

constexpr const char *texts[] = {"",
                                 "llama",
                                 "bert",
                                 "gpt2",
                                 "t5",
                                 "rwkv",
                                 "plamo2",
                                 "test",
                                 "gemma4",
                                 "none",
                                 "falcon",
                                 "mamba",
                                 "qwen2",
                                 "default",
                                 "chatglm-bpe",
                                 "llama-bpe",
                                 "linear",
                                 "yarn",
                                 "longrope",
                                 "\xff\xfe",
                                 "{{",
                                 "{% for x in range(9999999) %}x{% endfor %}"};

constexpr const char *architectures[] = {
    "llama",   "llama-embed", "llama4",   "qwen2",      "qwen3",    "qwen2vl",  "gemma",      "gemma2",
    "gemma3",  "phi2",        "phi3",     "mpt",        "gpt2",     "bert",     "nomic-bert", "falcon",
    "mamba",   "mamba2",      "rwkv6",    "t5",         "deci",     "stablelm", "olmo",       "olmo2",
    "granite", "minicpm",     "mistral3", "internlm2",  "smollm3",  "arcee",    "xverse",     "command-r",
    "cohere2", "exaone",      "ernie4_5", "starcoder2", "baichuan", "refact",   "plamo",      "jamba"};

std::uint64_t interesting_near(Random &random, std::uint64_t value) {
    switch (random.below(6)) {
    case 0:
        return value + 1;
    case 1:
        return value - 1;
    case 2:
        return value * 2;
    case 3:
        return value / 2;
    default:
        return random.pick(interesting);
    }
}

float interesting_float(Random &random) {
    constexpr float values[] = {0.0F,
                                -0.0F,
                                1.0F,
                                -1.0F,
                                0.5F,
                                1e-45F,
                                1e-9F,
                                1e9F,
                                3e38F,
                                -3e38F,
                                std::numeric_limits<float>::quiet_NaN(),
                                std::numeric_limits<float>::infinity(),
                                -std::numeric_limits<float>::infinity()};
    return random.pick(values);
}

void overwrite(Random &random, std::span<std::byte> bytes) {
    if (bytes.empty()) {
        return;
    }
    constexpr std::size_t widths[] = {1, 2, 4, 8};
    const std::size_t width = std::min(random.pick(widths), bytes.size());
    const std::size_t at = random.below(bytes.size() - width + 1);
    const std::uint64_t value = random.pick(interesting);
    std::memcpy(bytes.data() + at, &value, width);
}

void flip_bits(Random &random, std::span<std::byte> bytes) {
    for (std::size_t i = 1 + random.below(8); i > 0 && !bytes.empty(); --i) {
        random.pick(bytes) ^= static_cast<std::byte>(1U << random.below(8));
    }
}

template<typename T> T load(const Bytes &bytes, std::size_t at = 0) {
    T value{};
    std::memcpy(&value, bytes.data() + at, std::min(sizeof value, bytes.size() - std::min(at, bytes.size())));
    return value;
}

template<typename T> void store(Bytes &bytes, T value, std::size_t at = 0) {
    bytes.resize(std::max(bytes.size(), at + sizeof value));
    std::memcpy(bytes.data() + at, &value, sizeof value);
}

std::string mutate_text(Random &random) {
    switch (random.below(5)) {
    case 0:
        return std::string(random.below(200000), 'a');
    case 1: {
        std::string noise(random.below(64), '\0');
        std::generate(noise.begin(), noise.end(), [&] { return static_cast<char>(random.next()); });
        return noise;
    }
    default:
        return random.pick(texts);
    }
}

void mutate_array(Random &random, EditableGguf::Pair &pair) {
    constexpr std::size_t head = 12;
    if (pair.value.size() < head) {
        return;
    }
    switch (random.below(5)) {
    case 0:
        store(pair.value, static_cast<std::uint32_t>(random.below(14)));
        break;
    case 1:
        store(pair.value, interesting_near(random, load<std::uint64_t>(pair.value, 4)), 4);
        break;
    case 2: // fewer or more items of four bytes, and a count that says so
        if (load<std::uint32_t>(pair.value) != static_cast<std::uint32_t>(GgufType::string)) {
            const std::size_t count = random.below(2000);
            pair.value.resize(head + count * 4);
            store(pair.value, std::uint64_t{count}, 4);
        }
        break;
    case 3:
        flip_bits(random, std::span(pair.value).subspan(head));
        break;
    default:
        for (std::size_t i = random.below(4); i < 4; ++i) {
            overwrite(random, std::span(pair.value).subspan(head));
        }
        break;
    }
}

void mutate_value(Random &random, EditableGguf::Pair &pair) {
    switch (static_cast<GgufType>(pair.type)) {
    case GgufType::float32:
        store(pair.value, interesting_float(random));
        break;
    case GgufType::string: {
        EditableGguf scratch;
        scratch.set_string("x", mutate_text(random));
        pair.value = scratch.pairs.front().value;
        break;
    }
    case GgufType::array:
        mutate_array(random, pair);
        break;
    case GgufType::boolean:
        pair.value[0] = static_cast<std::byte>(random.below(3));
        break;
    default: {
        const std::uint64_t value = interesting_near(random, load<std::uint64_t>(pair.value));
        std::memcpy(pair.value.data(), &value, std::min(sizeof value, pair.value.size()));
        break;
    }
    }
}

std::string architecture_of(EditableGguf &parts) {
    constexpr std::size_t head = 8;
    const EditableGguf::Pair *pair = parts.find("general.architecture");
    if (pair == nullptr || pair->value.size() < head) {
        return "llama";
    }
    return std::string(reinterpret_cast<const char *>(pair->value.data()) + head, pair->value.size() - head);
}

/** Makes it a model of another architecture, keys and all, some of which then really load. */
void change_architecture(Random &random, EditableGguf &parts) {
    const std::string former = architecture_of(parts) + ".";
    const std::string name = random.pick(architectures);
    for (EditableGguf::Pair &pair : parts.pairs) {
        if (pair.key.starts_with(former)) {
            pair.key = name + "." + pair.key.substr(former.size());
        }
    }
    parts.set_string("general.architecture", name);
}

/** Keys that the architecture knows but the file does not have. */
void add_pair(Random &random, EditableGguf &parts) {
    constexpr const char *integers[] = {"attention.key_length",
                                        "attention.value_length",
                                        "expert_count",
                                        "expert_used_count",
                                        "attention.sliding_window",
                                        "pooling_type",
                                        "embedding_length_out",
                                        "nextn_predict_layers",
                                        "expert_group_count",
                                        "rope.scaling.original_context_length",
                                        "attention.key_length_swa",
                                        "rope.dimension_count_swa",
                                        "leading_dense_block_count",
                                        "expert_feed_forward_length",
                                        "expert_group_used_count",
                                        "vocab_size"};
    constexpr const char *floats[] = {
        "rope.scaling.factor", "rope.scaling.attn_factor",    "attention.scale",   "logit_scale",
        "attention.clamp_kqv", "attention.max_alibi_bias",    "rope.scale_linear", "residual_scale",
        "embedding_scale",     "rope.scaling.yarn_ext_factor"};
    constexpr const char *general[] = {"general.alignment",
                                       "split.count",
                                       "split.no",
                                       "tokenizer.ggml.padding_token_id",
                                       "tokenizer.ggml.mask_token_id",
                                       "tokenizer.ggml.fim_pre_token_id",
                                       "general.sampling.top_k",
                                       "general.sampling.penalty_last_n",
                                       "general.sampling.mirostat"};
    const std::string prefix = architecture_of(parts) + ".";
    const auto number = static_cast<std::uint32_t>(random.pick(interesting));
    switch (random.below(6)) {
    case 0:
        parts.set(prefix + random.pick(floats), GgufType::float32, interesting_float(random));
        break;
    case 1: {
        const std::uint16_t small = static_cast<std::uint16_t>(number);
        parts.set(random.pick(general), random.chance(2) ? GgufType::uint16 : GgufType::uint32,
                  random.chance(2) ? std::uint32_t{small} : number);
        break;
    }
    case 2:
        parts.set_array(prefix + (random.chance(2) ? "attention.head_count" : "attention.head_count_kv"),
                        GgufType::uint32,
                        std::vector<std::uint32_t>(random.below(4), static_cast<std::uint32_t>(random.below(9))));
        break;
    case 3:
        parts.set_string(prefix + "rope.scaling.type", random.pick(texts));
        break;
    case 4:
        parts.set_array("tokenizer.ggml.suppress_tokens", GgufType::int32,
                        std::vector<std::int32_t>(random.below(9), static_cast<std::int32_t>(number)));
        break;
    default:
        parts.set(prefix + random.pick(integers), GgufType::uint32, number);
        break;
    }
}

void mutate_pairs(Random &random, EditableGguf &parts) {
    const std::size_t at = random.below(parts.pairs.size());
    EditableGguf::Pair &pair = parts.pairs[at];
    switch (random.below(13)) {
    case 12:
        change_architecture(random, parts);
        break;
    case 0:
        pair.type = static_cast<std::uint32_t>(random.below(14)); // the value keeps its bytes
        break;
    case 1:
        parts.pairs.erase(parts.pairs.begin() + static_cast<std::ptrdiff_t>(at));
        break;
    case 2:
        parts.pairs.push_back(parts.pairs[at]);
        break;
    case 3:
        pair.key = mutate_text(random);
        break;
    case 4:
    case 5:
        add_pair(random, parts);
        break;
    case 6: // another integer type, with the value made to fit
        pair.value.resize(random.chance(2) ? 8 : 2);
        pair.type = static_cast<std::uint32_t>(pair.value.size() == 8 ? GgufType::uint64 : GgufType::uint16);
        break;
    default:
        mutate_value(random, pair);
        break;
    }
}

void mutate_tensor(Random &random, EditableGguf &parts) {
    EditableGguf::Tensor &tensor = random.pick(parts.tensors);
    switch (random.below(9)) {
    case 0:
        tensor.type = static_cast<std::uint32_t>(random.below(GGML_TYPE_COUNT + 2));
        break;
    case 1:
        if (!tensor.dims.empty()) {
            std::uint64_t &dim = random.pick(tensor.dims);
            dim = interesting_near(random, dim);
        }
        break;
    case 2:
        tensor.dims.resize(random.below(6), 1);
        break;
    case 3:
        tensor.offset = interesting_near(random, tensor.offset);
        return; // a consistent file would set it right again
    case 4:
        tensor.name = mutate_text(random);
        break;
    case 5:
        std::swap(tensor.dims, random.pick(parts.tensors).dims);
        break;
    case 6:
        std::swap(tensor.name, random.pick(parts.tensors).name);
        break;
    case 7:
        parts.tensors.erase(parts.tensors.begin() + (&tensor - parts.tensors.data()));
        break;
    default:
        tensor.type = static_cast<std::uint32_t>(random.chance(2) ? GGML_TYPE_F16 : GGML_TYPE_I32);
        break;
    }
    if (!random.chance(4)) {
        parts.make_consistent();
    }
}

void mutate_data(Random &random, EditableGguf &parts) {
    Bytes &data = random.pick(parts.tensors).data;
    const float value = interesting_float(random);
    switch (random.below(3)) {
    case 0:
        flip_bits(random, data);
        break;
    case 1:
        for (std::size_t at = random.below(64) * 4; at + sizeof value <= data.size(); at += 4 << random.below(10)) {
            std::memcpy(data.data() + at, &value, sizeof value);
        }
        break;
    default:
        std::generate(data.begin(), data.end(), [&] { return static_cast<std::byte>(random.next()); });
        break;
    }
}

void mutate_blindly(Random &random, Bytes &bytes, std::size_t header_bytes, std::string &what) {
    const std::size_t area = random.chance(8) ? bytes.size() : std::min(bytes.size(), header_bytes);
    switch (random.below(6)) {
    case 0:
        what = "bits flipped";
        flip_bits(random, std::span(bytes).first(area));
        break;
    case 1:
        what = "numbers overwritten";
        overwrite(random, std::span(bytes).first(area));
        break;
    case 2:
        what = "truncated";
        bytes.resize(random.below(area + 1));
        break;
    case 3: {
        what = "chunk deleted";
        const std::size_t at = random.below(area);
        const std::size_t size = std::min(1 + random.below(512), bytes.size() - at);
        bytes.erase(bytes.begin() + static_cast<std::ptrdiff_t>(at),
                    bytes.begin() + static_cast<std::ptrdiff_t>(at + size));
        break;
    }
    case 4: {
        what = "chunk duplicated";
        const std::size_t at = random.below(area);
        const std::size_t size = std::min(1 + random.below(512), bytes.size() - at);
        const Bytes chunk(bytes.begin() + static_cast<std::ptrdiff_t>(at),
                          bytes.begin() + static_cast<std::ptrdiff_t>(at + size));
        bytes.insert(bytes.begin() + static_cast<std::ptrdiff_t>(at), chunk.begin(), chunk.end());
        break;
    }
    default: {
        what = "count inflated";
        constexpr std::size_t counts[] = {4, 8, 16};
        store(bytes, random.pick(interesting), random.pick(counts));
        break;
    }
    }
}

} // namespace

Mutator::Mutator(Bytes file) : file_(std::move(file)), parts_(EditableGguf::parse(file_)) {
    MemorySource source(file_, "the file to be mutated");
    header_bytes_ = static_cast<std::size_t>(read_gguf(source).data_offset);
}

Mutator::Mutation Mutator::mutate(std::uint64_t seed, std::uint64_t number) const {
    Random random(seed * 0x9E3779B97F4A7C15U + number);
    Mutation mutation;
    if (random.chance(4)) {
        mutation.bytes = file_;
        mutate_blindly(random, mutation.bytes, header_bytes_, mutation.description);
        return mutation;
    }
    EditableGguf parts = parts_;
    for (std::size_t i = random.chance(2) ? 1 : 1 + random.below(3); i > 0; --i) {
        const std::size_t kind = random.below(10);
        if (kind < 5 && !parts.pairs.empty()) {
            mutation.description += "metadata ";
            mutate_pairs(random, parts);
        } else if (kind < 9 && !parts.tensors.empty()) {
            mutation.description += "tensor ";
            mutate_tensor(random, parts);
        } else if (!parts.tensors.empty()) {
            mutation.description += "weights ";
            mutate_data(random, parts);
        }
    }
    mutation.bytes = parts.serialize();
    return mutation;
}

} // namespace llmodel::test
