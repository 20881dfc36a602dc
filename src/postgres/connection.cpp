#include "postgres/connection.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <pqxx/binarystring>
#include <pqxx/connection>
#include <pqxx/nontransaction>
#include <pqxx/result>
#include <utility>

#include "dsn/dsn.h"
#include "postgres/answer_watch.h"
#include "postgres/copy.h"
#include "postgres/options.h"
#include "postgres/sqlstate.h"

namespace pagehaul::postgres {
namespace {

constexpr const char* begin_sql = "BEGIN ISOLATION LEVEL READ COMMITTED;";
constexpr const char* by_catalog_sql = "SET LOCAL search_path = pg_catalog, pg_temp;";

/// libpq's texts have several lines and end with one: "ERROR:  …\nDETAIL:  …\n".
std::string one_line(std::string_view text) {
    std::string line;
    for (const char c : text) {
        if (c != '\n')
            line += c;
        else if (!line.empty() && line.back() != ' ')
            line += "; ";
    }
    while (!line.empty() && (line.back() == ' ' || line.back() == ';'))
        line.pop_back();
    return line;
}

/// The server's sentence, and from the first line on that may repeat a row or the statement: the details.
std::pair<std::string, std::string> split_details(std::string_view text) {
    std::size_t end = text.size();
    for (const std::string_view mark : {"\nDETAIL:", "\nCONTEXT:", "\nQUERY:", "\nLINE "})
        end = std::min(end, text.find(mark));
    return {one_line(text.substr(0, end)), one_line(text.substr(end))};
}

/// libpqxx passes the SQLSTATE on for most of its exceptions, not for these.
std::string sqlstate_of(const std::exception& error) {
    if (dynamic_cast<const pqxx::serialization_failure*>(&error) != nullptr) return "40001";
    if (dynamic_cast<const pqxx::deadlock_detected*>(&error) != nullptr) return "40P01";
    if (dynamic_cast<const pqxx::statement_completion_unknown*>(&error) != nullptr) return "40003";
    if (dynamic_cast<const pqxx::transaction_rollback*>(&error) != nullptr) return "40000";
    if (dynamic_cast<const pqxx::too_many_connections*>(&error) != nullptr) return "53300";
    // Class 08 as the server's own answer on a link that still stands: 08P01, a wrong number of parameters.
    if (dynamic_cast<const pqxx::broken_connection*>(&error) != nullptr) return "08P01";
    if (dynamic_cast<const pqxx::insufficient_privilege*>(&error) != nullptr) return "42501";
    if (dynamic_cast<const pqxx::disk_full*>(&error) != nullptr) return "53100";
    if (dynamic_cast<const pqxx::out_of_memory*>(&error) != nullptr) return "53200";
    if (const auto* sql = dynamic_cast<const pqxx::sql_error*>(&error)) return sql->sqlstate();
    return {};
}

Rows to_rows(const pqxx::result& result) {
    std::vector<Rows::Row> rows;
    rows.reserve(static_cast<std::size_t>(result.size()));
    for (const auto& from : result) {
        Rows::Row row;
        row.reserve(static_cast<std::size_t>(from.size()));
        for (const auto& field : from) {
            if (field.is_null())
                row.emplace_back(std::nullopt);
            else
                row.emplace_back(std::in_place, field.c_str(), static_cast<std::size_t>(field.size()));
        }
        rows.push_back(std::move(row));
    }
    return {std::move(rows), static_cast<std::size_t>(result.affected_rows())};
}

std::chrono::milliseconds answer_limit(const dsn::Dsn& dsn, const ConnectOptions& options) {
    // Whoever sets a statement_timeout wants to wait for it: ours would come first.
    const bool set_elsewhere = dsn.get("options").value_or("").find("statement_timeout") != std::string::npos;
    if (options.statement_timeout_ms == 0 || set_elsewhere) return std::chrono::milliseconds{0};
    return std::chrono::milliseconds{options.statement_timeout_ms +
                                     options.answer_grace_ms * (options.pgbouncer ? 6 : 1)};
}

}  // namespace

struct Connection::Impl {
    std::optional<pqxx::connection> connection;
    std::optional<AnswerWatch> watch;  ///< behind `connection`: it goes first
    std::chrono::milliseconds limit{0};
    dsn::Dsn dsn;
    bool in_transaction = false;
    bool failed = false;  ///< a statement of the open transaction failed and was not taken back
    /// Of catalog_only behind a pooler, where the session is not ours and each transaction must say it.
    bool says_path = false;

