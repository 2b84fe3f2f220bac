/** Threads that wait for the library, so that neither the event loop nor libuv's few threads have to. */
#ifndef GPT4ALL_THREADS_H
#define GPT4ALL_THREADS_H

#include <functional>

namespace gpt4all {

/** Runs `work` on a thread, which is kept for other work for a while and then ends. There is no limit to them: the
 *  library itself limits what runs at once, and what waits for its turn must see its cancelling. */
void run_on_thread(std::function<void()> work);

} // namespace gpt4all

#endif
