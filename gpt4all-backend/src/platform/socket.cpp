#include "platform/socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <unistd.h>

namespace llmodel {

namespace {

std::string text_of(const in_addr &address) {
    std::array<char, INET_ADDRSTRLEN> text{};
    return inet_ntop(AF_INET, &address, text.data(), text.size()) == nullptr ? std::string() : text.data();
}

/** What a program that this one starts does not inherit. */
int for_this_process(int descriptor) {
    if (descriptor >= 0) {
        fcntl(descriptor, F_SETFD, FD_CLOEXEC);
    }
    return descriptor;
}

} // namespace

std::optional<std::string> resolve_ipv4(const std::string &host) {
    addrinfo hints{};
    hints.ai_family = AF_INET;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo *found = nullptr;
    if (getaddrinfo(host.c_str(), nullptr, &hints, &found) != 0 || found == nullptr) {
        return std::nullopt;
    }
    sockaddr_in address{};
    std::memcpy(&address, found->ai_addr, sizeof(address));
    freeaddrinfo(found);
    return text_of(address.sin_addr);
}

bool is_loopback_or_private(const std::string &address) {
    in_addr parsed{};
    if (inet_pton(AF_INET, address.c_str(), &parsed) != 1) {
        return false;
    }
    const uint32_t number = ntohl(parsed.s_addr);
    const auto within = [number](uint32_t network, int bits) {
        return number >> (32 - bits) == network >> (32 - bits);
    };
    return within(0x7F000000, 8) || within(0x0A000000, 8) || within(0xAC100000, 12) || within(0xC0A80000, 16) ||
           within(0xA9FE0000, 16);
}

Socket Socket::listen_on(const std::string &address, uint16_t port, std::string &reason) {
    Socket socket(for_this_process(::socket(AF_INET, SOCK_STREAM, 0)), {});
    const int on = 1;
    sockaddr_in name{};
    name.sin_family = AF_INET;
    name.sin_port = htons(port);
    constexpr int backlog = 16;
    if (!socket || inet_pton(AF_INET, address.c_str(), &name.sin_addr) != 1 ||
        setsockopt(socket.descriptor_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
        bind(socket.descriptor_, reinterpret_cast<const sockaddr *>(&name), sizeof(name)) != 0 ||
        listen(socket.descriptor_, backlog) != 0) {
        reason = std::strerror(errno);
        return {};
    }
    return socket;
}

Socket::~Socket() {
    if (descriptor_ >= 0) {
        close(descriptor_);
    }
}

uint16_t Socket::port() const {
    sockaddr_in name{};
    socklen_t size = sizeof(name);
    return getsockname(descriptor_, reinterpret_cast<sockaddr *>(&name), &size) == 0 ? ntohs(name.sin_port)
                                                                                     : uint16_t{0};
}

Socket Socket::accept_within(std::chrono::milliseconds time) const {
    if (!readable_within(time)) {
        return {};
    }
    sockaddr_in peer{};
    socklen_t size = sizeof(peer);
    const int accepted = for_this_process(accept(descriptor_, reinterpret_cast<sockaddr *>(&peer), &size));
    if (accepted < 0) {
        return {};
    }
    return {accepted, text_of(peer.sin_addr) + ":" + std::to_string(ntohs(peer.sin_port))};
}

bool Socket::readable_within(std::chrono::milliseconds time) const {
    pollfd wanted{.fd = descriptor_, .events = POLLIN, .revents = 0};
    return poll(&wanted, 1, static_cast<int>(time.count())) > 0;
}

std::optional<uint8_t> Socket::first_byte_within(std::chrono::milliseconds time) const {
    uint8_t byte = 0;
    if (!readable_within(time) || recv(descriptor_, &byte, 1, MSG_PEEK) != 1) {
        return std::nullopt;
    }
    return byte;
}

int Socket::duplicate() const {
    return for_this_process(dup(descriptor_));
}

void Socket::shut_down() const {
    shutdown(descriptor_, SHUT_RDWR);
}

} // namespace llmodel
