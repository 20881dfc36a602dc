#pragma once

/// What `--help` says below the list of options: for the program, and for each verb. Enough to need no
/// manual.
namespace pagehaul::cli::help {

constexpr const char* program = R"(
Begin with a file that says what to ask, how the answer looks and where it goes:

  pipeline: orders
  source:
    base_url: https://shop.example.com
    auth: {type: bearer, token: "${SHOP_TOKEN}"}        # an environment variable; ${file:/path} reads a file
    request: {path: /v1/orders, query: {page: "{{ page.number }}", limit: "{{ page.size }}"}}
    pagination: {type: page_number, size: 100, total: {rows: /total}}
    records: /orders                                    # JSON pointer to the list of records
  sink:
    dsn: "${DATABASE_URL}"
    table: shop.orders                                  # created if it is missing
    key: [id]                                           # what makes a record unique
    columns:
      - {name: id, type: bigint}
      - {name: placed_at, type: timestamptz, from: /times/placed}

  pagehaul check -c orders.yaml     does all of it work? Changes nothing
  pagehaul plan -c orders.yaml      how much is it, how long will it take? Changes nothing
  pagehaul run -c orders.yaml       pull; the same command again after any failure goes on where it stopped
  pagehaul status -c orders.yaml    what was done, what is missing
  pagehaul report -c orders.yaml last --html last.html   the same as a page to look at

`pagehaul schema` explains every key of the file; `pagehaul VERB --help` explains a verb.

Exit codes:
  0    every page stored, completeness proven; or nothing due: no day was ready yet (ready_at); or skipped:
       another run was at work (--if-busy skip)
  64   wrong command line
  65   data refused: quarantine over its limit, a page refused for good, or a proof that came out wrong
  69   API or database stayed unavailable beyond the patience, or a page's attempts ran out; run it again
  70   a bug
  75   incomplete but resumable: deadline reached, or another run holds the lock
  77   the API or the database refused our credentials
  78   bad config, or a ledger newer than this binary that does not serve it
  130  stopped by SIGINT; resumable
  143  stopped by SIGTERM; resumable

Environment: PAGEHAUL_SET stands for --set (one override a line), PAGEHAUL_RUN_KEY for --run-key,
PAGEHAUL_IF_BUSY for --if-busy; PAGEHAUL_GRACE (15s, or 15) tells how long the platform waits from SIGTERM until it
kills: drain and all that follows fit into it; HTTPS_PROXY, HTTP_PROXY and NO_PROXY are obeyed;
OTEL_EXPORTER_OTLP_ENDPOINT and its like say where traces go. A verb's data goes to stdout, the log to stderr.)";

constexpr const char* work = R"(
For pods that come and go with the length of the queue, beside the Job that began the run. Takes pages of the
pipeline's run in progress until that run is over, and ends as it does; where its workers have died, goes on
alone. 0 as well when no run is in progress, or when it is another config's: there is nothing to do here; and
when no page came for queue.idle while other processes go on with the run.

How much there is to do tells the view queue_length in the ledger's schema.

With --configs one process takes the messages of many pipelines from one broker's queue, all *.yaml and *.yml of the
folder, read at the start. Each pipeline that has messages gets a worker, a process of its own, at most --at-once
together and each with that share of CPU and memory; where others wait, the one that has worked longest, at least a
--turn, makes room. It ends with 0 when there was nothing to do for the longest queue.idle; 77 and 78 where the broker
refuses it or the files do not fit together. What a run came to tells its own `enqueue --wait`.)";

constexpr const char* enqueue = R"(
The other half of `work`: makes the run, or goes on with the one of this key, and tells workers over the queue
which pages are due, at most queue.ahead at once. With --wait it stays, goes on telling, and ends with the run's
verdict. Without, 0 means only that the pages are told of; workers tell each other of the rest.)";

constexpr const char* run = R"(
Asks page 1 of every slice for its total, pulls all pages side by side, and proves at the end that nothing is
missing. The ledger (schema pagehaul of the same database) remembers every page in the transaction that stored
its rows: after a crash or a stop, the same command fetches only what is missing.

