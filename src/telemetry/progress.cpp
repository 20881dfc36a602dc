#include "telemetry/progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>
#include <vector>

#include "core/duration_text.h"
#include "core/number_text.h"

namespace pagehaul::telemetry {
namespace {

constexpr std::chrono::milliseconds kRedraw{200};
constexpr std::chrono::seconds kLogLine{10};
constexpr std::chrono::seconds kWindow{10};
constexpr std::chrono::milliseconds kWindowLeast{500};  // below it a rate is noise
constexpr int kBarLeast = 10;
constexpr int kBarMost = 30;

std::string bar(double fraction, int cells) {
    const int full = static_cast<int>(std::clamp(fraction, 0.0, 1.0) * cells);
    std::string text = "[" + std::string(static_cast<std::size_t>(full), '#');
    text.resize(static_cast<std::size_t>(cells) + 1, '.');
    return text + "]";
}

int terminal_width() {
    struct winsize size {};
    if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
    return size.ws_col;
}

void log_progress(const ProgressSnapshot& now, const ProgressRates& rates) {
    std::vector<log::Field> fields = {{"phase", now.phase},           {"rows", now.rows},
                                      {"pages_done", now.pages_done}, {"in_flight", now.in_flight},
                                      {"retries", now.retries},       {"failed", now.failed}};
    if (now.pages_total) fields.push_back({"pages_total", *now.pages_total});
    if (rates.rows_per_s) fields.push_back({"rows_per_s", std::round(*rates.rows_per_s)});
    if (rates.eta) fields.push_back({"eta_s", rates.eta->count()});
    log::write(log::Level::info, "progress", fields);
}

}  // namespace

ProgressRates RateWindow::add(const ProgressSnapshot& snapshot, MonoTime now) {
    points_.push_back({now, snapshot.rows, snapshot.pages_done});
    while (points_.size() > 2 && now - points_[1].at >= kWindow)
        points_.pop_front();
    const Point& first = points_.front();
    const double span = std::chrono::duration<double>(now - first.at).count();
    ProgressRates rates;
    if (now - first.at < kWindowLeast) return rates;
    rates.rows_per_s = std::max(0.0, static_cast<double>(snapshot.rows - first.rows) / span);
    const double pages_per_s = static_cast<double>(snapshot.pages_done - first.pages) / span;
    if (snapshot.pages_total && pages_per_s > 0) {
        const auto left =
            static_cast<double>(std::max<std::int64_t>(0, *snapshot.pages_total - snapshot.pages_done));
        rates.eta =
            std::chrono::seconds(static_cast<std::int64_t>(std::min(std::ceil(left / pages_per_s), 1e9)));
    }
    return rates;
}

std::string progress_line(const ProgressSnapshot& now, const ProgressRates& rates, int width) {
    const bool has_total = now.pages_total && *now.pages_total > 0;
    const double fraction =
        has_total ? static_cast<double>(now.pages_done) / static_cast<double>(*now.pages_total) : 0;

    // The more telling first: what does not fit is dropped from the end.
    std::vector<std::string> parts;
    if (has_total) parts.push_back(std::to_string(static_cast<int>(std::min(fraction, 1.0) * 100)) + "%");
    parts.push_back(has_total ? number_text(now.pages_done) + "/" + number_text(*now.pages_total) + " pages"
                              : number_text(now.pages_done) + " pages");
    if (rates.rows_per_s) {
        parts.push_back(number_text(static_cast<std::int64_t>(std::llround(*rates.rows_per_s))) + " rows/s");
    }
    if (rates.eta) parts.push_back("ETA " + narrow_duration_text(*rates.eta));
    if (now.failed > 0) parts.push_back(number_text(now.failed) + " failed");
    parts.push_back(std::to_string(now.in_flight) + " in flight");
    parts.push_back(number_text(now.retries) + " retries");
    parts.push_back(number_text(now.rows) + " rows");

    const auto most = static_cast<std::size_t>(std::max(width, 0));
    std::string line = now.phase.substr(0, most);
    for (const std::string& part : parts) {
        const std::string more = (line.empty() ? "" : "  ") + part;
        if (line.size() + more.size() > most) break;
        line += more;
    }
    const int room = width - static_cast<int>(line.size()) - 4;  // brackets and two blanks
    if (has_total && room >= kBarLeast) {
        const std::size_t after_phase = std::min(now.phase.size(), line.size());
        line.insert(after_phase, (now.phase.empty() ? "" : "  ") + bar(fraction, std::min(room, kBarMost)));
    }
    return line;
}

Progress::Progress(std::function<ProgressSnapshot()> snapshot, const Clock& clock, bool terminal)
    : snapshot_(std::move(snapshot)), clock_(clock), terminal_(terminal) {}

Progress::~Progress() {
    stop();
}

void Progress::start() {
    if (!thread_.joinable()) thread_ = std::jthread([this](std::stop_token token) { loop(token); });
}

void Progress::stop() {
    if (!thread_.joinable()) return;
    thread_.request_stop();
    thread_.join();
    if (terminal_) log::set_status_line("");
}

void Progress::loop(std::stop_token stop) {
    const Nanos pause = terminal_ ? Nanos(kRedraw) : Nanos(kLogLine);
    RateWindow window;
    window.add(snapshot_(), clock_.now());
    while (clock_.wait_until(clock_.now() + pause, stop))
        show(window);
}

void Progress::show(RateWindow& window) {
    const ProgressSnapshot now = snapshot_();
    const ProgressRates rates = window.add(now, clock_.now());
    if (terminal_) {
        log::set_status_line(progress_line(now, rates, terminal_width() - 1));
    } else {
        log_progress(now, rates);
    }
}

}  // namespace pagehaul::telemetry
