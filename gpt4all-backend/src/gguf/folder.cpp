#include "gguf/folder.h"

#include "gguf/utf8.h"

#include <algorithm>
#include <string_view>
#include <system_error>
#include <vector>

namespace llmodel {

namespace {

namespace fs = std::filesystem;

// Enough for any model. A folder of a million files is none, and looking at each takes seconds.
constexpr size_t most_entries = 4096;

struct Content {
    std::vector<std::string> gguf; // names, in order
    bool weights = false;          // of PyTorch or safetensors
    bool config = false;           // of transformers
    bool adapter = false;          // of PEFT
};

bool ends_with(std::string_view name, std::string_view ending) {
    return name.size() > ending.size() && name.ends_with(ending);
}

Content content_of(const fs::path &folder) {
    Content content;
    std::error_code failure;
    size_t entries = 0;
    for (fs::directory_iterator entry(folder, failure), end; !failure && entry != end && entries < most_entries;
         entry.increment(failure), ++entries) {
        std::error_code unknown;
        if (!entry->is_regular_file(unknown)) {
            continue;
        }
        const std::u8string text = entry->path().filename().u8string();
        const std::string name(text.begin(), text.end());
        if (ends_with(name, ".gguf")) {
            content.gguf.push_back(name);
        }
        content.weights |= ends_with(name, ".safetensors") || name.starts_with("pytorch_model");
        content.config |= name == "config.json";
        content.adapter |= name == "adapter_config.json";
    }
    std::sort(content.gguf.begin(), content.gguf.end());
    return content;
}

} // namespace

std::string describe_folder(const fs::path &folder) {
    const Content content = content_of(folder);
    if (content.gguf.size() == 1) {
        return "is a directory; name the file in it, '" + printable(content.gguf.front()) + "'";
    }
    if (!content.gguf.empty()) {
        return "is a directory with " + std::to_string(content.gguf.size()) +
               " .gguf files; name one of them, such as '" + printable(content.gguf.front()) +
               "', or the first of those that make up the model";
    }
    if (content.adapter) {
        return "is a directory with a LoRA adapter for transformers; make a .gguf file of it with `gpt4all convert "
               "FOLDER "
               "OUT.gguf --base FOLDER_OF_THE_MODEL` (of the Python package), and name that in the option lora";
    }
    if (content.config && content.weights) {
        return "is a directory with a model for transformers, as on the Hugging Face Hub; make a .gguf file of it with "
               "`gpt4all convert FOLDER OUT.gguf` (of the Python package), or download one, and name that";
    }
    return "is a directory without a .gguf file, which a model is; name one";
}

} // namespace llmodel
