#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "core/clock.h"
#include "core/error.h"
#include "http/transport.h"

namespace pagehaul::queue::sqs {

/// An operation's answer, or what its refusal means to us: transient (throttling, 5xx), credential (403, also
/// where it is the clocks that differ), config (the queue is not there, or does not do this).
Result<nlohmann::json> read_answer(const http::Response& response, WallTime now);

/// The text of that name; empty where there is none, whatever `json` is.
std::string text_in(const nlohmann::json& json, const char* name);
/// The list of that name, or an empty one.
const nlohmann::json& list_in(const nlohmann::json& json, const char* name);

}  // namespace pagehaul::queue::sqs
