/**
 * Lets programs use AMX-TILE and AMX-INT8 on processors that lack them, for tests: link this library, or name it in
 * LD_PRELOAD. Where the operating system lets this process use AMX it does nothing, and the processor's own
 * instructions run.
 *
 * Elsewhere each such instruction is illegal; the handler of that signal does in software what it would have done, and
 * the thread goes on behind it. The question to Linux whether this process may use AMX is answered with yes, or with no
 * if the environment variable AMX_EMULATOR_PERMISSION is "refused".
 */

#include "tile_instruction.h"

#include <sys/syscall.h>

#include <cerrno>
#include <csignal>
#include <cstdarg>
#include <cstdlib>
#include <cstring>
#include <ucontext.h>
#include <unistd.h>

namespace {

using amx::Fault;

constexpr long request_permission = 0x1023; // ARCH_REQ_XCOMP_PERM of Linux's asm/prctl.h
constexpr long tile_data = 18;              // XFEATURE_XTILEDATA

bool emulating = false;
struct sigaction previous {};

// A handler may not be the first to use what is laid out only when a thread asks for it.
__attribute__((tls_model("initial-exec"))) thread_local amx::TileUnit unit;

long kernel(long number, const long (&arguments)[6]) {
    long result = 0;
    register long fourth __asm__("r10") = arguments[3];
    register long fifth __asm__("r8") = arguments[4];
    register long sixth __asm__("r9") = arguments[5];
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(arguments[0]), "S"(arguments[1]), "d"(arguments[2]), "r"(fourth), "r"(fifth),
                       "r"(sixth)
                     : "rcx", "r11", "memory");
    return result;
}

Fault run(const amx::TileInstruction &instruction) {
    switch (instruction.operation) {
    case amx::Operation::configure:
        return unit.configure(instruction.memory);
    case amx::Operation::store_configuration:
        unit.store_configuration(instruction.memory);
        return Fault::none;
    case amx::Operation::release:
        unit.release();
        return Fault::none;
    case amx::Operation::zero:
        return unit.zero(instruction.tile);
    case amx::Operation::load:
        return unit.load(instruction.tile, instruction.memory, instruction.stride);
    case amx::Operation::store:
        return unit.store(instruction.tile, instruction.memory, instruction.stride);
    case amx::Operation::multiply:
        return unit.multiply(instruction.tile, instruction.first, instruction.second, instruction.signs);
    }
    return Fault::undefined;
}

void on_illegal_instruction(int /*signal*/, siginfo_t * /*information*/, void *context) {
    mcontext_t &thread = static_cast<ucontext_t *>(context)->uc_mcontext;
    bool found = false;
    Fault fault = Fault::none;
    // a signal costs more than an instruction, and they come in runs
    for (auto next = amx::decode(thread); next && fault == Fault::none; next = amx::decode(thread)) {
        found = true;
        fault = run(*next);
        if (fault == Fault::none) {
            thread.gregs[REG_RIP] += static_cast<greg_t>(next->length);
        }
    }
    if (fault == Fault::protection) {
        raise(SIGSEGV);
    } else if (fault == Fault::undefined || !found) {
        sigaction(SIGILL, &previous,
                  nullptr); // and the same instruction gets the program what it would have without us
    }
}

__attribute__((constructor)) void install() {
    if (kernel(SYS_arch_prctl, {request_permission, tile_data, 0, 0, 0, 0}) == 0) {
        return;
    }
    emulating = true;
    struct sigaction action {};
    action.sa_sigaction = on_illegal_instruction;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    sigaction(SIGILL, &action, &previous);
}

bool is_refused() {
    const char *permission = std::getenv("AMX_EMULATOR_PERMISSION");
    return permission != nullptr && std::strcmp(permission, "refused") == 0;
}

} // namespace

extern "C" {

/** Whether AMX is emulated in this process; false where it is the processor's. */
__attribute__((visibility("default"))) bool amx_emulator_is_active() {
    return emulating;
}

/** libc's function of this name, but for the one question that it answers itself. */
__attribute__((visibility("default"))) long syscall(long number, ...) {
    long arguments[6]; // there may be fewer, and the kernel then looks at fewer
    va_list list;
    va_start(list, number);
    for (long &argument : arguments) {
        argument = va_arg(list, long);
    }
    va_end(list);
    long result = 0;
    if (number == SYS_arch_prctl && arguments[0] == request_permission && arguments[1] == tile_data && is_refused()) {
        result = -EPERM;
    } else if (number != SYS_arch_prctl || arguments[0] != request_permission || arguments[1] != tile_data ||
               !emulating) {
        result = kernel(number, arguments);
    }
    if (result < 0 && result > -4096) {
        errno = static_cast<int>(-result);
        return -1;
    }
    return result;
}
}
