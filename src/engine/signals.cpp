#include "engine/signals.h"

#include <pthread.h>
#include <signal.h>

#include <cstdlib>
#include <ctime>

namespace pagehaul::engine {
namespace {

// Wakes the thread for its own end; never sent by anybody else.
constexpr int kWake = SIGUSR2;

sigset_t taken_signals() {
    sigset_t set;
    sigemptyset(&set);
    for (const int number : {SIGTERM, SIGINT, kWake})
        sigaddset(&set, number);
    return set;
}

void take_signals(std::stop_token stop, StopControl& control, Grace& grace) {
    const sigset_t set = taken_signals();
    bool stopping = false;
    while (true) {
        int number = 0;
        if (sigwait(&set, &number) != 0) continue;
        if (stop.stop_requested()) return;
        if (number == kWake) continue;
        if (stopping) std::_Exit(128 + number);
        stopping = true;
        if (number == SIGTERM) grace.begin();
        control.no_new_work(number == SIGTERM ? StopCause::sigterm : StopCause::sigint,
                            number == SIGTERM ? "SIGTERM" : "SIGINT");
    }
}

}  // namespace

void block_signals() {
    const sigset_t set = taken_signals();
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
    // A peer that closes its socket must end one request, not the process.
    signal(SIGPIPE, SIG_IGN);
}

SignalThread::SignalThread(StopControl& control, Grace& grace)
    : thread_([&control, &grace](std::stop_token stop) { take_signals(stop, control, grace); }) {}

SignalThread::~SignalThread() {
    thread_.request_stop();
    pthread_kill(thread_.native_handle(), kWake);
}

}  // namespace pagehaul::engine
