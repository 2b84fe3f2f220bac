#pragma once

#include "error.h"

#include <functional>

namespace llmodel {

/** Gets `$defs/worker_event`, and null ten times a second; returns false to stop. */
using WorkerNotify = std::function<bool(const json &)>;

/** Lets models of other machines compute here, until told to stop. `options`: `$defs/worker_options`. Throws Error. */
void serve_worker(const json &options, const WorkerNotify &notify);

} // namespace llmodel
