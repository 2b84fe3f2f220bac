#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace llmodel {

/** The first IPv4 address of a name or of an address, as numbers; none if it has none. */
std::optional<std::string> resolve_ipv4(const std::string &host);

/** Whether an IPv4 address is only reached from this machine, or from its private network (RFC 1918, RFC 3927). */
bool is_loopback_or_private(const std::string &address);

/** A TCP socket, which is closed with it. */
class Socket {
  public:
    /** Listens on an IPv4 address; port 0: any that is free. Empty if that fails, and then `reason` says why. */
    static Socket listen_on(const std::string &address, uint16_t port, std::string &reason);

    Socket() = default;
    ~Socket();
    Socket(Socket &&other) noexcept
        : descriptor_(std::exchange(other.descriptor_, -1)), peer_(std::move(other.peer_)) {}
    Socket &operator=(Socket &&other) noexcept {
        std::swap(descriptor_, other.descriptor_);
        std::swap(peer_, other.peer_);
        return *this;
    }

    explicit operator bool() const { return descriptor_ >= 0; }

    uint16_t port() const;

    /** Address and port of the other end. */
    const std::string &peer() const { return peer_; }

    /** The next connection to a socket that listens; empty if none comes in time. */
    Socket accept_within(std::chrono::milliseconds time) const;

    /** Whether there is something to read, or the end of it, in time. */
    bool readable_within(std::chrono::milliseconds time) const;

    /** The next byte, which stays unread; none if it does not come in time, or at the end. */
    std::optional<uint8_t> first_byte_within(std::chrono::milliseconds time) const;

    /** Another name of the same connection, for somebody who closes it; below 0 if there is none. */
    int duplicate() const;

    /** Ends the connection for all that use it. From any thread. */
    void shut_down() const;

  private:
    Socket(int descriptor, std::string peer) : descriptor_(descriptor), peer_(std::move(peer)) {}

    int descriptor_ = -1;
    std::string peer_;
};

} // namespace llmodel
