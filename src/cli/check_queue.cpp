#include "cli/check_queue.h"

#include "core/clock.h"
#include "core/error.h"
#include "engine/start_up.h"
#include "machine/cgroup.h"
#include "machine/sizing.h"
#include "queue/open.h"

namespace pagehaul::cli {
namespace {

/// What one process holds at most: heartbeat, claimer, writers; and where they are, the rate's keeper, who
/// tells of pages, who publishes slices, and who renews tokens that rotate.
int connections_of(const config::Config& config) {
    const machine::Sizing sizing =
        machine::plan_workers(machine::read_limits(machine::system_probe()), config);
    const auto* const tokens = std::get_if<config::OAuth2>(&config.source.auth);
    return 2 + sizing.writers + (config.source.limits.rate ? 1 : 0) +
           (queue::is_brokered(config.queue) ? 1 : 0) +
           (engine::policies_of(config).any_publishes() ? 1 : 0) +
           (tokens != nullptr && tokens->rotates ? 1 : 0);
}

// What is kept for superusers is nobody else's; a role's own limit may be lower.
constexpr const char* limits_sql = R"(
SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int,
    r.rolconnlimit FROM pg_catalog.pg_roles r WHERE r.rolname = current_user)";

}  // namespace

std::string check_queue(const config::Queue& queue) {
    const auto publisher = queue::open_publisher(queue, system_clock());
    const queue::Depth depth = publisher->depth();
    std::string text = queue::describe(queue) + ": " + std::to_string(depth.ready) + " messages wait";
    if (depth.unsettled) text += ", " + std::to_string(*depth.unsettled) + " are with workers";
    if (depth.dead) text += ", " + std::to_string(*depth.dead) + " dead letters";
    return text;
}

std::string check_connections(postgres::Connection& connection, const config::Config& config, int processes) {
    const auto limits = connection.exec(limits_sql);
    const std::int64_t server = limits.integer(0, 0);
    const std::int64_t role = limits.integer(0, 1);
    const std::int64_t most = role >= 0 && role < server ? role : server;
    const std::int64_t each = connections_of(config);
    std::string text = std::to_string(processes) + (processes == 1 ? " process of " : " processes of ") +
                       std::to_string(each) + " connections each, of " + std::to_string(most) +
                       (most == server ? " that the server has" : " that the role may have");
    if (each * processes > most)
        throw Failure(ErrorKind::config, "sink.dsn",
                      text + ": expected fewer processes, a smaller run.writers, or a higher limit");
    return text;
}

}  // namespace pagehaul::cli
