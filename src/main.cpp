#include <malloc.h>

#include "cli/app.h"
#include "engine/signals.h"

namespace {

/// Pages come and go by the thousand, through a hundred threads. glibc would give the threads 16 arenas, each
/// of which keeps its own garbage, and return and fault in again the memory of each larger body.
void tune_allocator() {
    mallopt(M_ARENA_MAX, 2);
    mallopt(M_MMAP_THRESHOLD, 1 << 20);
    mallopt(M_TRIM_THRESHOLD, 4 << 20);
}

}  // namespace

int main(int argc, char** argv) {
    tune_allocator();
    // Before any thread exists: a blocked signal is inherited, and one taken by a library's thread would be
    // lost.
    pagehaul::engine::block_signals();
    return pagehaul::cli::run_app(argc, argv);
}
