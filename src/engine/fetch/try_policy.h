#pragma once

namespace pagehaul::engine {

/// A try that brought no page.
struct FailedTry {
    bool counts = false;  ///< against the page
    int attempt = 1;      ///< tries that counted, this one included where it does
    int attempts = 1;     ///< source.retry.attempts
    int unexplained = 0;  ///< answers that nobody explained (source::Retry), this one being the last; 0: it
                          ///< is none
};

enum class AfterTry {
    again,
    refused,      ///< for good: 65
    unavailable,  ///< a later start tries again: 69
};

/// Pure: what becomes of the page.
AfterTry after_try(const FailedTry& failed);

}  // namespace pagehaul::engine
