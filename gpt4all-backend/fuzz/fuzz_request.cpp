#include "error.h"
#include "json/parse.h"
#include "json/schema.h"

#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

/** The first byte chooses a definition of the schema, the rest is the text. Whatever parses must come back the same
 * when written and read again, and be judged: valid, or an error that names a place. */
extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const std::vector<std::string> definitions = llmodel::schema_definitions();
    if (size == 0) {
        return 0;
    }
    const std::string &definition = definitions[data[0] % definitions.size()];
    const std::string text(data + 1, data + size);

    llmodel::json value;
    try {
        value = llmodel::parse_json(text.c_str(), definition);
    } catch (const llmodel::Error &) {
        return 0;
    }
    if (llmodel::parse_json(llmodel::dump_json(value).c_str(), definition) != value) {
        std::abort();
    }
    try {
        llmodel::validate(value, definition);
    } catch (const llmodel::Error &error) {
        if (error.status() != LLMODEL_INVALID_ARGUMENT || !error.detail().contains("path")) {
            std::abort();
        }
    }
    return 0;
}
