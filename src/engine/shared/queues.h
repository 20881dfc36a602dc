#pragma once

#include "engine/shared/claim_queue.h"
#include "engine/shared/fetched_page.h"
#include "engine/shared/page_buffer.h"
#include "ledger/types.h"

namespace pagehaul::engine {

// The two queues between the three kinds of threads: claimer to fetch workers, fetch workers to writers.

using Pages = PageBuffer<FetchedPage>;

}  // namespace pagehaul::engine
