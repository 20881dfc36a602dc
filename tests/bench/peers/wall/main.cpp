// The wall: what pagehaul's own fetching and decoding reach when storing is nothing but COPY into the keyed
// table, over as many connections as pagehaul takes. No staging, no merge, no ledger, no proof: nothing that
// upserts can be faster.
//
//   bench_wall -c bench.yaml

#include <cstdio>
#include <exception>
#include <iostream>
#include <string_view>

#include "config/load.h"
#include "pull.h"

namespace {

constexpr int kUsage = 64;
constexpr int kBadConfig = 78;

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3 || std::string_view(argv[1]) != "-c") {
        std::fprintf(stderr, "usage: bench_wall -c bench.yaml\n");
        return kUsage;
    }
    const auto config = pagehaul::config::load(argv[2], {});
    if (!config) {
        std::cerr << "bench_wall: " << argv[2] << " has " << config.error().size()
                  << " problems, see pagehaul check\n";
        return kBadConfig;
    }
    try {
        bench::pull(*config);
        return 0;
    } catch (const std::exception& error) {
        std::cerr << "bench_wall: " << error.what() << '\n';
        return 1;
    }
}
