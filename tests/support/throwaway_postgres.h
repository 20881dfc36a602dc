#pragma once

#include <fcntl.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "postgres/connection.h"

namespace pagehaul::testing {

/// One PostgreSQL cluster for this test executable: made at first use, on a unix socket alone in a folder of
/// its own, stopped and removed at exit. When the executable dies without reaching its end, the kernel ends
/// the server (PR_SET_PDEATHSIG), and a small watcher process removes the folder.
///
/// First used from the main thread: the kernel's signal comes when the thread that started the server ends.
/// A root user runs the server as user postgres: PostgreSQL refuses root.
class ThrowawayPostgres {
  public:
    /// Fails the whole executable, loudly, when PostgreSQL's programs are missing.
    static ThrowawayPostgres& instance() {
        static ThrowawayPostgres server;
        return server;
    }

    /// The DSN of a fresh, empty database of this cluster, as its superuser.
    std::string fresh_database() {
        static std::atomic<int> last{0};
        const std::string name = "test_" + std::to_string(++last);
        admin().exec("CREATE DATABASE " + name + " TEMPLATE template0 ENCODING 'UTF8'");
        return dsn(name);
    }
    std::string dsn(const std::string& database, const std::string& user = "postgres") const {
        return "host=" + folder_ + " dbname=" + database + " user=" + user;
    }
    /// A superuser's connection to database postgres, not to be kept.
    postgres::Connection admin() const { return postgres::Connection({.dsn = dsn("postgres")}); }
    /// Stops the server at once, as a crash does (`immediate`), or politely, and starts it on the same data.
    void restart(bool immediate) {
        stop(immediate ? SIGQUIT : SIGINT);
        start();
    }

    ThrowawayPostgres(const ThrowawayPostgres&) = delete;
    ThrowawayPostgres& operator=(const ThrowawayPostgres&) = delete;

  private:
    ThrowawayPostgres() {
        bin_ = find_programs();
        char pattern[] = "/tmp/pagehaul-test-XXXXXX";
        if (::mkdtemp(pattern) == nullptr) throw std::runtime_error("cannot create a folder in /tmp");
        folder_ = pattern;
        watch_folder();
        if (::geteuid() == 0) {
            const passwd* user = ::getpwnam("postgres");
            if (user == nullptr) throw std::runtime_error("no user postgres to run the server as");
            user_ = user->pw_uid;
            group_ = user->pw_gid;
            if (::chown(folder_.c_str(), user_, group_) != 0)
                throw std::runtime_error("cannot chown " + folder_);
        }
        const int status = wait_for(spawn({bin_ + "/initdb", "-D", folder_ + "/data", "-U", "postgres", "-A",
                                           "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"},
                                          "initdb.log"));
        if (status != 0) throw std::runtime_error("initdb failed: " + read(folder_ + "/initdb.log"));
        start();
    }

    ~ThrowawayPostgres() {
        stop(SIGQUIT);
        std::error_code ignored;
        std::filesystem::remove_all(folder_, ignored);
    }

    /// The newest PostgreSQL of this machine; PAGEHAUL_PG_BINDIR names another's programs.
    static std::string find_programs() {
        if (const char* named = std::getenv("PAGEHAUL_PG_BINDIR"); named != nullptr && *named != '\0') {
            if (std::filesystem::exists(std::filesystem::path(named) / "initdb")) return named;
            throw std::runtime_error("PAGEHAUL_PG_BINDIR=" + std::string(named) + ": no initdb there");
        }
        std::vector<std::pair<int, std::string>> found;
        std::error_code ignored;
        for (const auto& entry : std::filesystem::directory_iterator("/usr/lib/postgresql", ignored))
            if (std::filesystem::exists(entry.path() / "bin/initdb"))
                found.emplace_back(std::atoi(entry.path().filename().c_str()), entry.path() / "bin");
        if (found.empty())
            throw std::runtime_error(
                "no /usr/lib/postgresql/VERSION/bin/initdb: install postgresql (make deps-test)");
        return std::max_element(found.begin(), found.end())->second;
    }

    void start() {
        server_ = spawn(
            {bin_ + "/postgres", "-D", folder_ + "/data", "-k", folder_, "-c", "listen_addresses=", "-c",
             "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off", "-c",
             "max_connections=50", "-c", "shared_buffers=64MB", "-c", "max_wal_size=512MB"},
            "server.log");
        // No event tells that a server accepts connections: asked until it answers or has ended.
        for (;;) {
            try {
                admin();
                return;
            } catch (const postgres::SqlError& error) {
                int status = 0;
                if (::waitpid(server_, &status, WNOHANG) == server_) {
                    server_ = -1;
                    throw std::runtime_error("the server ended: " + read(folder_ + "/server.log"));
                }
                if (error.error().kind != ErrorKind::transient) throw;
                std::this_thread::sleep_for(std::chrono::milliseconds(10));
            }
        }
    }

