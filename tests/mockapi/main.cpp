// A report API for the tests, the demo and the benchmark: deterministic rows, faults by flag, a request log.
// `mockapi --help` lists endpoints and flags. It listens on 127.0.0.1 unless told otherwise.

#include <cstdio>
#include <exception>
#include <fstream>
#include <string>

#include "api.h"
#include "options.h"
#include "rows.h"
#include "server.h"

namespace {

constexpr int kUsage = 64;

int serve(mockapi::Options options) {
    const auto port_file = options.port_file;
    const auto log_file = options.log_file;
    const auto address = options.address;
    const auto port = options.port;
    const bool prerender = options.prerender;
    mockapi::Api api(std::move(options));
    if (prerender) api.prerender();
    mockapi::Server server(api, address, port);
    std::printf("listening on http://%s:%u\n", address.c_str(), static_cast<unsigned>(server.port()));
    std::fflush(stdout);
    if (!port_file.empty()) std::ofstream(port_file) << server.port() << '\n';
    server.run();
    if (!log_file.empty()) std::ofstream(log_file) << api.log().json(0);
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        auto options = mockapi::parse_command_line(argc, argv);
        if (options.help) {
            std::fputs(mockapi::help_text().c_str(), stdout);
            return 0;
        }
        if (options.dump_rows) {
            mockapi::dump_rows(options);
            return 0;
        }
        return serve(std::move(options));
    } catch (const mockapi::OptionError& error) {
        std::fprintf(stderr, "mockapi: %s\n", error.what());
        return kUsage;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "mockapi: %s\n", error.what());
        return 1;
    }
}
