#pragma once

#include "config/config.h"
#include "config/yaml/object.h"

/// Every key of a config file, declared once: name, type, constraints, default (what the struct holds),
/// description, whether it is required, whether it is built. Parser, JSON Schema and fingerprint come from
/// here.
namespace pagehaul::config {

Object<Config> declare_config();

Object<Source> declare_source();
/// What requests show.
Type<Auth> declare_auth();
/// That, or where it is got.
Type<SourceAuth> declare_source_auth();
Object<OAuth2> declare_oauth2();
Object<Login> declare_login();
/// What is named like a secret among parameters and headers is one, also where it is written into the file.
bool tell_named_secrets(const Node& node, Reader& reader);
template <class S>
bool tell_named_secrets(const Node& node, Reader& reader, S&) {
    return tell_named_secrets(node, reader);
}
Object<SendToken> declare_send_token();
/// The header, in lower case, and the query parameter that the auth sets itself; empty: none.
std::pair<std::string, std::string> places_of(const SourceAuth& auth);
/// The auth's own header or query parameter must not stand in the request too. Of a whole source.
bool check_auth_conflict(const Node& node, Reader& reader, Source& source);
Type<Signing> declare_signing();
/// A signature is made of what the request has, and put where nothing else is. Of a whole source.
bool check_signing(const Node& node, Reader& reader, Source& source);
Type<std::vector<Dimension>> declare_slices();
Object<Request> declare_request();
Object<Pagination> declare_pagination();
/// As it is written.
std::string_view pagination_name(PaginationType type);
Type<Records> declare_records();
Object<ResponseRules> declare_response();

/// What is wrong with the name of a header that requests carry; nothing if it is fine.
std::optional<std::string> header_name_fault(std::string_view name);

Object<Sink> declare_sink();
Object<Column> declare_column();
/// Why a column cannot be one of the key; nothing if it can.
std::optional<std::string> key_fault(const Column& column);

Object<Run> declare_run();
Object<Ledger> declare_ledger();
Type<Queue> declare_queue();
/// A queue without a name gets its pipeline's. Of a whole config.
bool name_queue(const Node& node, Reader& reader, Config& config);
Object<Telemetry> declare_telemetry();
Object<Security> declare_security();

/// Placeholders in requests name slices and pages that exist, and the page is asked for. Of a whole source.
bool check_request_placeholders(const Node& node, Reader& reader, Source& source);
/// Placeholders in columns name slices that exist. Of a whole config.
bool check_column_placeholders(const Node& node, Reader& reader, Config& config);
/// Where slices may be split there is something to split, and rows keep their keys.
bool check_split_rules(const Node& node, Reader& reader, Source& source);
bool check_split_keys(const Node& node, Reader& reader, Config& config);
/// Nothing asks which rows of the table are those of a slice that may be split. Of a whole config.
bool check_split_modes(const Node& node, Reader& reader, Config& config);

/// The mode knows which rows of the table are a slice's, as far as it needs to. Of a whole config.
bool check_modes(const Node& node, Reader& reader, Config& config);

/// Columns read keys and elements around a record only where source.records has them. Of a whole config.
bool check_column_places(const Node& node, Reader& reader, Config& config);

}  // namespace pagehaul::config
