#pragma once

#include "config/config.h"
#include "config/yaml/object.h"

/// Every key of a config file, declared once: name, type, constraints, default (what the struct holds),
/// description, whether it is required, whether it is built. Parser, JSON Schema and fingerprint come from
/// here.
namespace pagehaul::config {

Object<Config> declare_config();

Object<Source> declare_source();
Type<Auth> declare_auth();
Type<std::vector<Dimension>> declare_slices();
Object<Request> declare_request();
Object<Pagination> declare_pagination();
Object<ResponseRules> declare_response();

/// What is wrong with the name of a header that requests carry; nothing if it is fine.
std::optional<std::string> header_name_fault(std::string_view name);
/// A header of this name holds a credential by custom, however its value came.
bool is_credential_header(std::string_view name);

Object<Sink> declare_sink();

Object<Run> declare_run();
Object<Ledger> declare_ledger();
Object<Queue> declare_queue();
Object<Telemetry> declare_telemetry();

/// Placeholders in requests name slices and pages that exist, and the page is asked for. Of a whole source.
bool check_request_placeholders(const Node& node, Reader& reader, Source& source);
/// Placeholders in columns name slices that exist. Of a whole config.
bool check_column_placeholders(const Node& node, Reader& reader, Config& config);

}  // namespace pagehaul::config
