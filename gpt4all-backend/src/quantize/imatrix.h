#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <unordered_map>
#include <vector>

namespace llmodel {

/** How much each column of a weight matters, by the name of the tensor, as llama-imatrix measured it. */
struct ImportanceMatrix {
    std::unordered_map<std::string, std::vector<float>> columns;
    std::string dataset;
    std::int64_t chunks = 0;
};

/** Reads llama-imatrix's GGUF, or its format of before 2025. Every value is finite and none is negative. Throws
 *  Error(LLMODEL_NOT_FOUND, LLMODEL_IO or LLMODEL_INVALID_MODEL). */
ImportanceMatrix read_imatrix(const std::filesystem::path &path);

} // namespace llmodel
