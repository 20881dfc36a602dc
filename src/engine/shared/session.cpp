#include "engine/shared/session.h"

#include <algorithm>

#include "log/log.h"

namespace pagehaul::engine {

postgres::Connection& Session::connection() {
    if (connection_ == nullptr || !connection_->is_open()) {
        connection_.reset();
        connection_ = std::make_unique<postgres::Connection>(options_.connect);
    }
    return *connection_;
}

void Session::pause_or_throw(std::stop_token stop, const postgres::SqlError& failure) {
    const MonoTime now = clock_.now();
    if (!failing_since_) {
        failing_since_ = now;
        failures_ = 0;
    }
    if (now - *failing_since_ >= options_.patience) throw failure;
    ++failures_;
    if (connection_ != nullptr) connection_->rollback();
    if (failure.connection_lost()) connection_.reset();
    // A serialization failure wants only a moment, a server that restarts wants seconds.
    const double ceiling_ms = std::min(2000.0, 25.0 * static_cast<double>(1 << std::min(failures_, 8)));
    const Millis pause{static_cast<std::int64_t>(ceiling_ms * (0.5 + 0.5 * random_.unit()))};
    if (!failure.is_serialization()) {
        log::warn("database unavailable, trying again",
                  {{"role", options_.role}, {"cause", failure.error().text()}, {"delay_ms", pause.count()}});
    }
    if (!clock_.wait_until(now + pause, stop)) {
        throw Failure(ErrorKind::cancelled, options_.role, "stopped while the database was unavailable");
    }
}

void Session::run(std::stop_token stop, const std::function<void(postgres::Connection&)>& work) {
    repeat(
        stop, [&] { work(connection()); },
        [&](const postgres::SqlError& failure) {
            pause_or_throw(stop, failure);
            return false;
        });
}

void Session::transact(std::stop_token stop, const std::function<void()>& attempt,
                       const std::function<bool(postgres::Connection&)>& landed) {
    repeat(stop, attempt, [&](const postgres::SqlError&) {
        connection_.reset();
        bool done = false;
        run(stop, [&](postgres::Connection& connection) { done = landed(connection); });
        return done;
    });
}

std::optional<postgres::SqlError> Session::open(std::stop_token stop, const std::function<bool()>& spared) {
    std::optional<postgres::SqlError> refused;
    repeat(
        stop,
        [&] {
            try {
                connection();
            } catch (const postgres::SqlError& failure) {
                if (!failure.is_connection_limit() || !spared()) throw;
                refused = failure;
            }
        },
        [](const postgres::SqlError&) { return false; });
    return refused;
}

void Session::repeat(std::stop_token stop, const std::function<void()>& attempt,
                     const std::function<bool(const postgres::SqlError&)>& in_doubt) {
    while (true) {
        try {
            attempt();
            failing_since_.reset();
            return;
        } catch (const postgres::SqlError& failure) {
            if (failure.error().kind == ErrorKind::in_doubt) {
                if (in_doubt(failure)) return;
            } else if (failure.error().kind == ErrorKind::transient) {
                pause_or_throw(stop, failure);
            } else {
                if (connection_ != nullptr) connection_->rollback();
                throw;
            }
        }
    }
}

}  // namespace pagehaul::engine
