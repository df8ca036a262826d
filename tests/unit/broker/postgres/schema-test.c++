// The schema refuses wrong rows, and the broker's role can do what it must and nothing else.
#include "postgres-fixture.h"

#include <fstream>

namespace waas::broker {
namespace {

std::string hex(kj::ArrayPtr<const kj::byte> bytes) {
  static const char HEX[] = "0123456789abcdef";
  std::string out = "'\\x";
  for (auto b : bytes) {
    out += HEX[b >> 4];
    out += HEX[b & 15];
  }
  return out + "'";
}

// One wallet as SQL, with one column's value replaced.
struct WalletSql {
  explicit WalletSql(const WalletRow& row)
      : values{{"certificate", hex(row.certificate)},
               {"signature", hex(sampleBytes(64, 1))},
               {"mac", hex(sampleBytes(32, 1))},
               {"epoch", "1"},
               {"tag", "-5"},
               {"expires_at", "now()"},
               {"share", hex(row.share)},
               {"recovery", hex(row.recovery)}} {}

  std::string insert(const std::string& column = "", const std::string& value = "") const {
    std::string names, all;
    for (auto& [name, usual] : values) {
      names += (names.empty() ? "" : ", ") + name;
      all += (all.empty() ? "" : ", ") + (name == column ? value : usual);
    }
    return "INSERT INTO waas.wallets (" + names + ") VALUES (" + all + ")";
  }
  std::vector<std::pair<std::string, std::string>> values;
};

class SchemaTest : public PostgresTest {
 protected:
  void SetUp() override {}

