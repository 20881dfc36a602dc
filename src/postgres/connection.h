#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "postgres/rows.h"

namespace pagehaul::postgres {

/// What libpq said, by SQLSTATE. `error().kind`: transient (lost connection, 40001, 40P01, 53xxx, 55P03,
/// 57xxx), in_doubt (lost during COMMIT), credential (28xxx), data (22, 23, 54, P0xxx), config (3D000,
/// 42xxx), else permanent; the whole table is in sqlstate.h.
class SqlError : public Failure {
  public:
    SqlError(Error error, std::string sqlstate, bool connection_lost, std::string details = {})
        : Failure(std::move(error)),
          sqlstate_(std::move(sqlstate)),
          connection_lost_(connection_lost),
          details_(std::move(details)) {}
    /// What the server said beyond error(): where, and about which row. Holds data of the table, for the
    /// quarantine and not for the log. May be empty.
    const std::string& details() const noexcept { return details_; }
    const std::string& sqlstate() const noexcept { return sqlstate_; }  ///< five characters, or empty
    bool connection_lost() const noexcept { return connection_lost_; }
    /// 40001 and 40P01: run the whole transaction again.
    bool is_serialization() const noexcept { return sqlstate_ == "40001" || sqlstate_ == "40P01"; }
    bool is_unique_violation() const noexcept { return sqlstate_ == "23505"; }
    /// There is no connection left for us: of the server, the database, the role, or the pooler.
    bool is_connection_limit() const noexcept { return sqlstate_ == "53300"; }
    /// The data did not suit the table.
    bool is_data() const noexcept { return error().kind == ErrorKind::data; }

  private:
    std::string sqlstate_;
    bool connection_lost_;
    std::string details_;
};

/// A parameter of a statement: text, or NULL.
using Param = std::optional<std::string>;

struct ConnectOptions {
    std::string dsn{};  ///< URI or key=value; holds the password: never printed
    /// "pagehaul <worker id>": reapers find the backends of dead workers by it
    std::string application_name{};
    std::int64_t connect_timeout_ms = 5'000;
    std::int64_t statement_timeout_ms = 60'000;  ///< 0: none
    std::int64_t lock_timeout_ms = 0;            ///< 0: none
    bool pgbouncer = false;                      ///< no `options` at start-up, no session state
    /// Names without a schema are found in pg_catalog alone, whatever the role's search_path says
    bool catalog_only = false;
    std::int64_t idle_in_transaction_timeout_ms = 60'000;  ///< 0: none
    /// How long beyond statement_timeout_ms an answer is waited for, by us: the server may be gone without a
    /// word. Behind PgBouncer, where statements queue, six times as long. Not where the DSN has a
    /// statement_timeout of its own.
    std::int64_t answer_grace_ms = 30'000;
};

/// Appends to `out` what is to be sent of some whole COPY lines.
using LineEdit = std::function<void(std::string& out, std::string_view lines)>;

/// One connection; it and its results belong to one thread. It never reconnects on its own: after a loss
/// every call throws, and its owner opens a new one. Destroying it inside a transaction rolls back.
class Connection {
  public:
    /// Throws SqlError; its text names sink.dsn, host and database, never the password.
    explicit Connection(const ConnectOptions& options);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    Connection(Connection&&) noexcept;
    Connection& operator=(Connection&&) noexcept;

    /// One statement, or several joined by ';' (one round trip; the last result is returned).
    Rows exec(const std::string& sql);
    /// One statement with $1, $2, …
    Rows exec(const std::string& sql, const std::vector<Param>& params);
    /// The same with parameters in the types' binary formats: the server converts no text. Each needs its
    /// type beside it ($1::bytea).
    Rows exec_binary(const std::string& sql, const std::vector<std::string>& params);

    void begin();  ///< READ COMMITTED
    /// begin(), then `sql` as by exec, in one round trip. When it throws, the transaction is open and failed.
    Rows begin(const std::string& sql);
    /// Throws SqlError of kind in_doubt when the link is lost before the answer. A transaction with a failed
    /// statement (without a savepoint that took it back) is rolled back and is a Failure of kind bug: the
    /// server would answer its COMMIT with ROLLBACK and no error.
    void commit();
    void rollback() noexcept;  ///< nothing, outside a transaction
    bool in_transaction() const;

    /// Sends ready COPY text lines (each ended by '\n') to `table` (quoted already, columns in its own
    /// order), inside the open transaction. Blocks may be many; they are sent as they are, or as `edit` makes
    /// them. `quoted_table` may end with a list of columns.
    void copy(const std::string& quoted_table, const std::vector<std::string_view>& blocks,
              const LineEdit& edit = nullptr);

    /// While it lives, which is no longer than its connection, an answer is waited for however long: for
    /// statements without a statement_timeout.
    class [[nodiscard]] Unlimited {
      public:
        explicit Unlimited(Connection& connection);
        ~Unlimited();
        Unlimited(const Unlimited&) = delete;
        Unlimited& operator=(const Unlimited&) = delete;

      private:
        Connection& connection_;
        const std::int64_t before_ms_;
    };

    bool is_open() const;
    int backend_pid() const;
    int server_version() const;       ///< 150018
    std::string database_encoding();  ///< "UTF8", "LATIN1": what the database's texts are kept in
    void close() noexcept;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace pagehaul::postgres
