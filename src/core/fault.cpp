#include "core/fault.h"

#ifdef PAGEHAUL_FAULTS

#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/mutex.h"

namespace pagehaul {
namespace {

struct Fault {
    std::string label;
    long nth = 1;
    std::string action = "kill";
};

std::vector<Fault> read_faults() {
    std::vector<Fault> faults;
    const char* text = std::getenv("PAGEHAUL_FAULT");
    std::string rest = text == nullptr ? "" : text;
    while (!rest.empty()) {
        const auto comma = rest.find(',');
        std::string one = rest.substr(0, comma);
        rest = comma == std::string::npos ? "" : rest.substr(comma + 1);
        Fault fault;
        if (const auto colon = one.find(':'); colon != std::string::npos) {
            std::string tail = one.substr(colon + 1);
            one.resize(colon);
            if (const auto second = tail.find(':'); second != std::string::npos) {
                fault.action = tail.substr(second + 1);
                tail.resize(second);
            }
            fault.nth = std::stol(tail);
        }
        fault.label = one;
        faults.push_back(fault);
    }
    return faults;
}

Mutex faults_mutex;

}  // namespace

void fault_point(std::string_view label) {
    static std::vector<Fault> faults PAGEHAUL_GUARDED_BY(faults_mutex) = read_faults();
    std::string action;
    {
        const MutexLock lock(faults_mutex);
        for (Fault& fault : faults) {
            if (fault.label == label && --fault.nth == 0) action = fault.action;
        }
    }
    if (action == "kill") ::kill(::getpid(), SIGKILL);
    // By the thread itself: with kill() another may take the signal, while this one goes on for a moment.
    if (action == "stop") ::raise(SIGSTOP);
    if (action == "throw") throw std::runtime_error("fault point " + std::string(label));
}

bool sabotaged(std::string_view rule) {
    static const char* const chosen = std::getenv("PAGEHAUL_SABOTAGE");
    return chosen != nullptr && rule == chosen;
}

}  // namespace pagehaul

#endif
