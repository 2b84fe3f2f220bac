#pragma once

#include "contexts/score_input.h"

#include <span>
#include <vector>

namespace llmodel {

/** A continuation of one of the inputs. Positions here count from the first token that is run, those that were cut left
 *  out. */
struct ScoreItem {
    size_t input;
    size_t continuation;
    size_t context;     // tokens of the context
    size_t end;         // tokens to be run
    bool first = false; // of its input: it takes the rows that all share
};

/** Which predictions of a path an item takes: of positions from `begin` to before `end`. */
struct ScoreTaking {
    size_t item;
    size_t begin;
    size_t end;
};

/** Tokens to be run: those of an item from `shared` on, where it parts from the path before. */
struct ScorePath {
    size_t item;
    size_t shared;
    size_t end;
    std::vector<ScoreTaking> takings;

    bool takes(size_t position) const;
};

/** In which order the items of a request are run: paths are sorted by their tokens, so that each begins with as much of
 *  the one before as of any earlier one, and every token of a common beginning is run once. */
class ScorePlan {
  public:
    explicit ScorePlan(std::span<const ScoreInput> inputs);

    std::span<const ScoreInput> inputs() const { return inputs_; }
    const std::vector<ScoreItem> &items() const { return items_; }
    const std::vector<ScorePath> &paths() const { return paths_; }
    size_t longest() const { return longest_; }

    llama_token token(const ScoreItem &item, size_t position) const {
        return position < item.context ? context(item)[position] : continuation(item)[position - item.context];
    }
    llama_token token(const ScorePath &path, size_t position) const { return token(items_[path.item], position); }

    std::span<const llama_token> continuation(const ScoreItem &item) const;

  private:
    std::span<const llama_token> context(const ScoreItem &item) const;
    bool precedes(size_t a, size_t b) const;
    size_t shared(const ScoreItem &a, const ScoreItem &b) const;
    void add_paths(const std::vector<size_t> &order);
    void add_takings(size_t item);
    void add_taking(size_t item, size_t begin, size_t end);

    std::span<const ScoreInput> inputs_;
    std::vector<ScoreItem> items_;
    std::vector<ScorePath> paths_;
    size_t longest_ = 0;

    struct Owner {
        size_t path;
        size_t end;
    };
    std::vector<Owner> owners_; // which paths run the tokens of the last one, up to where
};

} // namespace llmodel
