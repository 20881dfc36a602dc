-- The role with which KEDA reads the queue's length, and nothing else. The view is there once the ledger is: after `pagehaul migrate`, or the first run.
-- A ScaledJob holds one connection, and another while KEDA reads its definition anew.
CREATE ROLE queue_reader LOGIN PASSWORD 'CHANGE-ME' CONNECTION LIMIT 4;
GRANT USAGE ON SCHEMA pagehaul TO queue_reader;
GRANT SELECT ON pagehaul.queue_length TO queue_reader;
