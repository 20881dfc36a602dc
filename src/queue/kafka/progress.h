#pragma once

#include <cstdint>
#include <optional>
#include <set>

namespace pagehaul::queue::kafka {

/// How far a partition is done. Kafka notes one number a group and partition, the first offset that is not
/// done, so one message that takes long holds back all that were done behind it.
class Progress {
  public:
    /// The message is with us. Offsets come in order, with gaps where the log has none; one that comes
    /// after a higher one says that the partition was made anew, and all before is forgotten.
    void begin(std::int64_t offset);
    /// Nobody is to have the message again. What was not begun is passed over.
    void finish(std::int64_t offset);

    /// What to commit; nothing where it is committed already, or nothing has come.
    std::optional<std::int64_t> uncommitted() const;
    void committed(std::int64_t position) { committed_ = position; }
    /// The commit was refused, or its answer lost.
    void commit_failed() { committed_.reset(); }

  private:
    std::set<std::int64_t> open_;  ///< begun, not finished
    std::int64_t next_ = 0;        ///< after the last that was begun
    std::optional<std::int64_t> committed_;
    bool moved_ = false;  ///< something was finished: before, the first position is the group's own
};

}  // namespace pagehaul::queue::kafka
