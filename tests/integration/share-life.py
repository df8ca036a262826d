#!/usr/bin/env python3
"""The life of shares on a real stack: rotation, recovery, what happens while a Redis is away, and what it comes back with."""
import os
import signal
import unittest

from stack_fixture import DONE, FAILED, UNREACHABLE, WalletTest, eventually

DAY_MS = 24 * 3600 * 1000


class ShareLife(WalletTest):
    def status(self):
        (row,) = [row for row in self.waas("shares", "status").json if row["wallet"] == self.wallet_id]
        return row

    def key(self, index):
        return f"mpc:share:{self.wallet_id}:{index}"

    def fields(self, index):
        with self.stack.redis(index - 1) as redis:
            flat = redis("HGETALL", self.key(index))
        return dict(zip(flat[::2], flat[1::2]))

    def versions(self, index):
        return sorted(int(name.split(b"-")[0]) for name in self.fields(index) if not name.startswith(b"floor"))

    def row(self):
        ((epoch, share, recovery),) = self.stack.sql(
            f"SELECT epoch, encode(share, 'hex'), encode(recovery, 'hex') FROM waas.wallets WHERE id = '\\x{self.wallet_id}'")
        return int(epoch), share, recovery

    def last_audit_event(self, event):
        for row in reversed(self.stack.waas("audit", "tail", "--limit", "200").json):
            if row.get("event") == event and row.get("wallet", row.get("walletId")) == self.wallet_id:
                return row
        return None

    # Rotation.

    def test_a_forced_rotation_makes_every_share_anew_and_the_key_stays(self):
        before, old = self.signs(), (self.row(), self.fields(2), self.fields(3))
        result = self.waas("shares", "rotate", "--wallet", self.name, "--force")
        self.assertEqual(result.exit, DONE, result)
        self.assertEqual(result.json["done"], 1, result)
        self.assertEqual(self.row()[0], 2)
        self.assertNotEqual(self.row()[1:], old[0][1:])
        self.assertEqual((self.versions(2), self.versions(3)), ([2], [2]), "old shares stay")
        self.assertEqual(self.signs(), before, "another key signs")
        self.assertIn(b"floor", self.fields(2))

    def test_what_is_not_due_is_left_alone(self):
        result = self.waas("shares", "rotate", "--wallet", self.name)
        self.assertEqual((result.exit, result.json["done"], result.json["skipped"]), (DONE, 0, 1), result)
        self.assertEqual(self.row()[0], 1)

    def test_old_and_new_shares_do_not_combine(self):
        old2 = next(value for name, value in self.fields(2).items() if not name.startswith(b"floor"))
        self.waas("shares", "rotate", "--wallet", self.name, "--force")
        (field,) = [name for name in self.fields(2) if not name.startswith(b"floor")]
        with self.stack.redis(1) as redis:
            redis("HSET", self.key(2), field, old2)
        result = self.sign()
        self.assertIn(result.code, ("", "record_refused"), result)  # refused, or recovered before it signed
        eventually(lambda: self.sign().exit == DONE, what="recovery of a damaged share")
        health = self.stack.waas("health").json
        self.assertTrue([risk for risk in health["risks"] if "tampering" in risk], health["risks"])

    def test_a_signature_queues_what_is_due_and_does_not_wait(self):
        self.stack.sql(f"UPDATE waas.wallets SET expires_at = now() + interval '3 days' WHERE id = '\\x{self.wallet_id}'")
        self.assertTrue(self.status()["daysUntilExpiry"] > 7)  # what Redis says
        self.signs()
        eventually(lambda: self.row()[0] == 2, what="the rotation of what a signature found to be due")
        self.signs()

    def test_due_runs_find_what_ends_soon_and_what_is_missing(self):
        with self.stack.redis(1) as redis:
            redis("PEXPIRE", self.key(2), 2 * DAY_MS)
        self.assertTrue(self.status()["needsRotation"])
        result = self.stack.waas("shares", "rotate", "--due")
        self.assertEqual(result.exit, DONE, result)
        self.assertEqual(self.row()[0], 2)
        self.assertFalse(self.status()["needsRotation"])
        with self.stack.redis(2) as redis:
            redis("DEL", self.key(3))
        self.assertEqual(self.status()["missingShares"], [3])
        result = self.stack.waas("shares", "rotate", "--due")
        self.assertEqual(result.exit, DONE, result)
        self.assertGreaterEqual(result.json["recovered"], 1, result)
        self.assertEqual(self.status()["missingShares"], [])
        self.signs()

    def test_all_are_rotated_once_by_force(self):
        before = {row[0]: int(row[1]) for row in self.stack.sql("SELECT id, epoch FROM waas.wallets")}
        result = self.stack.waas("shares", "rotate", "--all", "--force")
        self.assertEqual(result.exit, DONE, result)
        after = {row[0]: int(row[1]) for row in self.stack.sql("SELECT id, epoch FROM waas.wallets")}
        self.assertEqual(result.json["done"], len(before))
        self.assertEqual(after, {id: epoch + 1 for id, epoch in before.items()})
        self.signs()

    def test_the_expiry_in_postgres_is_never_later_than_in_redis(self):
        self.waas("shares", "rotate", "--wallet", self.name, "--force")
        ((says,),) = self.stack.sql(f"SELECT (extract(epoch FROM expires_at) * 1000)::bigint FROM waas.wallets WHERE id = '\\x{self.wallet_id}'")
        for index in (2, 3):
            with self.stack.redis(index - 1) as redis:
                (seconds, micros), left = redis("TIME"), redis("PTTL", self.key(index))
            self.assertLessEqual(int(says), int(seconds) * 1000 + int(micros) // 1000 + left + 50)

    # Recovery.

    def test_a_missing_share_is_recovered_on_the_way_to_a_signature(self):
        before = self.signs()
        for index in (2, 3):
            with self.stack.redis(index - 1) as redis:
                redis("DEL", self.key(index))
            self.assertEqual(self.status()["missingShares"], [index])
            self.assertEqual(self.signs(), before)
            self.assertEqual(self.status()["missingShares"], [])
        self.assertEqual(self.row()[0], 3)

    def test_both_redis_flushed_and_every_wallet_signs(self):
        before = self.signs()
        for n in (1, 2):
            with self.stack.redis(n) as redis:
                redis("FLUSHALL")
        self.assertEqual(self.status()["missingShares"], [2, 3])
        self.assertEqual(self.signs(), before)
        result = self.stack.waas("shares", "recover", "--all")
        self.assertEqual((result.exit, result.json["failed"]), (DONE, 0), result)
        rows = self.waas("shares", "status").json
        self.assertEqual([row for row in rows if row["missingShares"]], [])

    def test_recover_does_nothing_else(self):
        result = self.stack.waas("shares", "recover", "--all")
        self.assertEqual(result.exit, DONE, result)
        self.assertEqual(self.row()[0], 1)

    # A Redis that is away.

    def test_missing_is_not_unreachable(self):
        os.kill(self.stack.pid("REDIS_2_PID"), signal.SIGKILL)
        try:
            row = eventually(lambda: (r := self.status())["unreachableShares"] and r, what="share 3 unreachable")
            self.assertEqual((row["missingShares"], row["unreachableShares"]), ([], [3]))
            result = self.waas("shares", "rotate", "--wallet", self.name, "--force")
            self.assert_refused(result, {"redis_unreachable"}, {UNREACHABLE})
            result = self.sign()
            if result.exit != DONE:  # what the policy allows
                self.assert_refused(result, {"redis_unreachable", "denied_by_policy"}, {UNREACHABLE, 4})
            with self.stack.redis(1) as redis:
                redis("PEXPIRE", self.key(2), 5 * DAY_MS)
            run = self.stack.waas("shares", "rotate", "--due")
            self.assertEqual(run.exit, FAILED, run)
            with self.stack.redis(1) as redis:
                self.assertGreater(redis("PTTL", self.key(2)), 6 * DAY_MS, "the living share is not kept alive")
        finally:
            self.stack.restart("redis2")
        eventually(lambda: self.sign().exit == DONE, what="signing")
        self.assertEqual(self.status()["unreachableShares"], [])


if __name__ == "__main__":
    unittest.main()
