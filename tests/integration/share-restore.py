#!/usr/bin/env python3
"""Back-ups put back: PostgreSQL older than Redis, Redis older than PostgreSQL, all from one moment. What docs/restore.md
promises (B9)."""
import subprocess
import unittest
from urllib.parse import urlsplit

from stack_fixture import DONE, WalletTest


class ShareRestore(WalletTest):
    def setUp(self):
        super().setUp()
        self.good = super().signs()

    def signs(self):
        self.assertEqual(super().signs(), self.good)

    def rotate(self):
        result = self.waas("shares", "rotate", "--wallet", self.name, "--force")
        self.assertEqual((result.exit, result.json["done"]), (DONE, 1), result)

    def epoch(self):
        return int(self.stack.sql(f"SELECT epoch FROM waas.wallets WHERE id = '\\x{self.wallet_id}'")[0][0])

    # Back-ups.

    def psql_environment(self):
        url = urlsplit(self.stack.env["WAAS_STACK_DATABASE_URL"])
        return dict(self.stack.environment, PGPASSWORD=url.password, PGUSER=url.username, PGDATABASE=url.path.lstrip("/"),
                    PGHOST=url.query.removeprefix("host="))

    def dump_postgres(self):
        return subprocess.run(["pg_dump", "--data-only", "--table=waas.wallets"], env=self.psql_environment(), check=True,
                              capture_output=True, text=True).stdout

    def restore_postgres(self, dump):
        script = "SET session_replication_role = replica; DELETE FROM waas.wallets;\n" + dump
        subprocess.run(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", "-"], env=self.psql_environment(), check=True,
                       input=script, capture_output=True, text=True)

    def dump_redis(self, n):
        with self.stack.redis(n) as redis:
            return {key: (redis("DUMP", key), redis("PTTL", key)) for key in redis("KEYS", "mpc:share:*")}

    def restore_redis(self, n, dump):
        with self.stack.redis(n) as redis:
            redis("FLUSHALL")
            for key, (value, left) in dump.items():
                redis("RESTORE", key, left, value)

    # What happens.

    def test_an_older_postgres_is_refused_until_an_operator_says_that_it_is_meant(self):
        dump = self.dump_postgres()
        self.rotate()
        self.restore_postgres(dump)
        self.assertEqual(self.epoch(), 1)
        self.assert_refused(self.sign(), {"rolled_back"})
        # What the daemon does by itself does not bring it back either.
        run = self.stack.waas("shares", "rotate", "--due")
        self.assertIn("rolled_back", [failure["code"] for failure in run.json["failures"]], run)
        self.assert_refused(self.sign(), {"rolled_back"})
        run = self.stack.waas("shares", "recover", "--all")
        self.assertEqual((run.exit, run.json["failed"]), (DONE, 0), run)
        self.assertGreater(self.epoch(), 2, "not above every epoch that was seen")
        self.signs()

    def test_an_older_postgres_stays_refused_by_a_vault_that_was_started_anew(self):
        dump = self.dump_postgres()
        self.rotate()
        self.restore_postgres(dump)
        self.stack.restart("vault")
        self.assert_refused(self.sign(), {"rolled_back"})
        self.stack.waas("shares", "recover", "--all")
        self.signs()

    def test_older_redis_servers_are_recovered_by_themselves(self):
        for servers in ((1,), (2,), (1, 2)):
            with self.subTest(servers=servers):
                dumps = {n: self.dump_redis(n) for n in servers}
                self.rotate()
                for n in servers:
                    self.restore_redis(n, dumps[n])
                before = self.epoch()
                self.signs()
                self.assertEqual(self.epoch(), before + 1)

    def test_all_from_one_moment_works_with_a_vault_that_was_started_anew(self):
        postgres, redis = self.dump_postgres(), {n: self.dump_redis(n) for n in (1, 2)}
        self.rotate()
        self.signs()
        self.restore_postgres(postgres)
        for n in (1, 2):
            self.restore_redis(n, redis[n])
        # The vault remembers that there was more: that is what notices a rollback of all stores.
        self.assert_refused(self.sign(), {"rolled_back"})
        self.stack.restart("vault")
        self.signs()
        self.assertEqual(self.epoch(), 1)

    def test_old_shares_in_one_redis_and_an_old_row_do_not_make_a_wallet(self):
        postgres, redis = self.dump_postgres(), self.dump_redis(1)
        self.rotate()
        self.restore_postgres(postgres)
        self.restore_redis(1, redis)
        self.assert_refused(self.sign(), {"rolled_back"})
        self.stack.waas("shares", "recover", "--all")
        self.signs()


if __name__ == "__main__":
    unittest.main()
