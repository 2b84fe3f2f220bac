#include "bench.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <unistd.h>

namespace bench {

namespace {

[[noreturn]] void fail(const char *what) {
    throw std::system_error(errno, std::generic_category(), what);
}

/** One HTTP/1.1 exchange, read as it comes. */
class Connection {
  public:
    explicit Connection(uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
        if (socket_ < 0) {
            fail("socket");
        }
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (::connect(socket_, reinterpret_cast<const sockaddr *>(&address), sizeof address) != 0) {
            ::close(socket_);
            fail("connect");
        }
        const int on = 1;
        ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    ~Connection() { ::close(socket_); }
    Connection(const Connection &) = delete;
    Connection &operator=(const Connection &) = delete;

    void post(const std::string &path, const std::string &body) {
        const std::string text = "POST " + path +
                                 " HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
                                 "Connection: close\r\nContent-Length: " +
                                 std::to_string(body.size()) + "\r\n\r\n" + body;
        for (size_t sent = 0; sent < text.size();) {
            const ssize_t count = ::send(socket_, text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
            if (count < 0) {
                fail("send");
            }
            sent += static_cast<size_t>(count);
        }
        const std::string status = line();
        if (status.find(" 200 ") == std::string::npos) {
            throw std::runtime_error("the server answered " + status);
        }
        while (!line().empty()) {
        }
    }

    /** The next chunk of the body; empty at its end. */
    std::string chunk() {
        const size_t size = std::stoul(line(), nullptr, 16);
        while (buffer_.size() < size + 2) {
            read();
        }
        std::string data = buffer_.substr(0, size);
        buffer_.erase(0, size + 2);
        return data;
    }

  private:
    std::string line() {
        size_t end = 0;
        while ((end = buffer_.find("\r\n")) == std::string::npos) {
            read();
        }
        std::string text = buffer_.substr(0, end);
        buffer_.erase(0, end + 2);
        return text;
    }

    void read() {
        std::array<char, 16384> block{};
        const ssize_t count = ::recv(socket_, block.data(), block.size(), 0);
        if (count < 0) {
            fail("recv");
        }
        if (count == 0) {
            throw std::runtime_error("the server closed the connection in the midst of an answer");
        }
        buffer_.append(block.data(), static_cast<size_t>(count));
    }

    int socket_;
    std::string buffer_;
};

/** Whether an event brings text, found without parsing it: a client's JSON library is not what is measured. */
bool has_text(std::string_view event) {
    constexpr std::string_view key = "\"content\":\"";
    const size_t found = event.find(key);
    return found != std::string_view::npos && event.substr(found + key.size(), 1) != "\"";
}

class Server final : public Contender {
  public:
    explicit Server(uint16_t port) : port_(port) {}

    Answer answer(const json &request) override {
        const bool chat = request.contains("messages");
        json body = request;
        body["stream"] = true;
        const std::string text = body.dump();
        Stopwatch watch;
        Connection connection(port_);
        connection.post(chat ? "/v1/chat/completions" : "/completion", text);
        std::string pending;
        std::string timings; // the event that has them is the last
        for (std::string data; !(data = connection.chunk()).empty();) {
            pending += data;
            for (size_t end = 0; (end = pending.find("\n\n")) != std::string::npos; pending.erase(0, end + 2)) {
                const std::string_view event = std::string_view(pending).substr(0, end);
                if (event.starts_with("error:")) {
                    throw std::runtime_error("the server answered " + std::string(event));
                }
                if (has_text(event)) {
                    watch.piece();
                }
                if (event.find("\"timings\":") != std::string_view::npos) {
                    timings = event.substr(event.find('{'));
                }
            }
        }
        const json last = json::parse(timings).at("timings");
        return watch.finish(last.at("predicted_n"), last.at("cache_n"));
    }

  private:
    uint16_t port_;
};

} // namespace

std::unique_ptr<Contender> connect_to(uint16_t port) {
    return std::make_unique<Server>(port);
}

} // namespace bench
