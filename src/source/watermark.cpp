#include "source/watermark.h"

#include <date/tz.h>

#include <algorithm>

namespace pagehaul::source {

using std::chrono::days;
using std::chrono::sys_days;

std::optional<sys_days> newest_complete_day(const std::vector<SliceDays>& slices, sys_days last_ended) {
    sys_days last = last_ended;
    for (const SliceDays& slice : slices)
        if (!slice.proven) last = std::min(last, slice.first - days(1));
    std::optional<sys_days> newest;
    for (const SliceDays& slice : slices) {
        if (!slice.proven || slice.first > last) continue;
        newest = std::max(newest.value_or(slice.first), std::min(slice.last, last));
    }
    return newest;
}

sys_days last_ended_day(WallTime at, const std::string& zone) {
    const auto today = date::floor<days>(date::locate_zone(zone)->to_local(at));
    return sys_days(today.time_since_epoch()) - days(1);
}

WallTime end_of_day(sys_days day, const std::string& zone) {
    const date::local_seconds midnight{(day + days(1)).time_since_epoch()};
    return date::locate_zone(zone)->to_sys(midnight, date::choose::latest);
}

}  // namespace pagehaul::source
