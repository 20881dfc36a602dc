#include "postgres/connection.h"

#include <algorithm>
#include <optional>
#include <pqxx/binarystring>
#include <pqxx/connection>
#include <pqxx/nontransaction>
#include <pqxx/result>
#include <utility>

#include "dsn/dsn.h"
#include "postgres/copy.h"
#include "postgres/options.h"
#include "postgres/sqlstate.h"

namespace pagehaul::postgres {
namespace {

constexpr const char* begin_sql = "BEGIN ISOLATION LEVEL READ COMMITTED";

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

}  // namespace

struct Connection::Impl {
    std::optional<pqxx::connection> connection;
    dsn::Dsn dsn;
    bool in_transaction = false;
    bool failed = false;  ///< a statement of the open transaction failed and was not taken back

    explicit Impl(dsn::Dsn with_options) : dsn(std::move(with_options)) {}

    bool is_open() const { return connection && connection->is_open(); }

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
        const std::string what = committing ? "connection lost during COMMIT" : "connection lost";
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
};

Connection::Connection(const ConnectOptions& options) {
    auto dsn = dsn::Dsn::parse(options.dsn);
    if (!dsn) throw SqlError(dsn.error(), "", false);
    apply_options(*dsn, options, process_surroundings());
    impl_ = std::make_unique<Impl>(std::move(*dsn));
    try {
        impl_->connection.emplace(impl_->dsn.to_conninfo());
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
        // A silent reconnect would lose temp tables, advisory locks and the transaction.
        impl_->connection->inhibit_reactivation(true);
#pragma GCC diagnostic pop
    } catch (const std::bad_alloc&) {
        throw;
    } catch (const std::exception& error) {
        const std::string text = impl_->dsn.redact(one_line(error.what()));
        throw SqlError({kind_of_connect_failure(text), "sink.dsn",
                        "cannot connect to " + impl_->dsn.describe() + ": " + text},
                       "", true);
    }
}

Connection::~Connection() = default;  // libpq closes the link, and the server rolls back
Connection::Connection(Connection&&) noexcept = default;
Connection& Connection::operator=(Connection&&) noexcept = default;

Rows Connection::exec(const std::string& sql) {
    return impl_->run(false,
                      [&](pqxx::nontransaction& transaction) { return to_rows(transaction.exec(sql)); });
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
    exec(begin_sql);
    impl_->in_transaction = true;
}

Rows Connection::begin(const std::string& sql) {
    if (impl_->in_transaction) throw Failure(ErrorKind::bug, "database", "BEGIN inside a transaction");
    impl_->in_transaction = true;
    return exec(std::string(begin_sql) + ";" + sql);
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
        exec("ROLLBACK");
    } catch (...) {
        // The link is gone or in an unknown state: the server rolls back when it closes.
        close();
    }
}

bool Connection::in_transaction() const {
    return impl_->in_transaction;
}

void Connection::copy(const std::string& quoted_table, const std::vector<std::string_view>& blocks,
                      LineEdit edit) {
    impl_->run(false, [&](pqxx::nontransaction& transaction) {
        copy_lines(transaction, quoted_table, blocks, edit);
        return true;
    });
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

void Connection::close() noexcept {
    if (!impl_) return;
    impl_->connection.reset();
    impl_->in_transaction = false;
    impl_->failed = false;
}

}  // namespace pagehaul::postgres
