#include "engine/own_backends.h"

#include <utility>

#include "log/log.h"

namespace pagehaul::engine {
namespace {

// What ends by itself in this time may say how it ended.
constexpr Millis kGrace{500};

}  // namespace

void end_own_backends(const postgres::ConnectOptions& own) {
    try {
        postgres::ConnectOptions options = own;
        options.application_name = "pagehaul stop";
        options.connect_timeout_ms = 1'000;
        options.statement_timeout_ms = 1'000;
        postgres::Connection connection(options);
        connection.exec("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1",
                        {own.application_name});
    } catch (const Failure& failure) {
        log::warn("could not end our own backends", {{"cause", failure.error().text()}});
    }
}

EndsWaits::EndsWaits(postgres::ConnectOptions own, const Clock& clock, std::stop_token stop)
    : thread_([own = std::move(own), &clock, stop = std::move(stop)](const std::stop_token& over) {
          std::stop_source either;
          const std::stop_callback on_stop(stop, [&] { either.request_stop(); });
          const std::stop_callback on_over(over, [&] { either.request_stop(); });
          clock.wait_until(MonoTime::max(), either.get_token());
          while (clock.wait_until(clock.now() + kGrace, over))
              end_own_backends(own);
      }) {}

}  // namespace pagehaul::engine
