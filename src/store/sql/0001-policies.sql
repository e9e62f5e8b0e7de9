-- The policy cache of the sending side, and what happened to its policies.
-- Times are milliseconds since 1970 UTC. "sum" is that of store/row_sum.h.

CREATE TABLE policies (
    domain TEXT NOT NULL PRIMARY KEY,
    id TEXT NOT NULL,
    fetched_at BIGINT NOT NULL,
    used_at BIGINT NOT NULL,
    sum BIGINT NOT NULL,
    body BYTEA NOT NULL
);

-- Newest last; a mode or an id is '' where there is none.
CREATE TABLE history (
    seq BIGINT NOT NULL PRIMARY KEY,
    domain TEXT NOT NULL,
    at BIGINT NOT NULL,
    event TEXT NOT NULL,
    old_mode TEXT NOT NULL,
    old_id TEXT NOT NULL,
    new_mode TEXT NOT NULL,
    new_id TEXT NOT NULL,
    detail TEXT NOT NULL,
    sum BIGINT NOT NULL
);

CREATE INDEX history_domain ON history (domain, seq);

-- One row: the newest time that was ever written, so that no clock begins
-- before it.
CREATE TABLE clock (
    name TEXT NOT NULL PRIMARY KEY,
    newest_at BIGINT NOT NULL,
    sum BIGINT NOT NULL
);
