#include "compile.h"
#include "compiler.h"
#include "json/parse.h"

#include <algorithm>
#include <functional>
#include <list>
#include <mutex>

namespace llmodel {

namespace {

constexpr size_t remembered = 32;
constexpr size_t most_attempts = 64;
constexpr size_t max_remembered_bytes = size_t{16} << 20;

/** Grammars by what they were made of, the last one that was asked for first. */
class GrammarCache {
  public:
    std::shared_ptr<const GrammarRules> find(const std::string &key) {
        const std::lock_guard lock(mutex_);
        const auto found =
            std::find_if(entries_.begin(), entries_.end(), [&](const Entry &entry) { return entry.key == key; });
        if (found == entries_.end()) {
            return nullptr;
        }
        entries_.splice(entries_.begin(), entries_, found);
        return found->rules;
    }

    void add(std::string key, std::shared_ptr<const GrammarRules> rules) {
        size_t bytes = key.size();
        for (const auto &[name, body] : *rules) {
            bytes += name.size() + body.size() + sizeof(GrammarRules::value_type);
        }
        const std::lock_guard lock(mutex_);
        entries_.push_front({std::move(key), std::move(rules), bytes});
        bytes_ += bytes;
        while (entries_.size() > remembered || bytes_ > max_remembered_bytes) {
            bytes_ -= entries_.back().bytes;
            entries_.pop_back();
        }
    }

  private:
    struct Entry {
        std::string key;
        std::shared_ptr<const GrammarRules> rules;
        size_t bytes;
    };

    std::mutex mutex_;
    std::list<Entry> entries_;
    size_t bytes_ = 0;
};

std::string key_of(const SchemaUse &use) {
    json key = {use.arguments, use.lenient, use.pointer, use.types, use.quote};
    if (use.raw) {
        key.push_back(use.raw->ends);
        key.push_back(use.raw->excluded);
    }
    return dump_json(key) + '\n';
}

/** A short name that other keys are unlikely to share. */
std::string prefix_of(const std::string &key) {
    std::string text = "j";
    for (size_t hash = std::hash<std::string>()(key) & 0xFFFFFFFF; hash > 0; hash /= 36) {
        text += "0123456789abcdefghijklmnopqrstuvwxyz"[hash % 36];
    }
    return text;
}

/** Adds what is named, or what is around it if that is left out already. Returns false if nothing is left. */
bool leave_out(json_schema::LeftOut &left_out, std::string pointer, std::string keyword) {
    if (keyword == "oneOf" && left_out[pointer].contains("oneOf")) {
        keyword = json_schema::whole_one_of;
    }
    while (!left_out[pointer].insert(keyword).second) {
        if (keyword != json_schema::whole_schema) {
            keyword = json_schema::whole_schema;
        } else if (pointer.empty()) {
            return false;
        } else {
            pointer.resize(pointer.rfind('/'));
        }
    }
    return true;
}

GrammarRules made_rules(const json &document, const SchemaUse &use, const std::string &prefix) {
    json_schema::LeftOut left_out;
    for (size_t attempt = 1;; ++attempt) {
        try {
            return json_schema::Compiler(document, use, left_out).compile(prefix);
        } catch (const json_schema::Unsayable &why) {
            if (!use.lenient || attempt == most_attempts || !leave_out(left_out, why.pointer, why.keyword)) {
                throw;
            }
        }
    }
}

} // namespace

std::shared_ptr<const GrammarRules> compile_json_schema(const json &document, const SchemaUse &use) {
    static GrammarCache cache;
    const std::string key = key_of(use) + dump_json(document);
    std::shared_ptr<const GrammarRules> rules = cache.find(key);
    if (rules == nullptr) {
        rules = std::make_shared<const GrammarRules>(made_rules(document, use, prefix_of(key)));
        cache.add(key, rules);
    }
    return rules;
}

std::string gbnf_of(const GrammarRules &rules) {
    std::string text = "root ::= " + rules.at(0).first + "\n";
    for (const auto &[name, alternatives] : rules) {
        text.append(name).append(" ::= ").append(alternatives).append("\n");
    }
    return text;
}

} // namespace llmodel
