#include "pool/worker.h"

#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "core/error.h"
#include "log/log.h"
#include "queue/relay/frames.h"

namespace pagehaul::pool {
namespace {

constexpr int relay_fd = 3;
/// Kubernetes reads one verdict a container: the pool's.
constexpr std::string_view termination_log = "PAGEHAUL_TERMINATION_LOG=";

std::vector<std::string> environment() {
    std::vector<std::string> all;
    for (char** one = ::environ; *one != nullptr; ++one)
        if (!std::string_view(*one).starts_with(termination_log)) all.emplace_back(*one);
    all.emplace_back(termination_log);
    return all;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> all;
    for (std::string& text : texts)
        all.push_back(text.data());
    all.push_back(nullptr);
    return all;
}

[[noreturn]] void fail_to_start(int error) {
    throw Failure(ErrorKind::transient, "pool",
                  std::string("a worker cannot be started: ") + std::strerror(error));
}

}  // namespace

Worker::Worker(const Member& member, std::size_t share, const Clock& clock)
    : clock_(clock), started_(clock.now()), last_message_(started_) {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) fail_to_start(errno);
    socket_.emplace(ends[0]);
    const int error = spawn(member, share, ends[1]);
    ::close(ends[1]);
    if (error != 0) fail_to_start(error);
}

int Worker::spawn(const Member& member, std::size_t share, int their_end) {
    std::vector<std::string> words{
        "pagehaul",           "work", "-c", member.file, "--relay", std::to_string(relay_fd), "--share",
        std::to_string(share)};
    std::vector<std::string> variables = environment();
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_adddup2(&files, their_end, relay_fd);
    posix_spawn_file_actions_addclosefrom_np(&files, relay_fd + 1);  // the broker's link is nobody else's
    posix_spawnattr_t how;
    posix_spawnattr_init(&how);
    // A group of its own: what a terminal sends to all comes from us, and once.
    posix_spawnattr_setpgroup(&how, 0);
    posix_spawnattr_setflags(&how, POSIX_SPAWN_SETPGROUP);
    const int error = ::posix_spawn(&pid_, "/proc/self/exe", &files, &how, pointers(words).data(),
                                    pointers(variables).data());
    posix_spawnattr_destroy(&how);
    posix_spawn_file_actions_destroy(&files);
    reaped_ = error != 0;
    return error;
}

Worker::~Worker() {
    if (reaped_ || pid_ == 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
}

void Worker::give(std::deque<queue::Delivery>& inbox) {
    while (!leaving_ && !reaped_ && room_ > 0 && !inbox.empty()) {
        queue::Delivery& next = inbox.front();
        socket_->send(queue::relay::write(next));
        with_it_[next.tag] = std::move(next);
        inbox.pop_front();
        --room_;
        last_message_ = clock_.now();
    }
    socket_->flush();
}

std::optional<queue::Delivery> Worker::take(std::uint64_t tag) {
    auto node = with_it_.extract(tag);
    if (node.empty()) return std::nullopt;
    last_message_ = clock_.now();
    return std::move(node.mapped());
}

void Worker::hear_line(const std::string& line, News& news) {
    using namespace queue::relay;
    const Result<Said> said = read_said(line);
    if (!said) {
        log::error("a bug", {{"error", said.error().text()}});
        kill();
        return;
    }
    if (const auto* more = std::get_if<More>(&*said)) room_ += more->messages;
    if (const auto* done = std::get_if<Done>(&*said))
        for (const std::uint64_t tag : done->tags)
            if (take(tag)) news.done.push_back(tag);
    if (const auto* handed = std::get_if<HandedOn>(&*said))
        for (const std::uint64_t tag : handed->tags)
            if (take(tag)) news.handed_on.push_back(tag);
    if (const auto* released = std::get_if<Released>(&*said))
        for (const std::uint64_t tag : released->tags)
            if (auto delivery = take(tag)) news.back.push_back(*std::move(delivery));
    if (const auto* bury = std::get_if<Bury>(&*said))
        if (take(bury->tag)) news.bury.emplace_back(bury->tag, bury->why);
}

Worker::News Worker::hear() {
    News news;
    // Before its last lines are read: behind its end nothing comes any more.
    reap(news);
    for (const std::string& line : socket_->lines())
        hear_line(line, news);
    if (!news.done.empty()) of_use_ = true;
    if (news.ended)
        for (auto& [tag, delivery] : std::exchange(with_it_, {}))
            news.back.push_back(std::move(delivery));
    return news;
}

void Worker::reap(News& news) {
    int status = 0;
    if (reaped_ || ::waitpid(pid_, &status, WNOHANG) != pid_) return;
    reaped_ = true;
    news.ended = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void Worker::ask_to_leave() {
    if (!std::exchange(leaving_, true) && !reaped_) ::kill(pid_, SIGTERM);
}

void Worker::kill() {
    if (!reaped_) ::kill(pid_, SIGKILL);
}

Seat Worker::seat(const std::string& pipeline) const {
    return {.pipeline = pipeline,
            .worked = worked(),
            .idle = with_it_.empty() ? clock_.now() - last_message_ : Nanos{0},
            .leaving = leaving_};
}

}  // namespace pagehaul::pool
