#include "legacy/legacy_file.h"

#include "gguf/cursor.h"
#include "legacy/read.h"
#include "legacy/recognise.h"

#include <utility>

namespace llmodel::legacy {

const char *name_of(Architecture architecture) {
    switch (architecture) {
    case Architecture::llama:
        return "llama";
    case Architecture::gptj:
        return "gptj";
    case Architecture::mpt:
        return "mpt";
    }
    return "unknown";
}

bool Directory::add(Tensor tensor) {
    if (!index_.emplace(tensor.name, tensors_.size()).second) {
        return false;
    }
    end = tensor.offset + tensor.size();
    tensors_.push_back(std::move(tensor));
    return true;
}

const Tensor *Directory::find(std::string_view name) const {
    const auto found = index_.find(std::string(name));
    return found == index_.end() ? nullptr : &tensors_[found->second];
}

LegacyFile read_legacy_file(std::vector<std::unique_ptr<ByteSource>> &sources, const OpenPart &open_part) {
    GgufCursor cursor(*sources.front());
    LegacyFile file = recognise(cursor);
    file.path = sources.front()->name();
    switch (file.architecture) {
    case Architecture::llama:
        read_llama(cursor, file);
        read_llama_parts(file, sources, open_part);
        break;
    case Architecture::gptj:
        read_gptj(cursor, file);
        break;
    case Architecture::mpt:
        read_mpt(cursor, file);
        break;
    }
    return file;
}

} // namespace llmodel::legacy
