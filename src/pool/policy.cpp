#include "pool/policy.h"

#include <algorithm>

namespace pagehaul::pool {

Moves next_moves(std::vector<Seat> seats, std::vector<Waiting> waiting, std::size_t at_once, Nanos turn) {
    Moves moves;
    std::stable_sort(waiting.begin(), waiting.end(),
                     [](const Waiting& a, const Waiting& b) { return a.waited > b.waited; });
    std::size_t wanted = waiting.size();
    for (std::size_t free = seats.size() < at_once ? at_once - seats.size() : 0; free > 0 && wanted > 0;
         --free)
        moves.start.push_back(waiting[waiting.size() - wanted--].pipeline);
    // Idle ones first, and among each kind who has worked longest.
    std::stable_sort(seats.begin(), seats.end(), [](const Seat& a, const Seat& b) {
        const bool a_idle = a.idle >= idle_grace;
        const bool b_idle = b.idle >= idle_grace;
        return a_idle != b_idle ? a_idle : a.worked > b.worked;
    });
    for (const Seat& seat : seats)
        if (seat.leaving && wanted > 0) --wanted;
    for (const Seat& seat : seats) {
        if (wanted == 0) break;
        if (seat.leaving || (seat.worked < turn && seat.idle < idle_grace)) continue;
        moves.leave.push_back(seat.pipeline);
        --wanted;
    }
    return moves;
}

Nanos rest_after(Nanos before) {
    return std::clamp<Nanos>(2 * before, std::chrono::seconds{1}, std::chrono::minutes{1});
}

}  // namespace pagehaul::pool
