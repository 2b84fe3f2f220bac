// Files of laid-out weights are kept: what they have must be what their version says.

#include "hash/xxhash/xxhash.h"
#include "kernels/products/lay_out.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <random>
#include <vector>

namespace {

using namespace llmodel::kernels::products;

/** Of two panels of rows that are drawn, the second of which lacks one. */
std::uint64_t hash_of_panels(ggml_type type) {
    std::uint64_t hash = 0;
    with_format(type, [&]<Format format>() {
        constexpr std::int64_t columns = 768; // an odd number of the longest blocks
        constexpr int last_rows = panel_rows - 1;
        const size_t row_bytes = ggml_row_size(type, columns);
        std::minstd_rand random(20261130);
        std::vector<std::uint8_t> rows(row_bytes * (panel_rows + last_rows));
        for (std::uint8_t &byte : rows) {
            byte = static_cast<std::uint8_t>(random() >> 8);
        }
        const size_t panel_bytes = format.panel_bytes(columns);
        std::vector<std::uint8_t> panels(2 * panel_bytes, 0xAA);
        lay_out_panel<format>(rows.data(), row_bytes, panel_rows, columns, panels.data());
        lay_out_panel<format>(rows.data() + row_bytes * panel_rows, row_bytes, last_rows, columns,
                              panels.data() + panel_bytes);
        hash = XXH3_64bits(panels.data(), panels.size());
    });
    return hash;
}

TEST(PanelLayout, IsThatOfItsVersion) {
    ASSERT_EQ(layout_version, 1);
    const std::map<ggml_type, std::uint64_t> of_version{
        {GGML_TYPE_Q4_0, 0x13771840c674fd26U},  {GGML_TYPE_Q4_1, 0x63a487dd782b3f32U},
        {GGML_TYPE_Q5_0, 0xa298ecafd6faebb7U},  {GGML_TYPE_Q5_1, 0x6ebae5848eea3b19U},
        {GGML_TYPE_Q8_0, 0xa35e142f7c23e484U},  {GGML_TYPE_IQ4_NL, 0x13771840c674fd26U},
        {GGML_TYPE_MXFP4, 0x068c9f56a0d9d807U}, {GGML_TYPE_Q4_K, 0x2291b0556c054f1eU},
        {GGML_TYPE_Q5_K, 0xbbc1c3213299be35U},  {GGML_TYPE_Q6_K, 0x99a6647a834f7f64U},
    };
    for (const auto &[type, hash] : of_version) {
        EXPECT_EQ(hash_of_panels(type), hash)
            << ggml_type_name(type) << ": another layout needs another layout_version";
    }
    for (int type = 0; type < GGML_TYPE_COUNT; ++type) {
        EXPECT_EQ(format_of(static_cast<ggml_type>(type)) != nullptr, of_version.contains(static_cast<ggml_type>(type)))
            << ggml_type_name(static_cast<ggml_type>(type));
    }
}

} // namespace
