#include <chrono>

#include <date/tz.h>

#include "core/time_pattern.h"
#include "source/signing/steps.h"

namespace pagehaul::source {

Result<void> take(const config::TimestampStep& step, Draft& draft) {
    using namespace std::chrono;
    const bool is_millis = step.unit == config::TimestampUnit::milliseconds;
    if (!step.format) {
        const auto since = draft.now.time_since_epoch();
        draft.value =
            std::to_string(is_millis ? floor<milliseconds>(since).count() : floor<seconds>(since).count());
        return {};
    }
    const auto pattern = TimePattern::compile(*step.format);
    if (!pattern) return fail(ErrorKind::config, "source.signing", pattern.error());
    const date::time_zone& zone = *date::locate_zone(step.zone);
    const auto local = zone.to_local(floor<microseconds>(draft.now)).time_since_epoch();
    const auto day = floor<days>(local);
    draft.value = pattern->write({.day = sys_days(day),
                                  .micros_of_day = duration_cast<microseconds>(local - day).count(),
                                  .offset_minutes = static_cast<int>(
                                      duration_cast<minutes>(zone.get_info(draft.now).offset).count())});
    return {};
}

}  // namespace pagehaul::source
