#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "config/config.h"
#include "source/signing/steps.h"

namespace pagehaul::source {

/// A step and what it made of a request, for people. Secrets that the config names are for the redactor to
/// hide; what a key is derived from, or is one, is hidden here.
struct BuiltStep {
    std::string what;
    std::string made;
};

/// By which later steps know what a step makes; empty: by nothing.
std::string step_name(const config::SigningStep& step);

/// Of step `at`, just done.
BuiltStep built(const config::SigningSteps& signing, std::size_t at, const Draft& draft);

}  // namespace pagehaul::source
