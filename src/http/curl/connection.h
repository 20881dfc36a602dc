#pragma once

#include <curl/curl.h>

#include <array>
#include <memory>
#include <stop_token>
#include <string>

#include "core/clock.h"
#include "core/error.h"
#include "http/curl/answer.h"
#include "http/transport.h"

namespace pagehaul::http {

/// What all connections of a transport share; outlives them.
struct Peer {
    std::string origin;
    TransportOptions options;
    std::string ca_file, ca_path;  ///< empty: as libcurl was built
    const Clock& clock;
};

/// A connection to the peer, or what will be one at the first request; one thread uses it at a time. libcurl
/// has it in a multi handle of its own, so that whoever waits can be woken, and dropping this closes it for
/// sure.
class Connection {
  public:
    explicit Connection(const Peer& peer);
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    ~Connection();

    /// As Transport::send. On a connection that the peer has closed since the last answer libcurl sends again
    /// on a fresh one.
    Result<Response> exchange(const Request& request, const Bounds& bounds, const std::stop_token& cancel,
                              MonoTime started);
    /// Nothing unexpected was seen, and nothing has come since the last answer: what comes next is the answer
    /// to what is asked next.
    bool may_reuse() const;

  private:
    enum class Ended { answered, cancelled, deadline, connect_deadline, connect_timeout, idle };
    struct FreeList {
        void operator()(curl_slist* list) const { curl_slist_free_all(list); }
    };
    using List = std::unique_ptr<curl_slist, FreeList>;

    void prepare(const Request& request, const List& headers, Answer& answer);
    Ended wait(const Bounds& bounds, const std::stop_token& cancel, const Answer& answer, CURLcode& code);
    Error ended_early(Ended how, MonoTime started) const;
    static List header_list(const Request& request);

    static std::size_t on_head(char* bytes, std::size_t size, std::size_t count, void* self);
    static std::size_t on_body(char* bytes, std::size_t size, std::size_t count, void* self);
    static int on_connected(void* to, char*, char*, int, int);
    static int on_remark(CURL*, curl_infotype type, char* text, std::size_t size, void* self);
    /// More has been decrypted, or is to be, than libcurl has read.
    bool more_is_decrypted() const;

    const Peer& peer_;
    CURLM* multi_;
    CURL* easy_;
    std::array<char, CURL_ERROR_SIZE> details_{};
    Answer* answer_ = nullptr;  ///< while one is awaited
    bool may_reuse_ = true;
    bool is_more_decrypted_ = false;          ///< behind what was read last
    curl_socket_t socket_ = CURL_SOCKET_BAD;  ///< that the last answer came by
};

}  // namespace pagehaul::http
