-- The life of shares: new versions, leases of rotation runs, deletion.
--
-- A wallet is advanced to its next version by one UPDATE that names the version it replaces: the commit point of
-- rotation, recovery and re-wrapping. A deleted wallet stays as a tombstone: certificate and proof of deletion, without
-- any envelope. Its name and its address are free again.

ALTER TABLE waas.wallets
  ALTER COLUMN share DROP NOT NULL,
  ALTER COLUMN recovery DROP NOT NULL,
  ADD COLUMN rotated_at timestamptz NOT NULL DEFAULT now(),
  ADD COLUMN deleted_at timestamptz,
  -- Which run works on the wallet at the moment, by a number of its own. By the database's clock, so that hosts whose
  -- clocks differ agree; a run that died leaves nothing locked for longer than its lease.
  ADD COLUMN leased_by bytea CHECK (octet_length(leased_by) = 16),
  ADD COLUMN leased_until timestamptz,
  ADD CONSTRAINT wallets_whole_or_tombstone CHECK (
    (deleted_at IS NULL) = (share IS NOT NULL) AND (deleted_at IS NULL) = (recovery IS NOT NULL)),
  ADD CONSTRAINT wallets_lease_form CHECK ((leased_by IS NULL) = (leased_until IS NULL));

-- In the old order: who races for the first wallet is told so.
DROP INDEX waas.wallets_first_key;
DROP INDEX waas.wallets_name_key;
DROP INDEX waas.wallets_public_key_key;
CREATE UNIQUE INDEX wallets_first_key ON waas.wallets (owner) WHERE is_first AND deleted_at IS NULL;
CREATE UNIQUE INDEX wallets_name_key ON waas.wallets (owner, name) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX wallets_public_key_key ON waas.wallets (owner, public_key) WHERE deleted_at IS NULL;

-- What an operator looks for by hand. Runs walk the primary key, because a share that is missing can't be seen here.
CREATE INDEX wallets_due ON waas.wallets (expires_at) WHERE deleted_at IS NULL;

-- The certificate, and with it whose wallet it is and its address, can't be changed.
GRANT UPDATE (signature, mac, epoch, tag, expires_at, share, recovery, rotated_at, deleted_at, leased_by, leased_until)
  ON waas.wallets TO waas_broker;
