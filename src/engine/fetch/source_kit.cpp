#include "engine/fetch/source_kit.h"

#include <algorithm>
#include <cmath>

#include "config/reread.h"
#include "core/base64.h"
#include "engine/fetch/stored_credential.h"
#include "engine/shared/connecting.h"
#include "engine/shared/transports.h"
#include "http/following.h"
#include "source/auth/open.h"

namespace pagehaul::engine {
namespace {

Result<config::Secret> reread(const config::Secret& secret) {
    return config::reread(secret, config::process_redactor());
}

std::unique_ptr<source::Signer> signer(const Context& context) {
    const config::Source& source = context.config.source;
    if (!source.signing) return nullptr;
    return std::make_unique<source::Signer>(*source.signing, source.base_url, context.clock, context.random,
                                            reread);
}

/// A redirect is signed as any request.
std::unique_ptr<http::Transport> source_transport(Context& context, const source::Signer* signer) {
    const config::Source& source = context.config.source;
    auto transport = transport_for(source.base_url, source.timeout.connect, context.clock);
    if (signer != nullptr) transport = source::signing_transport(std::move(transport), *signer);
    return transport;
}

/// For the streams that follow redirects; null where none does. `limiter`, which need not be there yet, paces
/// what they add.
std::unique_ptr<http::Transport> following_transport(Context& context, const source::Signer* signer,
                                                     http::RateLimiter& limiter) {
    const std::vector<config::Stream>& streams = context.config.streams;
    const bool any = std::any_of(streams.begin(), streams.end(), [](const config::Stream& stream) {
        return stream.source.request.redirects != config::Redirects::refused;
    });
    if (!any) return nullptr;
    return http::following_same_origin(source_transport(context, signer), context.config.source.base_url,
                                       context.clock, [&context, &limiter] {
                                           if (!limiter.acquire(context.stop.no_new_work_token()))
                                               return false;
                                           ++context.tallies.requests;
                                           return true;
                                       });
}

StreamKits stream_kits(const config::Config& config, http::Transport& transport, http::Transport* following,
                       std::size_t decoders) {
    StreamKits kits;
    for (const config::Stream& stream : config.streams) {
        const bool follows = stream.source.request.redirects != config::Redirects::refused;
        kits.push_back(
            std::make_unique<StreamKit>(stream, config.streams, follows ? *following : transport, decoders));
    }
    return kits;
}

std::unique_ptr<http::Transport> auth_transport(const Context& context) {
    const config::Source& source = context.config.source;
    const std::string url = source::auth_server_url(source.auth);
    return url.empty() ? nullptr : transport_for(url, source.timeout.connect, context.clock);
}

std::optional<source::AuthServer> auth_server(http::Transport* transport, const Context& context) {
    if (transport == nullptr) return std::nullopt;
    const config::Timeout& timeout = context.config.source.timeout;
    return source::AuthServer{.transport = *transport,
                              .clock = context.clock,
                              .patience = std::min(timeout.request, source::longest_auth_exchange),
                              .new_id = [&context] { return new_uuid(context.random); }};
}

std::unique_ptr<source::CredentialStore> credential_store(const Context& context) {
    const config::SourceAuth& auth = context.config.source.auth;
    if (!source::is_shared(auth)) return nullptr;
    const auto& key = std::get<config::OAuth2>(auth).encrypt_key;
    return std::make_unique<StoredCredential>(context, key ? from_base64(key->value).value_or("") : "");
}

std::unique_ptr<source::TokenSource> credential(const Context& context, source::Signer* signer,
                                                const source::AuthServer* server,
                                                source::CredentialStore* store) {
    auto credential = source::open_token_source(
        context.config.source.auth,
        {.server = server, .store = store, .reread = reread, .redactor = config::process_redactor()});
    return signer == nullptr ? std::move(credential) : source::with_signer(std::move(credential), *signer);
}

}  // namespace

SourceKit::SourceKit(Context& context, const machine::Sizing& sizing, http::Share share)
    : signer_(signer(context)),
      transport_(source_transport(context, signer_.get())),
      following_(following_transport(context, signer_.get(), limiter_)),
      auth_transport_(auth_transport(context)),
      auth_server_(auth_server(auth_transport_.get(), context)),
      credential_store_(credential_store(context)),
      limiter_(context.config.source.limits, context.clock, share),
      budget_(sizing.byte_budget, sizing.first_request),
      health_({.patience = context.config.run.patience}),
      credentials_(credential(context, signer_.get(), auth_server_ ? &*auth_server_ : nullptr,
                              credential_store_.get()),
                   context.clock,
                   {.waits = context.stop.no_new_work_token(), .cancel = context.stop.cancel_token()}),
      streams_(stream_kits(context.config, *transport_, following_.get(),
                           static_cast<std::size_t>(std::max(2.0, 2 * std::ceil(sizing.cpus))))),
      gate_(context, {.streams = streams_,
                      .limiter = limiter_,
                      .budget = budget_,
                      .credentials = credentials_,
                      .health = health_,
                      .concurrency = {.start = sizing.in_flight_start,
                                      .ceiling = sizing.in_flight_ceiling,
                                      .fixed = sizing.in_flight_fixed}}) {}

}  // namespace pagehaul::engine
