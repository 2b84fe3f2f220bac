#include "compile.h"
#include "compiler.h"
#include "json/parse.h"

#include <algorithm>
#include <chrono>
#include <functional>
#include <list>
#include <mutex>
#include <set>

namespace llmodel {

namespace {

constexpr size_t remembered = 32;
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

/** What is left out of a schema so that a grammar can say the rest: ever more, until one can. */
class Relaxation {
  public:
    explicit Relaxation(std::string root) : root_(std::move(root)) {}

    const json_schema::LeftOut &left_out() const { return left_out_; }

    /** Leaves out what a grammar cannot say. Returns false if nothing more can be left out. */
    bool add(const json_schema::Place &without) {
        if (last_) {
            return false;
        }
        ++attempts_;
        if (attempts_ >= most_attempts || std::chrono::steady_clock::now() - begin_ > most_time) {
            last_ = true;
            left_out_ = {{root_, {std::string(json_schema::whole_schema)}}};
        } else if (attempts_ > most_places && !without.keyword.empty() && add_everywhere(without.keyword)) {
            return true;
        } else {
            add_there(without.pointer, without.keyword);
        }
        return true;
    }

  private:
    static constexpr size_t most_attempts = 64;
    static constexpr size_t most_places = 16; // one by one
    static constexpr std::chrono::seconds most_time{2};

    using Names = std::set<std::string, std::less<>>;

    static std::string next(const Names &names, std::string keyword) {
        return keyword == "oneOf" && names.contains(keyword) ? std::string(json_schema::whole_one_of)
                                                             : std::move(keyword);
    }

    bool add_everywhere(const std::string &keyword) {
        const std::string everywhere(json_schema::everywhere);
        const std::string name = next(left_out_[everywhere], keyword);
        const bool added = left_out_[everywhere].insert(name).second;
        for (auto &[pointer, names] : left_out_) {
            names.insert(name);
        }
        return added;
    }

    /** What is named, or what is around it if that is left out already. */
    void add_there(std::string pointer, std::string keyword) {
        while (!names_at(pointer).insert(next(names_at(pointer), keyword)).second) {
            if (keyword != json_schema::whole_schema) {
                keyword = json_schema::whole_schema;
                continue;
            }
            if (pointer.empty()) {
                return;
            }
            do {
                pointer.resize(pointer.rfind('/'));
            } while (holds_schemas(pointer));
        }
    }

    Names &names_at(const std::string &pointer) {
        const auto everywhere = left_out_.find(json_schema::everywhere);
        const Names begin = everywhere == left_out_.end() ? Names() : everywhere->second;
        return left_out_.try_emplace(pointer, begin).first->second;
    }

    /** Whether what stands there is probably no schema, but several. */
    static bool holds_schemas(const std::string &pointer) {
        static const Names keywords = {"$defs",        "allOf",
                                       "anyOf",        "definitions",
                                       "dependencies", "dependentSchemas",
                                       "oneOf",        "patternProperties",
                                       "prefixItems",  "properties"};
        return !pointer.empty() && keywords.contains(pointer.substr(pointer.rfind('/') + 1));
    }

    std::string root_;
    json_schema::LeftOut left_out_;
    const std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
    size_t attempts_ = 0;
    bool last_ = false;
};

GrammarRules made_rules(const json &document, const SchemaUse &use, const std::string &prefix) {
    Relaxation relaxation(use.pointer);
    while (true) {
        try {
            return json_schema::Compiler(document, use, relaxation.left_out()).compile(prefix);
        } catch (const json_schema::Unsayable &why) {
            if (!use.lenient || !relaxation.add(why.without)) {
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