The first SIGTERM or SIGINT finishes what is in flight (run.drain), a second one exits at once; both are safe.
PAGEHAUL_GRACE=15s has the drain and what follows it fit into the time that the platform gives after SIGTERM.
Beside another run of the pipeline it ends with 75, unless --if-busy says to wait for its end, or to skip this one.
Progress and log go to stderr, nothing to stdout. 0 is returned only when everything is stored and proven; 69, 75,
130 and 143 mean: run it again. All exit codes: `pagehaul --help`.

A back-fill:  pagehaul run -c report.yaml --set source.slices.date.from=2026-10-01 \
                                          --set source.slices.date.to=2026-10-31)";

constexpr const char* plan = R"(
Asks page 1 of every slice and prints a table: the slice, its rows, its pages; then the number of requests and the
time they take at the measured latency and at source.limits.rate. Needs no database. Exit codes: 0; 69 the API does
not answer; 77 it refused the credentials; 65 it refused the request; 78 bad config.)";

constexpr const char* check = R"(
Prints a line for each part, "ok" or "FAIL" and why: config, api (page 1 of the first slice, its records converted),
database, ledger, table (exists and fits, or may be created; privileges), pushgateway, and where metrics and traces go
by OTLP. Changes nothing anywhere. Exit code: 0 if all are ok, else that of the first that failed: 78 config, ledger or
table; 77 credentials refused; 69 unreachable; 65 data that does not fit.)";

constexpr const char* status = R"(
Reads the ledger; asks nobody else and changes nothing. A hole is a page that is not stored yet; a slice is unproven
until its counts agree. Exit code 0 however the runs ended: read "state" and "verdict" of --json.)";

constexpr const char* report = R"(
Reads the ledger, as `status` does, and writes one self-contained HTML page about one run, for a browser, a mail or a
ticket: how it ended and what to do now, completeness of each slice, pages over time, latency, retries, what is
missing, and the quarantine with samples. The page needs no network and holds no script. It shows what came from the
API, quarantined rows above all, so treat it like the data; secrets of the config are taken out.

  pagehaul report -c orders.yaml last --html last.html
  pagehaul report -c orders.yaml 42 --html - | mail …

A run in progress is shown as it is now. An existing file is overwritten only if it is an HTML page. Exit code 0
however the run ended; 64 no such run, no --html, or a file that cannot be written; 69 database unreachable; 77 it
refused the login; 78 bad config, or a ledger that is older, or newer and does not serve this binary.)";

constexpr const char* retry = R"(
A new run of only those slices that failed, or whose newest pull left quarantined rows or failed pages: use it when the
cause is repaired (a column's type in the config, the data at the source). Pages that merely failed for the moment (exit 69)
need no retry: `pagehaul run` tries them again. Exit codes as `pagehaul run`; 0 also when there is nothing to retry.)";

constexpr const char* abandon = R"(
Every start carries over what older runs did not pull to their end, as long as source.slices still has its dimensions.
What nobody will ever be able to pull, a day that the API refuses say, or a dimension that is gone, stays listed in
`pagehaul status` until this closes it:

  pagehaul abandon -c report.yaml date=2026-10-01 --why "the API deleted that day"
  pagehaul abandon -c report.yaml 17 --why "another account's"       # all that run 17 left

Rows that are stored stay. A run that is at work is left alone.)";

constexpr const char* migrate = R"(
`pagehaul run` does it by itself unless the config says ledger.migrate: manual. Use it to let a role with more rights
create the ledger. Running it twice does no harm, and a newer ledger that serves this binary stays as it is. Exit codes: 0;
69 database unreachable; 77 it refused the login; 78 bad config, missing privileges, or a newer ledger that does not
serve this binary.)";

constexpr const char* schema = R"(
Save it and name it in the file's first line, and your editor completes and checks every key:

  pagehaul schema > pagehaul.schema.json
  # yaml-language-server: $schema=pagehaul.schema.json)";

}  // namespace pagehaul::cli::help
