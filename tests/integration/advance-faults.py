#!/usr/bin/env python3
"""Every step of create, import, rotate, recover and delete is interrupted: before and after each write to a store, the vault, the
broker, PostgreSQL, Redis 1 or Redis 2 is killed (SIGKILL), or the connection is cut. Afterwards an independent reader (another
vault and broker on the same stores, and a look into the stores themselves) finds every wallet whole, or never announced (B7).

WAAS_FAULTS=all goes through all points; otherwise a part of them, another one each day."""
import json
import os
import signal
import subprocess
import time
import unittest

from daemon_pair import DaemonPair
from stack_fixture import DONE, StackTest
from store_proxy import Proxy, Trigger

STORES = {"postgres": "POSTGRES_PID", "redis1": "REDIS_1_PID", "redis2": "REDIS_2_PID"}
VICTIMS = ["cut", "vault", "broker", "redis1", "redis2", "postgres"]
BUDGET = 40 if os.environ.get("WAAS_FAULTS") != "all" else 3600  # seconds for all operations together


class AdvanceFaults(StackTest):
    @classmethod
    def prepare(cls):
        cls.trigger = Trigger()
        folder = cls.stack.root / "p"
        folder.mkdir(mode=0o711)
        pair = DaemonPair(cls.stack, "victim", folder, folder / "1.sock", folder / "2.sock")
        cls.proxies = [Proxy("postgres", "postgres", folder / ".s.PGSQL.5432", pair.sockets / "postgres/.s.PGSQL.5432", cls.trigger),
                       Proxy("redis1", "redis", folder / "1.sock", pair.sockets / "redis1/redis.sock", cls.trigger),
                       Proxy("redis2", "redis", folder / "2.sock", pair.sockets / "redis2/redis.sock", cls.trigger)]
        cls.pair = pair.up()
        cls.number, cls.points, cls.alive, cls.gone = 0, 0, set(), set()

    @classmethod
    def tearDownClass(cls):
        cls.pair.down()
        for proxy in cls.proxies:
            proxy.close()
        super().tearDownClass()

    # Operations through the victim. Each gives the wallet it is about, and what to do.

    def make(self, through=None):
        AdvanceFaults.number += 1
        name = f"w{self.number}"
        result = (through or self.stack).waas("--as-service", "wallet", "create", name)
        return name, result

    def given(self):
        name, result = self.make()
        self.assertEqual(result.exit, DONE, result)
        self.alive.add(result.json["walletId"])
        return result.json["walletId"]

    def create(self):
        def work():
            _, result = self.make(self.pair)
            if result.exit == DONE:
                self.alive.add(result.json["walletId"])
            return result
        return None, work

    def rotate(self):
        wallet = self.given()
        return wallet, lambda: self.pair.waas("--as-service", "shares", "rotate", "--wallet", wallet, "--force")

    def recover(self):
        wallet = self.given()
        index = 2 + self.number % 2
        with self.stack.redis(index - 1) as redis:
            redis("DEL", f"mpc:share:{wallet}:{index}")
        return wallet, lambda: self.pair.waas("--as-service", "sign", "message", "--wallet", wallet, "-", stdin=b"x")

    def import_key(self):
        def openssl(*words, data=b""):
            return subprocess.run(["openssl", *words], input=data, capture_output=True, check=True).stdout
        private = openssl("genpkey", "-algorithm", "ed25519", "-outform", "DER")
        public = openssl("pkey", "-inform", "DER", "-pubout", "-outform", "DER", data=private)
        AdvanceFaults.number += 1
        name, file = f"w{self.number}", json.dumps(list(private[-32:] + public[-32:])).encode()

        def work():
            result = self.pair.waas("--as-service", "wallet", "import", "-", "--name", name, stdin=file)
            if result.exit == DONE:
                self.alive.add(result.json["walletId"])
            return result
        return None, work

    def delete(self):
        wallet = self.given()
        number = self.number
        def work():
            result = self.pair.waas("--as-service", "wallet", "delete", wallet, "--confirm", f"w{number}")
            if result.exit == DONE:
                self.alive.discard(wallet)
                self.gone.add(wallet)
            return result
        return wallet, work

    # The faults.

    def strike(self, victim):
        if victim == "cut":
            return "cut"
        if victim in STORES:
            os.kill(self.stack.pid(STORES[victim]), signal.SIGKILL)
        else:
            self.pair.kill(victim)
        return None

    def mend(self, victim):
        if victim in STORES:
            self.stack.restart(victim)
        self.pair.mend()

    def trial(self, operation, at, after, victim):
        wallet, work = operation()
        self.trigger.arm(at, after, lambda connection: self.strike(victim))
        work()
        fired = self.trigger.fired
        if fired:  # the call may be answered before the blow has fallen
            self.assertTrue(self.trigger.acted.wait(30), "the write was never answered")
        self.trigger.disarm()
        if fired:
            self.mend(victim)
        if wallet:
            self.check(wallet, f"{operation.__name__}, {victim} {'after' if after else 'before'} write {at}")
        return fired

    # The independent reader.

    def versions_of(self, wallet):
        rows = self.stack.sql(f"SELECT epoch, tag, deleted_at IS NOT NULL FROM waas.wallets WHERE id = '\\x{wallet}'")
        if not rows:
            return None, None
        ((epoch, tag, deleted),) = rows
        return (f"{epoch}-{int(tag) % 2**64:016x}".encode(), deleted == "t")

    def check(self, wallet, what):
        version, deleted = self.versions_of(wallet)
        self.assertIsNotNone(version, f"{what}: the row of an announced wallet is gone")
        result = self.stack.waas("--as-service", "sign", "message", "--wallet", wallet, "-", stdin=b"x")
        if deleted:
            self.assertIn(result.code, ("wallet_deleted", "unknown_wallet"), f"{what}: {result}")
            self.alive.discard(wallet)
            return
        self.assertNotIn(wallet, self.gone, f"{what}: a wallet that was deleted is back")
        self.assertEqual(result.exit, DONE, f"{what}: {result}\n{self.stack.log('broker')[-1500:]}")
        version, _ = self.versions_of(wallet)
        for index in (2, 3):
            with self.stack.redis(index - 1) as redis:
                fields = redis("HKEYS", f"mpc:share:{wallet}:{index}")
            self.assertIn(version, fields, f"{what}: share {index} of the version in PostgreSQL is missing")

    def points_of(self, operation):
        _, work = operation()
        self.trigger.arm(0, False, None)
        result = work()
        self.assertEqual(result.exit, DONE, result)
        names, seen = list(self.trigger.names), self.trigger.seen
        self.trigger.disarm()
        print(f"\n{operation.__name__}: {seen} writes: {', '.join(names)}", end="", flush=True)
        return seen

    def run_operation(self, operation, share):
        began, hits = time.monotonic(), 0
        plan = [(at, after, victim) for at in range(1, self.points_of(operation) + 1) for after in (False, True)
                for victim in VICTIMS]
        if BUDGET < 3600:  # another part each day, spread evenly
            start = int(time.time() // 86400) % len(plan)
            step = next(step for step in range(7, 100) if all(len(plan) % p or step % p for p in range(2, step + 1)))
            plan = [plan[(start + i * step) % len(plan)] for i in range(len(plan))]
        for at, after, victim in plan:
            if time.monotonic() - began > share:
                break
            hits += self.trial(operation, at, after, victim)
        AdvanceFaults.points += hits
        print(f"; {hits} of {len(plan)} points hit in {time.monotonic() - began:.0f} s ", end="", flush=True)
        self.assertGreater(hits, 0)

    def test_create(self):
        self.run_operation(self.create, BUDGET / 5)

    def test_rotate(self):
        self.run_operation(self.rotate, BUDGET / 5)

    def test_recover(self):
        self.run_operation(self.recover, BUDGET / 5)

    def test_import(self):
        self.run_operation(self.import_key, BUDGET / 5)

    def test_delete(self):
        self.run_operation(self.delete, BUDGET / 5)

    def test_z_every_wallet_that_was_ever_announced_signs(self):
        for wallet in sorted(self.alive):
            self.check(wallet, "at the end")
        # No wallet is half there: whatever row PostgreSQL has, its shares are there.
        for (wallet,) in self.stack.sql("SELECT encode(id, 'hex') FROM waas.wallets WHERE deleted_at IS NULL"):
            self.check(wallet, "at the end, of all rows")
        print(f"{self.points} points hit, {len(self.alive)} wallets whole ", end="", flush=True)


if __name__ == "__main__":
    unittest.main()
