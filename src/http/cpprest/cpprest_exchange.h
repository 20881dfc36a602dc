#pragma once

#include "core/mutex.h"
#include "http/cpprest/cpprest_streams.h"
// A block of its own: the header above must come first.
#include <atomic>
#include <condition_variable>
#include <cstring>
#include <exception>
#include <memory>
#include <stdexcept>
#include <utility>

#include "http/transport.h"

/// What a caller of the transport and cpprestsdk's callbacks share while a request is on its way. Only for
/// cpprest_transport.cpp: it brings the library's headers in.
namespace pagehaul::http {

/// Counts the exchanges that the library still holds, so that the destructor can wait for them.
class Live {
  public:
    void enter() {
        const MutexLock lock(mutex_);
        ++count_;
    }
    void leave() {
        // Notified under the lock: the waiter may destroy nothing before we are out of here.
        const MutexLock lock(mutex_);
        --count_;
        changed_.notify_all();
    }
    bool wait_empty(Millis patience) {
        MutexLock lock(mutex_);
        // In real time: the library lets go in it, whatever an injected clock says.
        return changed_.wait_for(lock.native(), patience,
                                 [&]() PAGEHAUL_REQUIRES(mutex_) { return count_ == 0; });
    }

  private:
    Mutex mutex_;
    std::condition_variable changed_;
    int count_ PAGEHAUL_GUARDED_BY(mutex_) = 0;
};

enum class Refused { no, too_large, no_memory };

/// One request on its way: shared by the caller and the library's callbacks, whichever lets go last.
struct Exchange {
    Exchange(std::shared_ptr<Live> of, const Bounds& within) : live(std::move(of)), bounds(&within) {
        live->enter();
    }
    ~Exchange() { live->leave(); }
    Exchange(const Exchange&) = delete;
    Exchange& operator=(const Exchange&) = delete;

    const std::shared_ptr<Live> live;
    pplx::cancellation_token_source cancel;
    std::atomic<bool> sent = false;  ///< connected, request written

    Mutex mutex;
    std::condition_variable changed;
    const Bounds* bounds PAGEHAUL_GUARDED_BY(mutex);  ///< null once the caller has gone
    bool done PAGEHAUL_GUARDED_BY(mutex) = false;
    bool told_to_stop PAGEHAUL_GUARDED_BY(mutex) = false;
    std::exception_ptr error PAGEHAUL_GUARDED_BY(mutex);
    int status PAGEHAUL_GUARDED_BY(mutex) = 0;
    web::http::http_headers headers
        PAGEHAUL_GUARDED_BY(mutex);  ///< not the response itself: that owns its stream, which owns us
    MonoTime first_byte PAGEHAUL_GUARDED_BY(mutex){};
    std::uint64_t content_length PAGEHAUL_GUARDED_BY(mutex) = 0;
    Refused refused PAGEHAUL_GUARDED_BY(mutex) = Refused::no;
    Body body PAGEHAUL_GUARDED_BY(mutex);

    void finish(std::exception_ptr why) {
        const MutexLock lock(mutex);
        error = std::move(why);
        done = true;
        changed.notify_all();
    }

    /// The only bound of a body: the library has none, and its progress counts the bytes on the wire.
    /// @return false: the exchange must end.
    bool receive(const std::uint8_t* from, std::size_t count) {
        const MutexLock lock(mutex);
        if (bounds == nullptr) return false;
        const std::size_t total = body.size() + count;
        if (total > bounds->max_body || content_length > bounds->max_body) {
            refused = Refused::too_large;
            return false;
        }
        if (bounds->reserve && !bounds->reserve(total)) {
            refused = Refused::no_memory;
            return false;
        }
        std::memcpy(body.grow(count), from, count);
        body.grew(count);
        return true;
    }
};

class ResponseBuffer final : public RefusingBuffer {
  public:
    explicit ResponseBuffer(std::shared_ptr<Exchange> exchange)
        : RefusingBuffer(std::ios_base::out), exchange_(std::move(exchange)) {}
    pplx::task<std::size_t> putn_nocopy(const std::uint8_t* from, std::size_t count) override {
        if (exchange_->receive(from, count)) return pplx::task_from_result(count, inline_options());
        return pplx::task_from_exception<std::size_t>(std::runtime_error("body refused"), inline_options());
    }

  private:
    const std::shared_ptr<Exchange> exchange_;
};

}  // namespace pagehaul::http
