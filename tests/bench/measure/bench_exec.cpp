// Runs a command and writes what it cost as one line of JSON: bench_exec REPORT [CGROUP] -- COMMAND…
//
// Its own small process, because ru_maxrss of a child starts at the size of the process it was forked from,
// and a Python parent is larger than what is measured. SIGTERM is passed on, and the time from then to the
// end is told.

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <string>
#include <string_view>

namespace {

constexpr int kUsage = 64;
constexpr int kCannotRun = 127;

/// CLOCK_MONOTONIC, as the mock API's log tells it.
double now_ms() {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return std::chrono::duration<double, std::milli>(now).count();
}

double micros(const timeval& time) {
    return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_usec);
}

struct Ended {
    int status = 0;
    rusage used{};
    double end_ms = 0;
    double signalled_ms = 0;  ///< 0: never
};

[[noreturn]] void become(char** command, const std::string& cgroup, const sigset_t& before) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::sigprocmask(SIG_SETMASK, &before, nullptr);
    if (!cgroup.empty()) {
        std::ofstream members(cgroup + "/cgroup.procs");
        members << ::getpid() << std::flush;
        if (!members) {
            std::fprintf(stderr, "bench_exec: cannot join %s\n", cgroup.c_str());
            std::_Exit(kCannotRun);
        }
    }
    ::execvp(command[0], command);
    std::perror(command[0]);
    std::_Exit(kCannotRun);
}

Ended wait_for(pid_t child, const sigset_t& signals) {
    Ended ended;
    for (;;) {
        int number = 0;
        ::sigwait(&signals, &number);
        if (number != SIGCHLD) {
            ended.signalled_ms = now_ms();
            ::kill(child, number);
        } else if (::wait4(child, &ended.status, WNOHANG, &ended.used) == child) {
            ended.end_ms = now_ms();
            return ended;
        }
    }
}

}  // namespace

int main(int argc, char** argv) {
    int dashes = 1;
    while (dashes < argc && std::string_view(argv[dashes]) != "--")
        ++dashes;
    if (dashes < 2 || dashes > 3 || dashes + 1 >= argc) {
        std::fprintf(stderr, "usage: bench_exec REPORT [CGROUP] -- COMMAND...\n");
        return kUsage;
    }
    const std::string cgroup = dashes == 3 ? argv[2] : "";
    sigset_t signals;
    sigset_t before;
    sigemptyset(&signals);
    for (const int number : {SIGCHLD, SIGTERM, SIGINT})
        sigaddset(&signals, number);
    ::sigprocmask(SIG_BLOCK, &signals, &before);

    const double start_ms = now_ms();
    const pid_t child = ::fork();
    if (child < 0) {
        std::perror("fork");
        return kCannotRun;
    }
    if (child == 0) become(argv + dashes + 1, cgroup, before);
    const auto ended = wait_for(child, signals);

    const int code = WIFSIGNALED(ended.status) ? 128 + WTERMSIG(ended.status) : WEXITSTATUS(ended.status);
    std::FILE* report = std::fopen(argv[1], "w");
    if (report == nullptr) {
        std::perror(argv[1]);
        return kCannotRun;
    }
    std::fprintf(
        report,
        R"({"code":%d,"start_ms":%.3f,"end_ms":%.3f,"signalled_ms":%.3f,"user_us":%.0f,"system_us":%.0f,)"
        R"("maxrss_kib":%ld})"
        "\n",
        code, start_ms, ended.end_ms, ended.signalled_ms, micros(ended.used.ru_utime),
        micros(ended.used.ru_stime), ended.used.ru_maxrss);
    std::fclose(report);
    return 0;
}
