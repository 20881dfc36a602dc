#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "config/config.h"
#include "core/clock.h"
#include "core/random.h"
#include "postgres/connection.h"

namespace pagehaul::engine {

struct SessionOptions {
    postgres::ConnectOptions connect;
    std::string role;    ///< for the log: "claimer", "writer 1"
    Millis patience{0};  ///< how long a database that is down is waited for; 0: not at all
};

/// A thread's connection to the database, opened when first needed and again when it was lost. Used by one
/// thread.
class Session {
  public:
    Session(SessionOptions options, const Clock& clock, Random& random)
        : options_(std::move(options)), clock_(clock), random_(random) {}

    /// Runs `work` with an open connection. A failure of kind transient is tried again, on a new connection
    /// where the old one is lost, with growing pauses, until options.patience has passed since the last
    /// success: `work` must be safe to repeat. Anything else is thrown on, as is Failure(cancelled) when
    /// `stop` ends a pause.
    void run(std::stop_token stop, const std::function<void(postgres::Connection&)>& work);

    /// Makes a transaction that must not be made again once it is committed. `attempt` is the whole of it, on
    /// connection(), and is tried again as by run(); but when the answer to its COMMIT is lost, `landed` is
    /// asked first, by run() on a new connection. Its true: nothing is left to do.
    void transact(std::stop_token stop, const std::function<void()>& attempt,
                  const std::function<bool(postgres::Connection&)>& landed);

    /// Opens a connection if there is none, as run() does, unless there is none left for us and `spared` says
    /// that others do the work. @return the failure then.
    std::optional<postgres::SqlError> open(std::stop_token stop, const std::function<bool()>& spared);

    /// Opens a connection if there is none; one try.
    postgres::Connection& connection();
    /// Goes on with a connection that somebody else opened with the same options; null: opens its own.
    void adopt(std::unique_ptr<postgres::Connection> connection) { connection_ = std::move(connection); }
    /// Gives the connection away; the next use opens a new one.
    std::unique_ptr<postgres::Connection> release() { return std::move(connection_); }

  private:
    /// Until `attempt` goes well, or `in_doubt`, which is told of a lost answer to COMMIT, says that it did.
    void repeat(std::stop_token stop, const std::function<void()>& attempt,
                const std::function<bool(const postgres::SqlError&)>& in_doubt);
    /// The pause before the next try; throws `failure` where patience allows none.
    void pause_or_throw(std::stop_token stop, const postgres::SqlError& failure);

    SessionOptions options_;
    const Clock& clock_;
    Random& random_;
    std::unique_ptr<postgres::Connection> connection_;
    std::optional<MonoTime> failing_since_;
    int failures_ = 0;
};

}  // namespace pagehaul::engine
