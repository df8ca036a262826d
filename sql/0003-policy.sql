-- Policy bundles, and what wallets have used up of the policy's limits.
--
-- Both are written by the broker and believed by nobody: bundles are signed with the policy key, limit rows authenticated
-- by the vault (protocol/policy-bundle.h, protocol/limit-row.h).

CREATE TABLE waas.policies (
  number    bigint PRIMARY KEY CHECK (number >= 1),
  bundle    bytea NOT NULL CHECK (octet_length(bundle) BETWEEN 64 AND 131072),
  loaded_at timestamptz NOT NULL DEFAULT now()
);

-- A wallet has a row from its first charge on. Wallet and version are cut out of the row, so they can't differ from it:
-- kind | wallet id 16 | number 8 | MAC 32 | tag 8 | …
CREATE TABLE waas.limits (
  wallet  bytea GENERATED ALWAYS AS (substring(row FROM 2 FOR 16)) STORED PRIMARY KEY,
  version bytea NOT NULL GENERATED ALWAYS AS (substring(row FROM 18 FOR 8) || substring(row FROM 58 FOR 8)) STORED,
  row     bytea NOT NULL CHECK (octet_length(row) BETWEEN 99 AND 8192),
  CONSTRAINT limits_wallet_fkey FOREIGN KEY (wallet) REFERENCES waas.wallets (id)
);

-- A bundle is never changed; a limit row only by replacing it whole.
GRANT SELECT, INSERT (number, bundle) ON waas.policies TO waas_broker;
GRANT SELECT, INSERT (row), UPDATE (row) ON waas.limits TO waas_broker;