    explicit Impl(dsn::Dsn with_options) : dsn(std::move(with_options)) {}

    std::string opening() const { return std::string(begin_sql) + (says_path ? by_catalog_sql : ""); }

    bool is_open() const { return connection && connection->is_open(); }

    /// While it lives an answer is waited for.
    class Waiting {
      public:
        explicit Waiting(Impl& impl) : impl_(impl) { impl_.watch->begin(impl_.limit); }
        ~Waiting() { impl_.watch->end(); }
        Waiting(const Waiting&) = delete;
        Waiting& operator=(const Waiting&) = delete;

      private:
        Impl& impl_;
    };

    pqxx::connection& open_connection() {
        if (!is_open())
            throw SqlError(
                {ErrorKind::transient, "sink.dsn", "the connection to " + dsn.describe() + " is closed"}, "",
                true);
        return *connection;
    }

    SqlError translate(const std::exception& error, bool committing) const {
        std::string state = sqlstate_of(error);
        auto [text, details] = split_details(error.what());
        text = dsn.redact(text);
        details = dsn.redact(details);
        // The link is asked, not the exception: libpqxx throws one type for what the server answered and for
        // an answer that never came.
        if (is_open()) return SqlError({kind_of_sqlstate(state), "database", text}, state, false, details);
        if (state == "08P01") state.clear();  // no answer of the server: the link itself
        std::string what = committing ? "connection lost during COMMIT" : "connection lost";
        if (watch && watch->gave_up())
            what += " (no answer for " + std::to_string(limit.count() / 1000) + " s)";
        return SqlError({committing ? ErrorKind::in_doubt : ErrorKind::transient, "sink.dsn",
                         what + ", " + dsn.describe() + ": " + text},
                        state, true, details);
    }

    /// Runs `work` on a fresh nontransaction: libpqxx keeps errors in its transaction objects, and ours are
    /// the plain statements BEGIN, COMMIT and ROLLBACK, which tell a lost COMMIT from all else.
    template <class Work>
    auto run(bool committing, const Work& work) {
        pqxx::connection& open = open_connection();
        try {
            const Waiting waiting(*this);
            pqxx::nontransaction transaction(open);
            auto result = work(transaction);
            // In a failed transaction only a rollback to a savepoint, or of the whole, succeeds.
            failed = false;
            return result;
        } catch (const std::bad_alloc&) {
            throw;
        } catch (const std::exception& error) {
            failed = in_transaction;
            throw translate(error, committing);
        }
    }

