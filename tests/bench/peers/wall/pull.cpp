#include "pull.h"

#include <atomic>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "blocks.h"
#include "core/clock.h"
#include "fetch.h"
#include "http/transport.h"
#include "postgres/connection.h"
#include "postgres/quoting.h"

namespace bench {
namespace {

// As many connections as pagehaul has writers on two cores, and commits as large as its prototypes had at
// their best.
constexpr int kFetchers = 8;
constexpr int kConnections = 2;
constexpr std::size_t kPagesACommit = 50;
constexpr std::size_t kBufferedPages = 200;

/// The first exception of any thread; it stops the others.
class FirstFailure {
  public:
    explicit FirstFailure(Blocks& blocks) : blocks_(blocks) {}
    /// Runs `work`, keeping what it throws.
    void guard(const std::function<void()>& work) {
        try {
            work();
        } catch (...) {
            const std::lock_guard lock(mutex_);
            if (!failure_) failure_ = std::current_exception();
            stop_.request_stop();
            blocks_.stop();
        }
    }
    std::stop_token token() const { return stop_.get_token(); }
    void rethrow() const {
        if (failure_) std::rethrow_exception(failure_);
    }

  private:
    Blocks& blocks_;
    std::stop_source stop_;
    std::mutex mutex_;
    std::exception_ptr failure_;
};

std::string quoted_target(const pagehaul::config::Sink& sink) {
    return pagehaul::postgres::quote_identifier(sink.schema) + "." +
           pagehaul::postgres::quote_identifier(sink.table);
}

void write_blocks(const pagehaul::config::Sink& sink, Blocks& blocks) {
    pagehaul::postgres::ConnectOptions options;
    options.dsn = sink.dsn.value;
    options.application_name = "bench_wall";
    pagehaul::postgres::Connection connection(options);
    const auto target = quoted_target(sink);
    for (;;) {
        const auto batch = blocks.take(kPagesACommit / 2, kPagesACommit);
        if (batch.empty()) return;
        const std::vector<std::string_view> views(batch.begin(), batch.end());
        connection.begin();
        connection.copy(target, views);
        connection.commit();
    }
}

}  // namespace

void pull(const pagehaul::config::Config& config) {
    pagehaul::http::TransportOptions options;
    options.base_url = config.source.base_url;
    const auto transport = pagehaul::http::make_transport(options, pagehaul::system_clock());
    Blocks blocks(kBufferedPages);
    FirstFailure failure(blocks);

    auto first = Fetcher(config, *transport).fetch(1, failure.token());
    const auto pages = (first.total + config.source.pagination.size - 1) / config.source.pagination.size;
    blocks.put(std::move(first.copy));

    std::atomic<std::int64_t> next{2};
    std::vector<std::jthread> writers;
    for (int i = 0; i < kConnections; ++i) {
        writers.emplace_back([&] { failure.guard([&] { write_blocks(config.sink, blocks); }); });
    }
    {
        std::vector<std::jthread> fetchers;
        for (int i = 0; i < kFetchers; ++i) {
            fetchers.emplace_back([&] {
                failure.guard([&] {
                    Fetcher fetcher(config, *transport);
                    for (auto page = next++; page <= pages; page = next++) {
                        if (!blocks.put(fetcher.fetch(page, failure.token()).copy)) return;
                    }
                });
            });
        }
    }
    blocks.finish();
    writers.clear();
    failure.rethrow();
}

}  // namespace bench
