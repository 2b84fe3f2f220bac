#include "options/sampling_defaults.h"

#include "json/schema.h"
#include "llama/logging.h"
#include "sampling.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <map>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace llmodel {

namespace {

constexpr std::string_view file_prefix = "general.sampling.";

/** The keys that GGUF files have (after the prefix), and the fields of a request that mean the same. */
constexpr std::array<std::pair<const char *, const char *>, 12> file_keys{{
    {"sequence", "samplers"},
    {"top_k", "top_k"},
    {"top_p", "top_p"},
    {"min_p", "min_p"},
    {"xtc_probability", "xtc_probability"},
    {"xtc_threshold", "xtc_threshold"},
    {"temp", "temperature"},
    {"penalty_last_n", "repeat_last_n"},
    {"penalty_repeat", "repeat_penalty"},
    {"mirostat", "mirostat"},
    {"mirostat_tau", "mirostat_tau"},
    {"mirostat_eta", "mirostat_eta"},
}};

/** The values with which a sampler changes nothing. */
const std::map<std::string, json> &without_effect() {
    static const std::map<std::string, json> values = {
        {"penalties", {{"repeat_penalty", 1}, {"frequency_penalty", 0}, {"presence_penalty", 0}}},
        {"dry", {{"dry_multiplier", 0}}},
        {"top_n_sigma", {{"top_n_sigma", -1}}},
        {"top_k", {{"top_k", 0}}},
        {"typ_p", {{"typical_p", 1}}},
        {"top_p", {{"top_p", 1}}},
        {"min_p", {{"min_p", 0}}},
        {"xtc", {{"xtc_probability", 0}}},
        {"temperature", {{"temperature", 1}, {"dynatemp_range", 0}}},
    };
    return values;
}

/** What the schema says of the fields: each with its default, if it has one. */
const json &schema_fields() {
    static const json fields = json::parse(schema_text()).at("$defs").at("sampling").at("properties");
    return fields;
}

/** A number in its shortest form: 0.2 rather than 0.20000000298. */
json shortest(double value, GgufType type) {
    if (type != GgufType::float32) {
        return value;
    }
    std::array<char, 32> text{};
    const auto written = std::to_chars(text.data(), text.data() + text.size(), static_cast<float>(value));
    double read = value;
    std::from_chars(text.data(), written.ptr, read);
    return read;
}

/** The samplers' names in any of llama.cpp's spellings, as the schema spells them; an unknown name stays as it is.
 * Throws Error for a text that is not a list of them. */
json sampler_names(const std::string &sequence) {
    constexpr size_t longest = 1024;
    if (sequence.empty() || sequence.size() > longest) {
        throw Error(LLMODEL_INVALID_MODEL, "it has " + std::to_string(sequence.size()) + " bytes");
    }
    json names = json::array();
    std::istringstream parts(sequence);
    for (std::string part; std::getline(parts, part, ';');) {
        const auto known = common_sampler_types_from_names({part});
        names.push_back(known.empty() ? part : common_sampler_type_to_str(known.front()));
    }
    return names;
}

/** The file's value as a request would have it. Throws Error for one of a kind that the field does not take. */
json field_value(std::string_view field, const GgufValue &value) {
    if (const auto *number = std::get_if<double>(&value.value)) {
        if (!std::isfinite(*number)) {
            throw Error(LLMODEL_INVALID_MODEL, "it is not a finite number");
        }
        return shortest(*number, value.type);
    }
    if (const auto *text = std::get_if<std::string>(&value.value); text != nullptr && field == "samplers") {
        return sampler_names(*text);
    }
    if (const auto *natural = std::get_if<std::uint64_t>(&value.value)) {
        return *natural;
    }
    if (const auto *integer = std::get_if<std::int64_t>(&value.value)) {
        return *integer;
    }
    throw Error(LLMODEL_INVALID_MODEL, std::string("it is of type ") + gguf_type_label(value.type));
}

json fields_of_file(const GgufFile &model) {
    json fields = json::object();
    for (const auto &[name, field] : file_keys) {
        const std::string key = std::string(file_prefix) + name;
        const GgufValue *value = model.find(key);
        if (value == nullptr) {
            continue;
        }
        try {
            json one{{field, field_value(field, *value)}};
            validate(one, "sampling_defaults");
            fields.update(one);
        } catch (const Error &error) {
            log_message(LLMODEL_LOG_WARN, model.path + ": " + key + " is not taken as a default: " + error.what());
        }
    }
    return fields;
}

} // namespace

SamplingDefaults::SamplingDefaults(const GgufFile &model, const json &options) {
    take(options.value("catalogue_sampling", json::object()), "catalogue");
    take(fields_of_file(model), "file");
    take(options.value("sampling", json::object()), "option");
}

void SamplingDefaults::set(const std::string &field, const json &value, const char *source) {
    fields_[field] = {{"value", value}, {"source", source}};
}

const json &SamplingDefaults::value_of(const std::string &field) const {
    return fields_.contains(field) ? fields_[field]["value"] : schema_fields().at(field).at("default");
}

void SamplingDefaults::take(const json &fields, const char *source) {
    for (const auto &[field, value] : fields.items()) {
        set(field, value, source);
    }
    if (fields.contains("samplers")) {
        take_samplers(fields["samplers"], source);
    }
}

/** A sampler that is left out is put in where it usually stands, without effect: so a request that asks for it by its
 *  field is not passed over. */
void SamplingDefaults::take_samplers(const json &samplers, const char *source) {
    auto names = samplers.get<std::vector<std::string>>();
    size_t after = 0;
    for (const json &usual : schema_fields().at("samplers").at("default")) {
        auto found = std::find(names.begin(), names.end(), usual.get<std::string>());
        if (found == names.end()) {
            found = names.insert(names.begin() + static_cast<std::ptrdiff_t>(after), usual.get<std::string>());
            for (const auto &[field, value] : without_effect().at(usual).items()) {
                if (value_of(field) != value) {
                    set(field, value, source);
                }
            }
        }
        after = static_cast<size_t>(found - names.begin()) + 1;
    }
    set("samplers", names, source);
}

void SamplingDefaults::complete(json &request) const {
    for (const auto &[field, chosen] : fields_.items()) {
        if (!request.contains(field)) {
            request[field] = chosen.at("value");
        }
    }
}

json SamplingDefaults::to_json() const {
    json all = json::object();
    for (const auto &[field, schema] : schema_fields().items()) {
        if (fields_.contains(field)) {
            all[field] = fields_[field];
        } else if (schema.contains("default")) {
            all[field] = {{"value", schema["default"]}, {"source", "default"}};
        }
    }
    return all;
}

} // namespace llmodel
