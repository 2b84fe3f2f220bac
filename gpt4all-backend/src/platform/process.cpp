#include "platform/process.h"

#include <unistd.h>

namespace llmodel {

std::int64_t process_id() {
    return getpid();
}

} // namespace llmodel
