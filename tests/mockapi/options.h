#pragma once

#include <chrono>
#include <cstdint>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace mockapi {

using Micros = std::chrono::microseconds;

enum class AuthKind { none, header, bearer, basic, query, granted };
enum class Drift { none, insert, remove, total };
enum class TotalOn { every_page, first_page, no_page };
enum class RetryAfter { none, seconds, date };
enum class DownMode { status_503, refuse };

enum class ChainEnd { null, absent, empty };
enum class SignKind { none, ark, aws };
enum class LinkForm { absolute, path, query, foreign };

/// What a client sees; every field has its flag (options.cpp), and most may change while running.
struct Options {
    // Server.
    std::string address = "127.0.0.1";
    std::uint16_t port = 0;
    std::string port_file;
    std::string log_file;
    std::uint64_t cache_mb = 256;
    bool prerender = false;
    bool dump_rows = false;
    bool help = false;

    // Rows.
    std::uint64_t rows = 1000;
    std::uint64_t seed = 1;
    std::string advertiser_id;  ///< slice of --dump-rows
    std::string date;           ///< slice of --dump-rows
    std::set<std::uint64_t> bad_rows;
    std::set<std::uint64_t> null_key_rows;
    std::set<std::uint64_t> dup_keys;
    std::set<std::uint64_t> dup_rows;
    bool dup_across_slices = false;
    bool nul = false;
    bool unicode = false;
    std::uint64_t inserted = 0;
    std::uint64_t removed = 0;

    // Paging.
    std::uint64_t page_size = 0;  ///< for requests that name none; 0: refuse them
    std::uint64_t max_page_size = 100;
    std::uint64_t cap_page_size = 0;
    TotalOn total = TotalOn::every_page;
    bool refuse_beyond = false;
    std::uint64_t depth_cap = 0;
    bool same_page = false;
    bool strict_types = false;
    bool ends = false;  ///< pages tell how many there are, and whether there are more

    // Pages that tell of the next one: for requests that name neither a number nor an offset.
    bool chain = false;
    ChainEnd chain_end = ChainEnd::null;
    LinkForm link_form = LinkForm::absolute;
    std::uint64_t chain_generation = 1;  ///< a token of another one is refused with 400
    std::uint64_t chain_repeat = 0;      ///< the page that tells its own token again; 0: none
    bool chain_endless = false;          ///< empty pages without end

    // Credentials.
    AuthKind auth = AuthKind::header;
    std::string auth_name = "Access-Token";
    std::string token;  ///< empty: no check
    int auth_status = 401;
    std::string oauth_client = "client:client-hunter2";
    std::string oauth_user;
    std::string refresh_token;
    bool rotate = false;
    std::uint64_t rotate_grace = 0;
    Micros token_lifetime{0};
    Micros token_latency{0};
    int token_status = 0;  ///< 0: as it is
    bool revoke = false;
    SignKind sign = SignKind::none;
    std::string sign_secret = "sign-hunter2";

    // Time and faults.
    Micros latency{0};
    Micros latency_jitter{0};
    double fault_rate = 0;
    std::vector<std::string> faults{"500"};
    std::set<std::uint64_t> fault_pages;
    std::uint64_t fault_tries = 1;
    bool fault_forever = false;
    int fault_code = 10005;
    RetryAfter retry_after = RetryAfter::seconds;
    int retry_after_s = 1;
    Micros trickle_interval{100'000};
    std::uint64_t huge_mb = 100;
    std::string redirect_to;
    bool never = false;
    bool hold = false;
    std::uint64_t hold_after = 0;  ///< 0: off

    // The whole API.
    bool down = false;
    std::uint64_t down_after = 0;  ///< 0: off
    Micros down_for{0};            ///< 0: for good
    DownMode down_mode = DownMode::status_503;
    double ratelimit = 0;  ///< requests a second; 0: off
    std::uint64_t ratelimit_burst = 1;
    Drift drift = Drift::none;
    std::uint64_t drift_after = 1;
    std::uint64_t drift_rows = 1;
    bool drift_forever = false;
};

/// A flag or value that does not fit; the text says what was expected.
class OptionError : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

/// Sets one option by its flag's name, '_' and '-' alike. Throws OptionError.
void set_option(Options& options, std::string_view name, std::string_view value);

/// Throws OptionError.
Options parse_command_line(int argc, char** argv);

std::string help_text();

}  // namespace mockapi
