#pragma once

#include <string_view>

namespace pagehaul {

/// A labelled place where a test may kill, stop or fail this process. Compiled into the dev, asan and tsan
/// presets; in a release the call and its label vanish.
///
/// PAGEHAUL_FAULT="label[:nth[:action]]", comma-separated; nth counts from 1 (default 1); action is kill
/// (SIGKILL to itself, the default), stop (SIGSTOP to itself) or throw (std::runtime_error).
#ifdef PAGEHAUL_FAULTS
void fault_point(std::string_view label);
#else
inline void fault_point(std::string_view) {}
#endif

/// Whether a test has this process break a rule of the core on purpose: PAGEHAUL_SABOTAGE names the rule. It
/// tests the tests: tests/chaos must catch each of them. Never in a release.
#ifdef PAGEHAUL_FAULTS
bool sabotaged(std::string_view rule);
#else
constexpr bool sabotaged(std::string_view) {
    return false;
}
#endif

}  // namespace pagehaul
