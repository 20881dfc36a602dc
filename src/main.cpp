#include <malloc.h>
#include <sys/prctl.h>
#include <sys/resource.h>

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

/// Memory holds secrets and rows: no core file of it, and no other process of the same user reads it. What
/// /proc tells everybody stays; who may trace everything, such as a debugger of root's, still can.
void keep_memory_private() {
    const rlimit none{.rlim_cur = 0, .rlim_max = 0};
    ::setrlimit(RLIMIT_CORE, &none);
    ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

}  // namespace

int main(int argc, char** argv) {
    keep_memory_private();
    tune_allocator();
    // Before any thread exists: a blocked signal is inherited, and one taken by a library's thread would be
    // lost.
    pagehaul::engine::block_signals();
    return pagehaul::cli::run_app(argc, argv);
}
