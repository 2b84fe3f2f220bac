#pragma once

#include "error.h"
#include "gguf/gguf_file.h"

namespace llmodel {

/** How tokens are chosen for a request that does not say: field by field the word of the user who opened the model, of
 *  the file (`general.sampling.*`), of a catalogue, or the library's own. */
class SamplingDefaults {
  public:
    SamplingDefaults() = default;

    /** `options` has passed the schema of open_options. What the file says is held against the schema of requests; a
     *  value that a request may not have is not taken, and the log says so. */
    SamplingDefaults(const GgufFile &model, const json &options);

    /** Adds to a request, which has passed the schema, what it does not say itself. */
    void complete(json &request) const;

    /** `sampling` of `$defs/inspect_result`. */
    json to_json() const;

  private:
    void take(const json &fields, const char *source);
    void take_samplers(const json &samplers, const char *source);
    void set(const std::string &field, const json &value, const char *source);
    const json &value_of(const std::string &field) const;

    json fields_ = json::object(); // {"value", "source"} by field; without those that are the library's
};

} // namespace llmodel
