-- Wallets, accounts and the audit log of the signing daemon.
--
-- The tables are written by the broker and believed by nobody: every row is authenticated by the vault. The constraints
-- keep out what could never be right, so that a fault is seen where it is made. What the database knows of a wallet
-- (id, owner, public key, name, first or not) is cut out of the certificate that the vault signed
-- (protocol/certificate.h), in generated columns: the two can't differ.

CREATE SCHEMA waas;
REVOKE ALL ON SCHEMA waas FROM PUBLIC;

CREATE TABLE waas.migrations (
  number      integer PRIMARY KEY CHECK (number >= 1),
  name        text NOT NULL CHECK (name <> ''),
  checksum    bytea NOT NULL CHECK (octet_length(checksum) = 32),
  applied_at  timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE waas.accounts (
  id          bytea PRIMARY KEY CHECK (octet_length(id) = 16),
  email       text NOT NULL,
  version     bigint NOT NULL CHECK (version >= 0),
  record      bytea NOT NULL CHECK (octet_length(record) BETWEEN 54 AND 4096),
  created_at  timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT accounts_email_key UNIQUE (email),
  -- Canonical form is the protocol's business (protocol/email.h); upper case or blanks would defeat the unique key.
  CONSTRAINT accounts_email_canonical CHECK (
    octet_length(email) BETWEEN 3 AND 254 AND email COLLATE "C" ~ '^[!-?A-~]+@[!-?A-~]+$' AND email COLLATE "C" !~ '[A-Z]')
);

CREATE TABLE waas.wallets (
  id          bytea GENERATED ALWAYS AS (substring(certificate FROM 2 FOR 16)) STORED PRIMARY KEY,
  owner       bytea NOT NULL GENERATED ALWAYS AS (substring(certificate FROM 18 FOR 17)) STORED,
  public_key  bytea NOT NULL GENERATED ALWAYS AS (substring(certificate FROM 35 FOR 32)) STORED,
  is_first    boolean NOT NULL GENERATED ALWAYS AS (get_byte(certificate, 66) = 1) STORED,
  name        bytea NOT NULL GENERATED ALWAYS AS (substring(certificate FROM 77)) STORED,  -- UTF-8
  -- A person's wallet belongs to an account that exists; a service has none.
  user_id     bytea GENERATED ALWAYS AS (
                CASE WHEN get_byte(certificate, 17) = 1 THEN substring(certificate FROM 19 FOR 16) END) STORED,
  certificate bytea NOT NULL,
  signature   bytea NOT NULL CHECK (octet_length(signature) = 64),
  mac         bytea NOT NULL CHECK (octet_length(mac) = 32),
  epoch       bigint NOT NULL CHECK (epoch >= 1),
  tag         bigint NOT NULL,  -- the 64 bits of an unsigned number
  expires_at  timestamptz NOT NULL,
  share       bytea NOT NULL CHECK (octet_length(share) = 86),
  recovery    bytea NOT NULL CHECK (octet_length(recovery) = 118),
  created_at  timestamptz NOT NULL DEFAULT now(),
  -- version | wallet id | owner kind, id | public key | first | created at | name length | name.
  -- CASE: get_byte fails on shorter values, and AND promises no order.
  CONSTRAINT wallets_certificate_form CHECK (
    CASE WHEN octet_length(certificate) BETWEEN 77 AND 140
         THEN get_byte(certificate, 0) = 1 AND get_byte(certificate, 17) IN (1, 2) AND get_byte(certificate, 66) IN (0, 1)
              AND octet_length(certificate) = 76 + get_byte(certificate, 75)
         ELSE false END),
  CONSTRAINT wallets_user_fkey FOREIGN KEY (user_id) REFERENCES waas.accounts (id)
);
-- The order of creation is the order of checking: who races for the first wallet is told so, whatever its name.
CREATE UNIQUE INDEX wallets_first_key ON waas.wallets (owner) WHERE is_first;
CREATE UNIQUE INDEX wallets_name_key ON waas.wallets (owner, name);
CREATE UNIQUE INDEX wallets_public_key_key ON waas.wallets (owner, public_key);

CREATE TABLE waas.audit (
  instance       bytea NOT NULL,
  sequence       bigint NOT NULL,
  record         bytea NOT NULL,
  head_signature bytea,
  recorded_at    timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (instance, sequence),
  -- One constraint, because each costs every insert something, and this is on the path of each signature. That a record
  -- stands in its own place (it holds instance and sequence itself) is for the log's readers to check, who check its
  -- chain as well.
  CONSTRAINT audit_form CHECK (octet_length(instance) = 16 AND sequence >= 1 AND octet_length(record) = 147
                               AND (head_signature IS NULL OR octet_length(head_signature) = 64))
);

-- The broker's rights, and nothing more. A login role gets them by `GRANT waas_broker TO <login role>`. No DELETE and no
-- TRUNCATE anywhere, no change of an audit row or a wallet, no times of its own choice, no DDL.
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'waas_broker') THEN
    CREATE ROLE waas_broker NOLOGIN;
  END IF;
END
$$;
GRANT USAGE ON SCHEMA waas TO waas_broker;
GRANT SELECT, INSERT (id, email, version, record), UPDATE (version, record) ON waas.accounts TO waas_broker;
GRANT SELECT, INSERT (certificate, signature, mac, epoch, tag, expires_at, share, recovery) ON waas.wallets TO waas_broker;
GRANT SELECT, INSERT (instance, sequence, record, head_signature) ON waas.audit TO waas_broker;
