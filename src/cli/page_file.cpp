#include "cli/page_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "core/ascii.h"

namespace pagehaul::cli {
namespace {

namespace fs = std::filesystem;

constexpr ::mode_t kOwnerOnly = 0600;  // the page shows rows

// Each function returns 0 or an errno.

int write_all(int file, std::string_view text) {
    while (!text.empty()) {
        const ssize_t wrote = ::write(file, text.data(), text.size());
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote < 0) return errno;
        text.remove_prefix(static_cast<std::size_t>(wrote));
    }
    return 0;
}

int write_file(const fs::path& path, int flags, std::string_view page) {
    const int file = ::open(path.c_str(), O_WRONLY | O_CLOEXEC | flags, kOwnerOnly);
    if (file < 0) return errno;
    const int failed = write_all(file, page);
    // A file system over a network may only say now that it is full.
    const int not_closed = ::close(file) == 0 ? 0 : errno;
    return failed != 0 ? failed : not_closed;
}

/// A new file beside it takes its place.
int replace(const fs::path& path, std::string_view page) {
    const fs::path beside = path.string() + "." + std::to_string(::getpid()) + ".tmp";
    int failed = write_file(beside, O_CREAT | O_EXCL, page);
    if (failed == 0 && ::rename(beside.c_str(), path.c_str()) != 0) failed = errno;
    if (failed != 0 && failed != EEXIST) ::unlink(beside.c_str());
    return failed;
}

bool is_html(const fs::path& path) {
    constexpr std::string_view sign = "<!doctype html>";
    std::ifstream file(path, std::ios::binary);
    std::string begin(sign.size(), '\0');
    file.read(begin.data(), static_cast<std::streamsize>(begin.size()));
    return file.gcount() == 0 || lower(begin) == sign;
}

/// The file at the end of a chain of links; it may not be there yet.
fs::path behind_links(fs::path path) {
    constexpr int most = 40;  // as Linux follows
    std::error_code unknown;
    for (int i = 0; i < most && fs::is_symlink(path, unknown); ++i)
        path = path.parent_path() / fs::read_symlink(path, unknown);
    return path;
}

}  // namespace

std::optional<std::string> write_page(const std::string& to, std::string_view page) {
    const auto told = [&to](int failed) -> std::optional<std::string> {
        if (failed == 0) return std::nullopt;
        return to + ": " + std::strerror(failed);
    };
    if (to == "-") return told(write_all(STDOUT_FILENO, page));
    const fs::path path = behind_links(to);
    std::error_code unknown;
    const fs::file_status status = fs::status(path, unknown);
    if (fs::is_directory(status)) return to + ": is a directory, expected a file";
    if (fs::exists(status) && !fs::is_regular_file(status)) return told(write_file(path, 0, page));
    if (!is_html(path)) return to + ": there is a file that is no HTML page; it is not overwritten";
    return told(replace(path, page));
}

}  // namespace pagehaul::cli
