#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include <tl/expected.hpp>

namespace pagehaul {

/// What kind of failure this is decides what happens next; the text never does.
enum class ErrorKind {
    transient,   ///< trying again may help: network, 5xx, a lost connection
    throttled,   ///< the other side asks for a pause; never counts as an attempt
    permanent,   ///< trying again gives the same answer
    credential,  ///< our credentials were refused
    data,        ///< the data contradicts the config or the proof
    config,      ///< the config, or the target it names, cannot work
    cancelled,   ///< we were told to stop
    in_doubt,    ///< COMMIT's answer was lost: ask the ledger
    fenced,      ///< another run owns the pipeline now: this process may write nothing
    bug,         ///< an invariant of our own is broken
};

std::string_view to_string(ErrorKind kind);

/// A failure as a value. `message` is safe to print: it never holds a secret. `origin` names the place in the
/// user's terms: a config path ("sink.dsn"), or a slice and page.
struct Error {
    ErrorKind kind = ErrorKind::bug;
    std::string origin;
    std::string message;

    /// "origin: message", or the message alone.
    std::string text() const;
};

template <class T>
using Result = tl::expected<T, Error>;

inline tl::unexpected<Error> fail(ErrorKind kind, std::string origin, std::string message) {
    return tl::unexpected<Error>(Error{kind, std::move(origin), std::move(message)});
}

/// Ends a unit of work (a job, a commit, a verb); caught at that unit's one boundary.
class Failure : public std::runtime_error {
  public:
    explicit Failure(Error error) : std::runtime_error(error.text()), error_(std::move(error)) {}
    Failure(ErrorKind kind, std::string origin, std::string message)
        : Failure(Error{kind, std::move(origin), std::move(message)}) {}
    const Error& error() const noexcept { return error_; }

  private:
    Error error_;
};

}  // namespace pagehaul
