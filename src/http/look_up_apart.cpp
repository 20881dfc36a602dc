#include "http/look_up_apart.h"

#include <netdb.h>

#include <condition_variable>
#include <optional>
#include <string_view>
#include <thread>
#include <utility>

#include "core/mutex.h"

namespace pagehaul::http {
namespace {

/// getaddrinfo's code; 0: found.
int look_up(const std::string& host, int flags) {
    addrinfo hints{};
    hints.ai_flags = flags;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    const int code = ::getaddrinfo(host.c_str(), nullptr, &hints, &found);
    if (code == 0) ::freeaddrinfo(found);
    return code;
}

/// Shared with the thread that looks up, which may outlive the transport.
struct Lookup {
    Mutex mutex;
    std::condition_variable_any ended;
    bool under_way PAGEHAUL_GUARDED_BY(mutex) = false;
    std::optional<int> code PAGEHAUL_GUARDED_BY(mutex);  // of the last one
};

class LookUpApart final : public Transport {
  public:
    LookUpApart(std::unique_ptr<Transport> transport, std::string host, const Clock& clock)
        : transport_(std::move(transport)),
          host_(std::move(host)),
          clock_(clock),
          is_address_(look_up(host_, AI_NUMERICHOST) == 0) {}

    Result<Response> send(const Request& request, const Bounds& bounds, std::stop_token cancel) override {
        if (!is_address_) {
            if (auto found = resolve(bounds.deadline, cancel); !found)
                return tl::unexpected<Error>(found.error());
        }
        return transport_->send(request, bounds, std::move(cancel));
    }

  private:
    Result<void> resolve(const Deadline& deadline, const std::stop_token& cancel) {
        const MonoTime began = clock_.now();
        MutexLock lock(lookup_->mutex);
        if (!lookup_->under_way) {
            // Detached: getaddrinfo cannot be told to stop, and it uses nothing but what it shares.
            std::thread([lookup = lookup_, host = host_] {
                const int code = look_up(host, 0);
                {
                    const MutexLock done(lookup->mutex);
                    lookup->under_way = false;
                    lookup->code = code;
                }
                lookup->ended.notify_all();
            }).detach();
            lookup_->under_way = true;
        }
        const auto has_ended = [this]() PAGEHAUL_REQUIRES(lookup_->mutex) { return !lookup_->under_way; };
        // In real time: the name server, and getaddrinfo's thread, know no other.
        const bool ended = lookup_->ended.wait_until(lock, cancel, deadline.when(), has_ended);
        if (!ended && cancel.stop_requested()) return fail(ErrorKind::cancelled, "", "request cancelled");
        if (!ended) {
            const auto after = std::chrono::duration_cast<Millis>(clock_.now() - began);
            return fail(
                ErrorKind::transient, "",
                "the name " + host_ + " was not resolved within " + std::to_string(after.count()) + " ms");
        }
        const int code = lookup_->code.value_or(0);
        if (code != 0)
            return fail(ErrorKind::transient, "",
                        "the name " + host_ + " does not resolve: " + ::gai_strerror(code));
        return {};
    }

    const std::unique_ptr<Transport> transport_;
    const std::string host_;
    const Clock& clock_;
    const bool is_address_;
    const std::shared_ptr<Lookup> lookup_ = std::make_shared<Lookup>();
};

}  // namespace

std::unique_ptr<Transport> look_up_apart(std::unique_ptr<Transport> transport, std::string host,
                                         const Clock& clock) {
    return std::make_unique<LookUpApart>(std::move(transport), std::move(host), clock);
}

}  // namespace pagehaul::http
