#pragma once

#include <librdkafka/rdkafkacpp.h>

#include <memory>
#include <string>

#include "config/config.h"
#include "core/error.h"

namespace pagehaul::queue::kafka {

/// What the library is told for every handle: where the brokers are, and how to speak with them. Throws
/// Failure of kind config.
std::unique_ptr<RdKafka::Conf> common_settings(const config::Kafka& config);
/// One more setting. Its value never stands in the Failure.
void set(RdKafka::Conf& conf, const std::string& name, const std::string& value);

/// What of an error is ours to mend, and whether it passes.
ErrorKind kind_of(RdKafka::ErrorCode code);
/// The place in the config that an error of that code is about.
std::string origin_of(RdKafka::ErrorCode code);
Failure failure_of(RdKafka::ErrorCode code, const std::string& what);

/// Of a handle that could not be made: what `reason` says of our files and names.
Failure unusable(const std::string& reason);

}  // namespace pagehaul::queue::kafka
