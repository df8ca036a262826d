#!/usr/bin/env python3
"""Several brokers and vaults on one set of stores rotate and sign the same wallets: no signature fails, no epoch is lost,
and what is due is rotated once, whoever does it (B8). WAAS_RACE_SECONDS says how long (default 15)."""
import os
import threading
import time
import unittest

from daemon_pair import DaemonPair
from stack_fixture import DONE, StackTest

SECONDS = float(os.environ.get("WAAS_RACE_SECONDS", "15"))
WALLETS = 24


class RotationRace(StackTest):
    @classmethod
    def prepare(cls):
        cls.hosts = [DaemonPair(cls.stack, f"host{n}") for n in (1, 2)]
        for host in cls.hosts:
            host.up()
        cls.everywhere = [cls.stack, *cls.hosts]
        for n in range(WALLETS):
            made = cls.everywhere[n % 3].waas("--as-service", "wallet", "create", f"w{n}")
            assert made.exit == DONE, made
        cls.good = {f"w{n}": cls.sign(cls.stack, f"w{n}").json["signature"] for n in range(WALLETS)}

    @classmethod
    def tearDownClass(cls):
        for host in getattr(cls, "hosts", []):
            host.down()
        super().tearDownClass()

    @staticmethod
    def sign(host, name):
        return host.waas("--as-service", "sign", "message", "--wallet", name, "-", stdin=b"x")

    def epochs(self):
        return [int(row[0]) for row in self.stack.sql("SELECT epoch FROM waas.wallets ORDER BY id")]

    def together(self, *works):
        failures, results = [], [None] * len(works)
        def run(n):
            try:
                results[n] = works[n]()
            except BaseException as error:
                failures.append(error)
        threads = [threading.Thread(target=run, args=(n,)) for n in range(len(works))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if failures:
            raise failures[0]
        return results

    def test_what_is_due_is_rotated_once(self):
        for _ in range(3):
            before = self.epochs()
            self.stack.sql("UPDATE waas.wallets SET expires_at = now() + interval '2 days'")
            runs = self.together(*[lambda host=host: host.waas("shares", "rotate", "--due") for host in self.everywhere])
            for run in runs:
                self.assertEqual((run.exit, run.json["failed"]), (DONE, 0), run)
            self.assertEqual(sum(run.json["done"] for run in runs), WALLETS)
            self.assertEqual(self.epochs(), [epoch + 1 for epoch in before])

    def test_signatures_go_on_while_everything_is_rotated(self):
        until, counts = time.monotonic() + SECONDS, [0, 0]
        before = self.epochs()

        def sign(n):
            done = 0
            while time.monotonic() < until:
                name = f"w{(n + done) % WALLETS}"
                result = self.sign(self.everywhere[n % 3], name)
                self.assertEqual((result.exit, result.exit == DONE and result.json["signature"]), (DONE, self.good[name]), result)
                done += 1
            return done

        def rotate(host):
            done = 0
            while time.monotonic() < until:
                run = host.waas("shares", "rotate", "--all", "--force")
                self.assertEqual((run.exit, run.json["failed"]), (DONE, 0), run)
                done += run.json["done"]
            return done

        results = self.together(*[lambda n=n: sign(n) for n in range(3)], *[lambda host=host: rotate(host) for host in self.everywhere])
        rotated = sum(results[3:])
        self.assertEqual(sum(self.epochs()) - sum(before), rotated, "an epoch was lost or skipped")
        print(f"{sum(results[:3])} signatures and {rotated} rotations by three hosts in {SECONDS:.0f} s ", end="", flush=True)
        # Nothing is left behind: one version in each place.
        for (wallet, epoch, tag) in self.stack.sql("SELECT encode(id, 'hex'), epoch, tag FROM waas.wallets"):
            for index in (2, 3):
                with self.stack.redis(index - 1) as redis:
                    fields = [f for f in redis("HKEYS", f"mpc:share:{wallet}:{index}") if not f.startswith(b"floor")]
                self.assertIn(f"{epoch}-{int(tag) % 2**64:016x}".encode(), fields)


if __name__ == "__main__":
    unittest.main()
