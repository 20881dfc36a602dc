#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace mockapi {

using Time = std::chrono::steady_clock::time_point;

/// Milliseconds of CLOCK_MONOTONIC, the clock of Python's time.monotonic().
double monotonic_ms(Time at);

/// Appends `text` as a JSON string.
void put_json(std::string& out, std::string_view text);

/// One page request.
struct LogEntry {
    std::uint64_t seq = 0;
    Time arrived{};
    Time ended{};  ///< last byte sent or connection gone; the epoch before that
    std::string method;
    std::string path;
    std::int64_t page = -1;
    std::int64_t offset = -1;
    std::int64_t page_size = -1;
    std::string advertiser_id;
    std::string date;
    bool auth_ok = false;
    int status = 0;  ///< 0: none was sent
    int code = 0;    ///< of the envelope
    std::string fault;
    std::string traceparent;
    std::string body;  ///< its first 2 KiB
};

struct Counters {
    std::uint64_t requests = 0;  ///< page requests
    std::uint64_t in_flight = 0;
    std::uint64_t max_in_flight = 0;
    std::uint64_t held = 0;
    std::uint64_t connections = 0;  ///< accepted so far
    std::uint64_t allowed = 0;      ///< let through by the token bucket
    std::uint64_t throttled = 0;    ///< refused by it
    std::uint64_t body_bytes = 0;
    std::map<int, std::uint64_t> by_status;
    Time first{};
    Time last{};
};

/// Page requests in memory, the first two million of them; counters count on. One thread.
class RequestLog {
  public:
    static constexpr std::size_t kMaxEntries = 2'000'000;

    /// Its index, for at().
    std::int64_t add(LogEntry entry);
    LogEntry* at(std::int64_t index);
    void ended(std::int64_t index, Time at);
    /// Forgets entries and counters; what is in flight stays counted.
    void clear();

    /// A JSON array, one entry a line, of the entries after `since`.
    std::string json(std::uint64_t since) const;
    std::string stats_json() const;
    Counters& counters() { return counters_; }

  private:
    std::vector<LogEntry> entries_;
    std::int64_t first_index_ = 0;
    std::uint64_t next_seq_ = 1;
    std::uint64_t not_kept_ = 0;
    Counters counters_;
};

}  // namespace mockapi
