#include "source/auth/rotating.h"

#include <utility>

#include "core/fault.h"
#include "log/log.h"

namespace pagehaul::source {

RotatingTokens::RotatingTokens(config::OAuth2 auth, const AuthServer& server, CredentialStore& store,
                               Reread reread, config::Redactor& redactor)
    : auth_(std::move(auth)),
      server_(server),
      store_(store),
      reread_(std::move(reread)),
      redactor_(redactor) {}

bool RotatingTokens::is_newer(const std::optional<StoredPair>& stored) const {
    return stored && stored->configured == auth_.refresh_token->value && stored->generation > generation_ &&
           !stored->access.empty() && stored->left.value_or(Nanos{1}) > Nanos{0};
}

Granted RotatingTokens::use(const StoredPair& pair) {
    redactor_.add(pair.access);
    redactor_.add(pair.refresh);
    generation_ = pair.generation;
    return {.auth = shown(auth_.send, pair.access), .lifetime = pair.left};
}

Result<StoredPair> RotatingTokens::exchange(const std::optional<StoredPair>& stored, std::stop_token cancel) {
    const std::string& configured = auth_.refresh_token->value;
    const bool goes_on = stored && stored->configured == configured;
    const std::string refresh = goes_on ? stored->refresh : configured;
    redactor_.add(refresh);
    const auto request = token_request(auth_, {{"grant_type", "refresh_token"}, {"refresh_token", refresh}});
    if (!request) return tl::unexpected<Error>(request.error());
    const auto answer = ask(server_, "source.auth.token_url", *request, std::move(cancel));
    if (!answer) return tl::unexpected<Error>(answer.error());
    auto tokens = read_tokens(auth_, *answer, redactor_);
    if (!tokens) {
        Error error = tokens.error();
        if (error.kind == ErrorKind::credential)
            error.message +=
                goes_on ? "; what was refused is the newest refresh token in the ledger (a process that "
                          "dies before it has stored the next one leaves an older one behind): authorise "
                          "anew, and give source.auth.refresh_token the new refresh token"
                        : "; what was refused is source.auth.refresh_token: authorise anew, and give it "
                          "the new refresh token";
        return tl::unexpected<Error>(std::move(error));
    }
    fault_point("after_token_answer");
    return StoredPair{.configured = configured,
                      .refresh = tokens->refresh.value_or(refresh),
                      .access = tokens->access,
                      .left = tokens->lifetime};
}

Result<Granted> RotatingTokens::get(bool, const Stops& stops) {
    const auto there = store_.read();
    if (!there) return tl::unexpected<Error>(there.error());
    if (is_newer(*there)) return use(**there);
    std::optional<StoredPair> pair;
    const auto stored = store_.renew(
        [&](const std::optional<StoredPair>& now) -> Result<std::optional<StoredPair>> {
            if (is_newer(now)) {
                pair = now;
                return std::nullopt;
            }
            // What could not be stored is still the newest, as long as nobody has stored another.
            if (unsaved_ && unsaved_->generation == (now ? now->generation : 0)) {
                pair = unsaved_;
            } else {
                auto got = exchange(now, stops.cancel);
                if (!got) return tl::unexpected<Error>(got.error());
                pair = std::move(*got);
                pair->generation = now ? now->generation : 0;
            }
            return pair;
        },
        stops.waits);
    if (!stored && stored.error().kind != ErrorKind::in_doubt) return tl::unexpected<Error>(stored.error());
    if (!stored) {
        unsaved_ = pair;
        log::error("new tokens were not stored, trying again", {{"cause", stored.error().text()}});
        return fail(ErrorKind::transient, stored.error().origin, stored.error().message);
    }
    unsaved_.reset();
    if (*stored != 0) pair->generation = *stored;
    return use(*pair);
}

bool RotatingTokens::look() {
    if (reread_all(secrets_of(auth_), reread_)) return true;
    const auto there = store_.read();
    return there && is_newer(*there);
}

}  // namespace pagehaul::source
