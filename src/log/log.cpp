#include "log/log.h"

#include <spdlog/logger.h>
#include <spdlog/sinks/base_sink.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <mutex>
#include <shared_mutex>

#include "core/utf8.h"

namespace pagehaul::log {
namespace {

void write_all(std::string_view bytes) {
    while (!bytes.empty()) {
        const ::ssize_t written = ::write(STDERR_FILENO, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return;  // nowhere left to report it
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
}

/// One write a line, so that lines of several processes on one stderr do not mix. A status line is wiped
/// before and drawn again after.
class StderrSink final : public spdlog::sinks::base_sink<std::mutex> {
  public:
    void set_status(std::string line) {
        const std::lock_guard lock(mutex_);
        write_all("\r\x1b[K" + line);
        status_ = std::move(line);
    }

  protected:
    void sink_it_(const spdlog::details::log_msg& message) override {
        std::string bytes = status_.empty() ? "" : "\r\x1b[K";
        // The payload is the whole line, made by format_line(): a pattern of spdlog's escapes nothing.
        bytes.append(message.payload.data(), message.payload.size());
        bytes += '\n';
        bytes += status_;
        write_all(bytes);
    }
    void flush_() override {}  // nothing is held back

  private:
    std::string status_;  // protected by mutex_
};

class MemorySink final : public spdlog::sinks::base_sink<std::mutex> {
  public:
    std::vector<std::string> lines() {
        const std::lock_guard lock(mutex_);
        return lines_;
    }

  protected:
    void sink_it_(const spdlog::details::log_msg& message) override {
        lines_.emplace_back(message.payload.data(), message.payload.size());
    }
    void flush_() override {}

  private:
    std::vector<std::string> lines_;  // protected by mutex_
};

spdlog::level::level_enum native(Level level) {
    switch (level) {
        case Level::debug:
            return spdlog::level::debug;
        case Level::info:
            return spdlog::level::info;
        case Level::warn:
            return spdlog::level::warn;
        case Level::error:
            return spdlog::level::err;
    }
    return spdlog::level::err;
}

std::shared_ptr<spdlog::logger> make_logger(const spdlog::sink_ptr& sink, Level level) {
    // In the caller's thread: an asynchronous one loses its queue with a process that ends at once.
    auto logger = std::make_shared<spdlog::logger>("pagehaul", sink);
    logger->set_level(native(level));
    logger->flush_on(spdlog::level::warn);
    return logger;
}

struct State {
    std::shared_mutex mutex;
    // Protected by mutex:
    Format format = Format::text;
    std::vector<Field> context;
    Redact redact;
    const std::shared_ptr<StderrSink> to_stderr = std::make_shared<StderrSink>();
    std::shared_ptr<spdlog::logger> logger = make_logger(to_stderr, Level::info);
};

/// Lives until the process is gone: threads may log while statics are destroyed.
State& state() {
    static State* const the_state = std::make_unique<State>().release();
    return *the_state;
}

std::vector<Field> redacted(std::span<const Field> fields, const Redact& redact) {
    std::vector<Field> clean(fields.begin(), fields.end());
    for (Field& field : clean) {
        if (const auto* text = std::get_if<std::string>(&field.value.any()))
            field.value = redact(*text, std::string::npos);
    }
    return clean;
}

}  // namespace

bool enabled(Level level) {
    State& all = state();
    const std::shared_lock lock(all.mutex);
    return all.logger->should_log(native(level));
}

void write(Level level, std::string_view message, std::span<const Field> fields) {
    State& all = state();
    const std::shared_lock lock(all.mutex);
    if (!all.logger->should_log(native(level))) return;
    const auto now = std::chrono::system_clock::now();
    const std::string line =
        all.redact ? format_line(all.format, now, level, all.redact(message, std::string::npos),
                                 redacted(all.context, all.redact), redacted(fields, all.redact))
                   : format_line(all.format, now, level, message, all.context, fields);
    // As a string_view, which is written as it is: a format would take a brace in the API's words for its
    // own.
    all.logger->log(native(level), spdlog::string_view_t(line.data(), line.size()));
}

void configure(Level level, Format format) {
    State& all = state();
    const std::unique_lock lock(all.mutex);
    all.format = format;
    all.logger->set_level(native(level));
}

void set_context(std::string name, Value value) {
    State& all = state();
    const std::unique_lock lock(all.mutex);
    const auto known = std::find_if(all.context.begin(), all.context.end(),
                                    [&](const Field& field) { return field.name == name; });
    if (known != all.context.end()) {
        known->value = std::move(value);
    } else {
        all.context.push_back({std::move(name), std::move(value)});
    }
}

void set_redactor(Redact redactor) {
    State& all = state();
    const std::unique_lock lock(all.mutex);
    all.redact = std::move(redactor);
}

std::string redacted(std::string_view text) {
    return excerpt(text, std::string_view::npos);
}

std::string excerpt(std::string_view text, std::size_t bytes) {
    State& all = state();
    const std::shared_lock lock(all.mutex);
    return all.redact ? all.redact(text, bytes) : std::string(utf8_prefix(text, bytes));
}

void set_status_line(std::string line) {
    state().to_stderr->set_status(std::move(line));
}

bool stderr_is_terminal() {
    return ::isatty(STDERR_FILENO) == 1;
}

struct Capture::Impl {
    std::shared_ptr<MemorySink> sink = std::make_shared<MemorySink>();
    std::shared_ptr<spdlog::logger> logger_before;
    Format format_before = Format::text;
    std::vector<Field> context_before;
};

Capture::Capture(Format format) : impl_(std::make_unique<Impl>()) {
    State& all = state();
    const std::unique_lock lock(all.mutex);
    impl_->logger_before = all.logger;
    impl_->format_before = all.format;
    impl_->context_before = all.context;
    all.logger = make_logger(impl_->sink, Level::debug);
    all.format = format;
}

Capture::~Capture() {
    State& all = state();
    const std::unique_lock lock(all.mutex);
    all.logger = impl_->logger_before;
    all.format = impl_->format_before;
    all.context = impl_->context_before;
}

std::vector<std::string> Capture::lines() const {
    return impl_->sink->lines();
}

}  // namespace pagehaul::log
