#include "quantize/imatrix_file.h"

#include "error.h"
#include "legacy/gguf_header.h"

#include <string_view>
#include <vector>

namespace llmodel {

namespace {

constexpr std::string_view sums_suffix = ".in_sum2";
constexpr std::string_view counts_suffix = ".counts";

template<typename Number> void append(TemporaryFile &file, const std::vector<Number> &numbers) {
    std::vector<float> values(numbers.begin(), numbers.end());
    const size_t unit = legacy::GgufHeader::alignment / sizeof(float);
    values.resize((values.size() + unit - 1) / unit * unit);
    file.append({reinterpret_cast<const char *>(values.data()), values.size() * sizeof(float)});
}

} // namespace

void write_imatrix(TemporaryFile &file, const ActivationSums &sums, const ImatrixOrigin &origin) {
    legacy::GgufHeader header;
    header.set("general.type", std::string("imatrix"));
    header.set("imatrix.datasets", std::vector<std::string>{origin.dataset});
    header.set("imatrix.chunk_count", origin.chunks);
    header.set("imatrix.chunk_size", origin.chunk_size);
    for (const auto &[name, found] : sums.weights()) {
        if (name.size() + sums_suffix.size() >= GGML_MAX_NAME) {
            throw Error(LLMODEL_UNSUPPORTED, "the name of the weight " + name + " is too long for the format",
                        {{"tensor", name}});
        }
        const auto counts = static_cast<int64_t>(found.counts.size());
        const auto width = static_cast<int64_t>(found.sums.size()) / counts;
        header.add_tensor(name + std::string(sums_suffix), GGML_TYPE_F32, 2, width, counts);
        header.add_tensor(name + std::string(counts_suffix), GGML_TYPE_F32, 2, 1, counts);
    }
    const std::vector<std::byte> bytes = header.bytes();
    file.append({reinterpret_cast<const char *>(bytes.data()), bytes.size()});
    for (const auto &[name, found] : sums.weights()) {
        append(file, found.sums);
        append(file, found.counts);
    }
}

} // namespace llmodel
