#include "source/signing/signer.h"

#include <utility>
#include <variant>

#include "http/sigv4.h"
#include "http/url.h"

namespace pagehaul::source {
namespace {

std::string host_of(const std::string& base_url) {
    const auto url = http::parse_url(base_url);
    if (!url) throw Failure(ErrorKind::config, "source.base_url", url.error().message);
    return url->origin().substr(url->scheme.size() + 3);
}

/// A link or a redirect may have brought what the request before was signed by.
void take_out_older(const config::SigningSteps& signing, http::Request& request) {
    for (const config::SigningStep& step : signing.steps)
        if (const auto* const send = std::get_if<config::SendStep>(&step); send != nullptr && send->query)
            request.target = http::without_parameter(request.target, *send->query);
}

Result<void> sign_by_steps(const config::SigningSteps& signing, Draft& draft, const Signer::Watch& watch) {
    take_out_older(signing, draft.request);
    for (std::size_t at = 0; at < signing.steps.size(); ++at) {
        const config::SigningStep& step = signing.steps[at];
        if (auto done = std::visit([&](const auto& it) { return take(it, draft); }, step); !done) return done;
        if (const std::string name = step_name(step); !name.empty()) draft.named[name] = draft.value;
        if (watch) watch(built(signing, at, draft));
    }
    return {};
}

class SigningTransport final : public http::Transport {
  public:
    SigningTransport(std::unique_ptr<http::Transport> transport, const Signer& signer)
        : transport_(std::move(transport)), signer_(signer) {}

    Result<http::Response> send(const http::Request& request, const http::Bounds& bounds,
                                std::stop_token cancel) override {
        http::Request signed_one = request;
        if (const auto done = signer_.sign(signed_one); !done) return tl::unexpected(done.error());
        return transport_->send(signed_one, bounds, std::move(cancel));
    }

  private:
    const std::unique_ptr<http::Transport> transport_;
    const Signer& signer_;
};

class WithSigner final : public TokenSource {
  public:
    WithSigner(std::unique_ptr<TokenSource> credential, Signer& signer)
        : credential_(std::move(credential)), signer_(signer) {}

    Result<Granted> get(bool refused, const Stops& stops) override {
        return credential_->get(refused, stops);
    }
    bool look() override {
        const bool credential = credential_->look();
        return signer_.look() || credential;
    }
    bool renews() const override { return credential_->renews(); }
    bool may_change() const override { return credential_->may_change() || signer_.may_change(); }

  private:
    const std::unique_ptr<TokenSource> credential_;
    Signer& signer_;
};

}  // namespace

Signer::Signer(config::Signing signing, const std::string& base_url, const Clock& clock, Random& random,
               Reread reread)
    : host_(host_of(base_url)),
      clock_(clock),
      random_(random),
      reread_(std::move(reread)),
      signing_(std::make_shared<const config::Signing>(std::move(signing))) {}

std::shared_ptr<const config::Signing> Signer::signing() const {
    const MutexLock lock(mutex_);
    return signing_;
}

Result<void> Signer::sign(http::Request& request, const Watch& watch) const {
    const auto how = signing();
    if (const auto* const steps = std::get_if<config::SigningSteps>(&*how)) {
        Draft draft{.request = request, .host = host_, .now = clock_.wall_now(), .random = random_};
        return sign_by_steps(*steps, draft, watch);
    }
    const auto& aws = std::get<config::AwsSigV4>(*how);
    const http::AwsCredentials credentials{.id = aws.access_key_id.value,
                                           .secret = aws.secret_access_key.value,
                                           .token = aws.session_token ? aws.session_token->value : ""};
    const auto signed_one = http::sign({.credentials = credentials,
                                        .region = aws.region,
                                        .service = aws.service,
                                        .host = host_,
                                        .at = clock_.wall_now()},
                                       request);
    if (watch) {
        watch({.what = "the canonical request", .made = signed_one.canonical});
        watch({.what = "the text that is signed", .made = signed_one.to_sign});
        watch({.what = "sent as the header Authorization", .made = request.headers.back().second});
    }
    return {};
}

bool Signer::look() {
    config::Signing again = *signing();
    if (!reread_all(secrets_of(again), reread_)) return false;
    const MutexLock lock(mutex_);
    signing_ = std::make_shared<const config::Signing>(std::move(again));
    return true;
}

bool Signer::may_change() const {
    config::Signing copy = *signing();
    return any_rereadable(secrets_of(copy));
}

std::unique_ptr<http::Transport> signing_transport(std::unique_ptr<http::Transport> transport,
                                                   const Signer& signer) {
    return std::make_unique<SigningTransport>(std::move(transport), signer);
}

std::unique_ptr<TokenSource> with_signer(std::unique_ptr<TokenSource> credential, Signer& signer) {
    return std::make_unique<WithSigner>(std::move(credential), signer);
}

}  // namespace pagehaul::source