  bool refused(const std::string& statement) {
    try {
      server.sqlAsSigner(statement);
      return false;
    } catch (const std::runtime_error& e) {
      last = e.what();
      return true;
    }
  }
  void expectRefused(const std::string& statement, const std::string& reason) {
    EXPECT_TRUE(refused(statement)) << statement;
    EXPECT_NE(last.find(reason), std::string::npos) << statement << "\n" << last;
  }
  std::string last;
};

TEST_F(SchemaTest, WalletsOfWrongFormAreRefused) {
  auto row = sampleWallet(1, service(sampleId(1)), "w", true);
  WalletSql wallet(row);
  auto certificate = [&](size_t at, uint8_t value) {
    auto copy = kj::heapArray<kj::byte>(row.certificate);
    copy[at] = value;
    return hex(copy);
  };
  const std::string check = "violates check constraint";
  for (auto [column, value, reason] : std::vector<std::tuple<std::string, std::string, std::string>>{
           {"signature", hex(sampleBytes(63, 1)), check},
           {"mac", hex(sampleBytes(33, 1)), check},
           {"epoch", "0", check},
           {"share", hex(sampleBytes(85, 1)), check},
           {"share", "NULL", check},
           {"recovery", hex(sampleBytes(119, 1)), check},
           {"recovery", "NULL", check},
           {"expires_at", "NULL", "violates not-null constraint"},
           {"certificate", certificate(0, 2), check},   // version
           {"certificate", certificate(17, 3), check},  // owner kind
           {"certificate", certificate(66, 2), check},  // first
           {"certificate", certificate(75, 2), check},  // name length
           {"certificate", certificate(75, 0), check},
           {"certificate", hex(row.certificate.slice(0, 76)), check},
           {"certificate", hex(row.certificate.slice(0, 40)), "out of valid range"},
           {"certificate", certificate(17, 1), "violates foreign key constraint"},  // a user without account
       }) {
    expectRefused(wallet.insert(column, value), reason);
  }
  EXPECT_FALSE(refused(wallet.insert())) << last;
  expectRefused(wallet.insert(), "wallets_pkey");
}

TEST_F(SchemaTest, WhatTheCertificateSaysCannotBeContradicted) {
  auto row = sampleWallet(1, service(sampleId(1)), "w", true);
  ASSERT_FALSE(refused(WalletSql(row).insert())) << last;
  for (const char* column : {"id", "owner", "public_key", "is_first", "name", "user_id"}) {
    EXPECT_TRUE(refused("UPDATE waas.wallets SET " + std::string(column) + " = DEFAULT"));
    std::string wrong = "UPDATE waas.wallets SET " + std::string(column) + " = NULL";
    EXPECT_THROW(server.sql(wrong), std::runtime_error) << "even the owner can't";
  }
}

TEST_F(SchemaTest, WalletIsWholeOrATombstone) {
  ASSERT_FALSE(refused(WalletSql(sampleWallet(1, service(sampleId(1)), "w", true)).insert())) << last;
  const std::string check = "wallets_whole_or_tombstone";
  expectRefused("UPDATE waas.wallets SET share = NULL", check);
  expectRefused("UPDATE waas.wallets SET recovery = NULL", check);
  expectRefused("UPDATE waas.wallets SET share = NULL, recovery = NULL", check);
  expectRefused("UPDATE waas.wallets SET deleted_at = now()", check);
  expectRefused("UPDATE waas.wallets SET leased_until = now()", "wallets_lease_form");
  EXPECT_FALSE(refused("UPDATE waas.wallets SET share = NULL, recovery = NULL, deleted_at = now()")) << last;
}

TEST_F(SchemaTest, AccountsOfWrongFormAreRefused) {
  auto insert = [&](const std::string& id, const std::string& email, const std::string& version,
                    const std::string& record) {
    return "INSERT INTO waas.accounts (id, email, version, record) VALUES (" + id + ", " + email + ", " + version +
           ", " + record + ")";
  };
  auto id = hex(sampleBytes(16, 1)), record = hex(sampleBytes(100, 1));
  expectRefused(insert(hex(sampleBytes(15, 1)), "'a@b'", "1", record), "accounts_id_check");
  expectRefused(insert(id, "'A@b'", "1", record), "accounts_email_canonical");
  expectRefused(insert(id, "'a b@c'", "1", record), "accounts_email_canonical");
  expectRefused(insert(id, "'ab'", "1", record), "accounts_email_canonical");
  expectRefused(insert(id, "'a@b@c'", "1", record), "accounts_email_canonical");
  expectRefused(insert(id, "'ä@b'", "1", record), "accounts_email_canonical");
  expectRefused(insert(id, "repeat('a', 253) || '@b'", "1", record), "accounts_email_canonical");
  expectRefused(insert(id, "'a@b'", "-1", record), "accounts_version_check");
  expectRefused(insert(id, "'a@b'", "1", hex(sampleBytes(53, 1))), "accounts_record_check");
  expectRefused(insert(id, "'a@b'", "1", hex(sampleBytes(4097, 1))), "accounts_record_check");
  EXPECT_FALSE(refused(insert(id, "'a@b'", "1", record))) << last;
  expectRefused(insert(hex(sampleBytes(16, 2)), "'a@b'", "1", record), "accounts_email_key");
}

TEST_F(SchemaTest, AuditRowsHaveTheFormOfOne) {
  auto insert = [&](const AuditRow& row, const std::string& sequence, size_t instanceSize, size_t recordSize) {
    return "INSERT INTO waas.audit (instance, sequence, record) VALUES (" +
           hex(kj::arrayPtr(row.instance.data(), instanceSize)) + ", " + sequence + ", " +
           hex(kj::arrayPtr(row.record.data(), recordSize)) + ")";
  };
  auto row = sampleAudit(sampleId(1), 7);
  expectRefused(insert(row, "0", 16, AUDIT_RECORD_BYTES), "audit_form");
  expectRefused(insert(row, "7", 15, AUDIT_RECORD_BYTES), "audit_form");
  expectRefused(insert(row, "7", 16, AUDIT_RECORD_BYTES - 1), "audit_form");
  EXPECT_FALSE(refused(insert(row, "7", 16, AUDIT_RECORD_BYTES))) << last;
  expectRefused(insert(row, "7", 16, AUDIT_RECORD_BYTES), "audit_pkey");
}

TEST_F(SchemaTest, BrokersRoleCanAppendButNeverChangeTheLog) {
  auto row = sampleAudit(sampleId(1), 1);
  server.sqlAsSigner("INSERT INTO waas.audit (instance, sequence, record) VALUES (" +
                     hex(kj::arrayPtr(row.instance.data(), 16)) + ", 1, " +
                     hex(kj::arrayPtr(row.record.data(), row.record.size())) + ")");
  const std::string denied = "permission denied";
  expectRefused("UPDATE waas.audit SET head_signature = NULL", denied);
  expectRefused("DELETE FROM waas.audit", denied);
  expectRefused("TRUNCATE waas.audit", denied);
  expectRefused("DROP TABLE waas.audit", "must be owner");
  expectRefused("ALTER TABLE waas.audit DISABLE TRIGGER ALL", "must be owner");
  expectRefused("INSERT INTO waas.audit (instance, sequence, record, recorded_at) VALUES ('', 1, '', '1999-01-01')",
                denied);
  expectRefused("SELECT 1 FROM waas.audit FOR UPDATE", denied);
}

TEST_F(SchemaTest, BrokersRoleCannotDeleteOrRedefineAnything) {
  const std::string denied = "permission denied";
  for (const char* table : {"accounts", "wallets"}) {
    expectRefused("DELETE FROM waas." + std::string(table), denied);
    expectRefused("TRUNCATE waas." + std::string(table), denied);
    expectRefused("DROP TABLE waas." + std::string(table), "must be owner");
  }
  for (const char* column : {"certificate", "created_at", "id", "owner"}) {
    expectRefused("UPDATE waas.wallets SET " + std::string(column) + " = " + column, "");
  }
  expectRefused("UPDATE waas.wallets SET certificate = ''", denied);
  expectRefused("UPDATE waas.accounts SET email = 'x@y'", denied);
  expectRefused("UPDATE waas.accounts SET id = ''", denied);
  expectRefused("INSERT INTO waas.accounts (id, email, version, record, created_at) VALUES ('', '', 1, '', now())",
                denied);
  expectRefused("SELECT * FROM waas.migrations", denied);
  expectRefused("CREATE TABLE waas.mine (x int)", denied);
  expectRefused("CREATE TABLE public.mine (x int)", denied);
  expectRefused("CREATE ROLE mine", denied);
  expectRefused("ALTER ROLE waas_broker LOGIN", "");
  expectRefused("SET ROLE postgres", denied);
}

TEST_F(SchemaTest, MigrationsAreNumberedAndRunInOneTransaction) {
  // The convention of sql/README.md that can be seen from outside.
  for (auto* word : {"BEGIN;", "COMMIT;", "CONCURRENTLY", "VACUUM"}) {
    std::ifstream file(std::string(WAAS_SQL_FOLDER) + "/0001-signer.sql");
    std::string text{std::istreambuf_iterator<char>(file), {}};
    ASSERT_FALSE(text.empty());
    EXPECT_EQ(text.find(word), std::string::npos) << word;
  }
}

}  // namespace
}  // namespace waas::broker
