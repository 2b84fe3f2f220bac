#pragma once

#include "accepts.h"

#include <string>

namespace llmodel::json_schema {

/** A schema that is being applied to a value. */
class Acceptance::Step {
  public:
    Step(Acceptance &of, const Schema &schema)
        : of_(of), entered_(of.resources_.empty() || of.resources_.back() != schema.resource) {
        constexpr int deepest = 400;
        if (of.depth_ == deepest) {
            refuse(schema, "$ref", "schemas are nested too deeply for the value, or refer to themselves endlessly");
        }
        of.spend(schema, 1);
        ++of.depth_;
        if (entered_) {
            of.resources_.push_back(schema.resource);
        }
    }
    ~Step() {
        --of_.depth_;
        if (entered_) {
            of_.resources_.pop_back();
        }
    }
    Step(const Step &) = delete;
    Step &operator=(const Step &) = delete;

  private:
    Acceptance &of_;
    bool entered_;
};

/** While one lives, what is wrong is no fault: schemas are only tried. */
class Acceptance::Quiet {
  public:
    explicit Quiet(Acceptance &of) : of_(of) { ++of_.quiet_; }
    ~Quiet() { --of_.quiet_; }
    Quiet(const Quiet &) = delete;
    Quiet &operator=(const Quiet &) = delete;

  private:
    Acceptance &of_;
};

/** While one lives, a member or an item is looked at. */
class Acceptance::Inside {
  public:
    Inside(Acceptance &of, const std::string &token) : of_(of.quiet_ == 0 ? &of : nullptr) {
        if (of_ != nullptr) {
            of_->path_.push_back(token);
        }
    }
    ~Inside() {
        if (of_ != nullptr) {
            of_->path_.pop_back();
        }
    }
    Inside(const Inside &) = delete;
    Inside &operator=(const Inside &) = delete;

  private:
    Acceptance *of_;
};

} // namespace llmodel::json_schema
