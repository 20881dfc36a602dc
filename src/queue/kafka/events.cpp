#include "queue/kafka/events.h"

#include "log/log.h"
#include "queue/kafka/settings.h"

namespace pagehaul::queue::kafka {
namespace {

bool is_grave(const Error& error) {
    return error.kind != ErrorKind::transient;
}

}  // namespace

void Events::event_cb(RdKafka::Event& event) {
    switch (event.type()) {
        case RdKafka::Event::EVENT_LOG: {
            // FAIL comes as an error too, and CONFWARN is about what we chose.
            const bool ours = event.fac() == "FAIL" || event.fac() == "CONFWARN";
            const bool grave = event.severity() <= RdKafka::Event::EVENT_SEVERITY_WARNING;
            const auto level = grave && !ours ? log::Level::warn : log::Level::debug;
            if (log::enabled(level)) log::write(level, "the Kafka library says", {{"cause", event.str()}});
            return;
        }
        case RdKafka::Event::EVENT_ERROR: {
            if (event.err() == RdKafka::ERR__ALL_BROKERS_DOWN) {
                if (!away_since_) away_since_ = clock_.now();
                return;
            }
            Error error{
                .kind = kind_of(event.err()), .origin = origin_of(event.err()), .message = event.str()};
            // The library has one code for all that a handshake fails by, a broker that goes away included.
            if (event.err() == RdKafka::ERR__SSL && error.message.find("unexpected eof") != std::string::npos)
                error.kind = ErrorKind::transient;
            if (!trouble_ || is_grave(error) || !is_grave(*trouble_)) trouble_ = std::move(error);
            return;
        }
        default:
            return;
    }
}

void Events::forget() {
    trouble_.reset();
    away_since_.reset();
}

void Events::throw_if_grave() const {
    if (trouble_ && is_grave(*trouble_)) throw Failure(*trouble_);
}

Failure Events::no_answer(const std::string& what) const {
    if (trouble_) return Failure(trouble_->kind, trouble_->origin, what + ": " + trouble_->message);
    return Failure(ErrorKind::transient, "queue.brokers", what + ": no answer");
}

void Events::there_again() {
    away_since_.reset();
    if (trouble_ && !is_grave(*trouble_)) trouble_.reset();
}

}  // namespace pagehaul::queue::kafka