    void stop(int signal) {
        if (server_ <= 0) return;
        ::kill(server_, signal);
        wait_for(server_);
        server_ = -1;
    }

    /// Runs a program as the server's user, its output in folder_/log. It gets SIGQUIT when this process
    /// ends.
    pid_t spawn(const std::vector<std::string>& arguments, const std::string& log) const {
        std::vector<char*> argv;
        for (const std::string& argument : arguments)
            argv.push_back(const_cast<char*>(argument.c_str()));
        argv.push_back(nullptr);
        const std::string log_path = folder_ + "/" + log;
        const pid_t parent = ::getpid();
        const pid_t child = ::fork();
        if (child < 0) throw std::runtime_error("fork failed");
        if (child > 0) return child;
        // The child: only calls that are safe after fork.
        ::setsid();
        const int out = ::open(log_path.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
        ::dup2(out, STDOUT_FILENO);
        ::dup2(out, STDERR_FILENO);
        if (user_ != 0 && (::setgroups(0, nullptr) != 0 || ::setgid(group_) != 0 || ::setuid(user_) != 0))
            ::_exit(126);
        // After setuid, which clears it.
        ::prctl(PR_SET_PDEATHSIG, SIGQUIT);
        if (::getppid() != parent) ::_exit(126);
        ::sigset_t none;
        ::sigemptyset(&none);
        ::sigprocmask(SIG_SETMASK, &none, nullptr);
        ::execv(argv[0], argv.data());
        ::_exit(127);
    }

    /// A process that waits for the end of this one, by the end of a pipe, and removes the folder then.
    void watch_folder() {
        int ends[2];
        if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("pipe failed");
        const std::string script = "for i in 1 2 3 4 5; do rm -rf '" + folder_ + "' && break; sleep 1; done";
        const pid_t child = ::fork();
        if (child < 0) throw std::runtime_error("fork failed");
        if (child > 0) {
            ::close(ends[0]);
            return;  // our end stays open as long as this process lives
        }
        ::setsid();
        ::close(ends[1]);
        const int null = ::open("/dev/null", O_RDWR);
        ::dup2(null, STDIN_FILENO);
        ::dup2(null, STDOUT_FILENO);
        ::dup2(null, STDERR_FILENO);
        char byte = 0;
        while (::read(ends[0], &byte, 1) < 0) {
        }
        ::execl("/bin/sh", "sh", "-c", script.c_str(), static_cast<char*>(nullptr));
        ::_exit(127);
    }

    static int wait_for(pid_t process) {
        int status = 0;
        while (::waitpid(process, &status, 0) < 0 && errno == EINTR) {
        }
        return status;
    }
    static std::string read(const std::string& path) {
        std::ifstream file(path);
        return {std::istreambuf_iterator<char>(file), {}};
    }

    std::string bin_;
    std::string folder_;
    uid_t user_ = 0;  // 0: our own
    gid_t group_ = 0;
    pid_t server_ = -1;
};

/// A test with a database of its own.
class PostgresTest : public ::testing::Test {
  protected:
    /// A new connection to this test's database.
    postgres::Connection connect(const std::string& application_name = "test") const {
        return postgres::Connection({.dsn = dsn_, .application_name = application_name});
    }
    const std::string& dsn() const { return dsn_; }
    /// Ends the server's side of a connection, and returns when it is gone. (PostgreSQL 14's
    /// pg_terminate_backend waits by itself, 13's does not.)
    void end_backend(const postgres::Connection& victim) const {
        connect().exec("SELECT pg_terminate_backend(" + std::to_string(victim.backend_pid()) + ")");
        await_end_of(victim.backend_pid());
    }
    /// Returns when the server's side of a connection is gone; throws after a minute.
    void await_end_of(int backend_pid) const {
        auto connection = connect();
        const std::string ask = "SELECT FROM pg_stat_activity WHERE pid = " + std::to_string(backend_pid);
        const auto limit = std::chrono::steady_clock::now() + std::chrono::minutes(1);
        while (connection.exec(ask).size() > 0)
            if (std::chrono::steady_clock::now() > limit)
                throw std::runtime_error("backend " + std::to_string(backend_pid) + " does not end");
    }

  private:
    std::string dsn_ = ThrowawayPostgres::instance().fresh_database();
};

}  // namespace pagehaul::testing
