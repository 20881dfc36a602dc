#include "source/credentials.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <utility>

#include "log/log.h"

namespace pagehaul::source {
namespace {

using namespace std::chrono_literals;

tl::unexpected<Error> stopped_waiting() {
    return fail(ErrorKind::cancelled, "", "stopped");
}

}  // namespace

Nanos renew_after(Nanos lifetime) {
    return lifetime - std::min<Nanos>(lifetime / 4, 5min);
}

Credentials::Credentials(std::unique_ptr<TokenSource> source, const Clock& clock, Stops stops)
    : source_(std::move(source)), clock_(clock), stops_(std::move(stops)) {}

// clang does not follow a lock that somebody else made.
template <class Work>
auto Credentials::use(MutexLock& lock, const Work& work) PAGEHAUL_THREAD_SAFETY(no_thread_safety_analysis) {
    busy_ = true;
    lock.unlock();
    auto result = work();
    lock.lock();
    busy_ = false;
    free_.notify_all();
    return result;
}

Result<Credential> Credentials::current() {
    MutexLock lock(mutex_);
    while (true) {
        const MonoTime now = clock_.now();
        const bool holds = held_ && now < ends_at_;
        if (holds && (busy_ || now < renew_at_)) return held();
        if (!busy_) break;
        const std::int64_t failures = failures_;
        if (!free_.wait(lock, stops_.waits, [this]() PAGEHAUL_REQUIRES(mutex_) { return !busy_; }))
            return stopped_waiting();
        if (failures_ != failures) return tl::unexpected<Error>(*failure_);
    }
    return renew(lock);
}

Result<Credential> Credentials::renew(MutexLock& lock) {
    if (failure_ && failure_->kind == ErrorKind::credential && clock_.now() < ask_again_at_)
        return tl::unexpected<Error>(*failure_);
    const bool refused = refused_;
    const Result<Granted> got = use(lock, [&]() -> Result<Granted> {
        try {
            return source_->get(refused, stops_);
        } catch (const Failure& failure) {
            return tl::unexpected<Error>(failure.error());
        } catch (const std::exception& error) {
            return fail(ErrorKind::transient, "source.auth", error.what());
        }
    });
    const MonoTime now = clock_.now();
    if (got) {
        if (held_) ++version_;
        held_ = *got;
        got_at_ = now;
        renew_at_ = got->lifetime ? now + renew_after(*got->lifetime) : MonoTime::max();
        ends_at_ = got->lifetime ? now + *got->lifetime : MonoTime::max();
        after_refusal_ = std::exchange(refused_, false);
        accepted_ = false;
        failure_.reset();
        return held();
    }
    if (got.error().kind == ErrorKind::cancelled) return stopped_waiting();
    if (held_ && now < ends_at_) {
        log::warn("credential not renewed, the one at hand still holds",
                  {{"cause", log::redacted(got.error().text())}});
        renew_at_ = std::min(now + credential_pause, ends_at_);
        return held();
    }
    failure_ = got.error();
    ++failures_;
    ask_again_at_ = now + credential_pause;
    return tl::unexpected<Error>(*failure_);
}

std::int64_t Credentials::version() const {
    const MutexLock lock(mutex_);
    return version_;
}

void Credentials::accepted(std::int64_t version) {
    const MutexLock lock(mutex_);
    accepted_ = accepted_ || version == version_;
}

void Credentials::drop() {
    held_.reset();
    failure_.reset();
    ++version_;
}

CredentialAnswer Credentials::refused(std::int64_t version) {
    MutexLock lock(mutex_);
    // Who is stopped gives its page back.
    if (!free_.wait(lock, stops_.waits, [this]() PAGEHAUL_REQUIRES(mutex_) { return !busy_; }))
        return CredentialAnswer::try_again;
    if (version < version_) return CredentialAnswer::try_again;
    if (use(lock, [this] { return source_->look(); })) {
        drop();
        return CredentialAnswer::try_again;
    }
    if (!source_->renews()) return CredentialAnswer::refused;
    if (!held_) {
        const bool nobody_gives = failure_ && failure_->kind == ErrorKind::credential;
        return nobody_gives ? CredentialAnswer::refused : CredentialAnswer::try_again;
    }
    const bool young = clock_.now() < got_at_ + young_credential;
    if (after_refusal_ && (!accepted_ || young)) return CredentialAnswer::refused;
    drop();
    refused_ = true;
    return CredentialAnswer::try_again;
}

}  // namespace pagehaul::source