    Rows send(const std::string& sql) {
        return run(false, [&](pqxx::nontransaction& transaction) { return to_rows(transaction.exec(sql)); });
    }
};

Connection::Connection(const ConnectOptions& options) {
    auto dsn = dsn::Dsn::parse(options.dsn);
    if (!dsn) throw SqlError(dsn.error(), "", false);
    const std::chrono::milliseconds limit = answer_limit(*dsn, options);
    apply_options(*dsn, options, process_surroundings());
    impl_ = std::make_unique<Impl>(std::move(*dsn));
    impl_->limit = limit;
    impl_->says_path = options.catalog_only && options.pgbouncer;
    try {
        impl_->connection.emplace(impl_->dsn.to_conninfo());
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
        // A silent reconnect would lose temp tables, advisory locks and the transaction.
        impl_->connection->inhibit_reactivation(true);
#pragma GCC diagnostic pop
        impl_->watch.emplace(impl_->connection->sock());
    } catch (const std::bad_alloc&) {
        throw;
    } catch (const std::exception& error) {
        const std::string text = impl_->dsn.redact(one_line(error.what()));
        throw SqlError({kind_of_connect_failure(text), "sink.dsn",
                        "cannot connect to " + impl_->dsn.describe() + ": " + text},
                       is_connection_limit(text) ? "53300" : "", true);
    }
}

Connection::~Connection() = default;  // libpq closes the link, and the server rolls back
Connection::Connection(Connection&&) noexcept = default;
Connection& Connection::operator=(Connection&&) noexcept = default;

Rows Connection::exec(const std::string& sql) {
    // Statements of one message are a transaction.
    const bool says_path = impl_->says_path && !impl_->in_transaction;
    return impl_->send(says_path ? by_catalog_sql + sql : sql);
}

Rows Connection::exec(const std::string& sql, const std::vector<Param>& params) {
    std::vector<const char*> values;
    values.reserve(params.size());
    for (const Param& param : params) {
        if (param && param->find('\0') != std::string::npos)
            throw Failure(ErrorKind::bug, "database", "a parameter holds a NUL byte");
        // nullptr is NULL: Debian's libpqxx is built without std::optional.
        values.push_back(param ? param->c_str() : nullptr);
    }
    if (impl_->says_path && !impl_->in_transaction) {
        begin();
        try {
            Rows rows = exec(sql, params);
            commit();
            return rows;
        } catch (...) {
            rollback();
            throw;
        }
    }
    return impl_->run(false, [&](pqxx::nontransaction& transaction) {
        return to_rows(transaction.exec_params(sql, pqxx::prepare::make_dynamic_params(values)));
    });
}

Rows Connection::exec_binary(const std::string& sql, const std::vector<std::string>& params) {
    std::vector<pqxx::binarystring> values;
    values.reserve(params.size());
    for (const std::string& param : params)
        values.emplace_back(param.data(), param.size());
    return impl_->run(false, [&](pqxx::nontransaction& transaction) {
        return to_rows(transaction.exec_params(sql, pqxx::prepare::make_dynamic_params(values)));
    });
}

void Connection::begin() {
    if (impl_->in_transaction) throw Failure(ErrorKind::bug, "database", "BEGIN inside a transaction");
    impl_->send(impl_->opening());
    impl_->in_transaction = true;
}

Rows Connection::begin(const std::string& sql) {
    if (impl_->in_transaction) throw Failure(ErrorKind::bug, "database", "BEGIN inside a transaction");
    impl_->in_transaction = true;
    return impl_->send(impl_->opening() + sql);
}

void Connection::commit() {
    if (!impl_->in_transaction) throw Failure(ErrorKind::bug, "database", "COMMIT outside a transaction");
    if (impl_->failed) {
        rollback();
        throw Failure(ErrorKind::bug, "database", "COMMIT of a transaction with a failed statement");
    }
    // Whatever the answer, the transaction is over: a COMMIT that the server refuses rolls back.
    impl_->in_transaction = false;
    impl_->run(true, [](pqxx::nontransaction& transaction) { return to_rows(transaction.exec("COMMIT")); });
}

void Connection::rollback() noexcept {
    if (!impl_ || !impl_->in_transaction) return;
    impl_->in_transaction = false;
    impl_->failed = false;
    try {
        impl_->send("ROLLBACK");
    } catch (...) {
        // The link is gone or in an unknown state: the server rolls back when it closes.
        close();
    }
}

bool Connection::in_transaction() const {
    return impl_->in_transaction;
}

void Connection::copy(const std::string& quoted_table, const std::vector<std::string_view>& blocks,
                      const LineEdit& edit) {
    impl_->run(false, [&](pqxx::nontransaction& transaction) {
        copy_lines(transaction, quoted_table, blocks, edit);
        return true;
    });
}

Connection::Unlimited::Unlimited(Connection& connection)
    : connection_(connection), before_ms_(connection.impl_->limit.count()) {
    connection_.impl_->limit = std::chrono::milliseconds{0};
}
Connection::Unlimited::~Unlimited() {
    connection_.impl_->limit = std::chrono::milliseconds{before_ms_};
}

bool Connection::is_open() const {
    return impl_ && impl_->is_open();
}
int Connection::backend_pid() const {
    return impl_->open_connection().backendpid();
}
int Connection::server_version() const {
    return impl_->open_connection().server_version();
}

std::string Connection::database_encoding() {
    return exec("SHOW server_encoding").text(0, 0);
}

void Connection::close() noexcept {
    if (!impl_) return;
    impl_->watch.reset();
    impl_->connection.reset();
    impl_->in_transaction = false;
    impl_->failed = false;
}

}  // namespace pagehaul::postgres
