#include "cli/app.h"
#include "engine/signals.h"

int main(int argc, char** argv) {
    // Before any thread exists: a blocked signal is inherited, and one taken by a library's thread would be
    // lost.
    pagehaul::engine::block_signals();
    return pagehaul::cli::run_app(argc, argv);
}
