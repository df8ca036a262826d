#!/usr/bin/env python3
"""Limits over time hold: against many at once, on two hosts, over crashes, and against a database that was put back."""
import base64
import json
import os
import signal
import subprocess
import threading
import unittest

from daemon_pair import DaemonPair
from stack_fixture import BUILD, DONE, NOT_ALLOWED, StackTest, eventually, is_alive
from solana_transfer import base58_decode, transfer_message, unsigned

POLICY = """
format = 1
name = "limits"

[limits.ten-a-day]
uses = 10
per = "1 day"

[limits.sol-a-day]
amount = "2 SOL"
per = "1 day"

[[allow]]
name = "texts"
actions = ["sign-message"]
callers = ["service"]
limits = ["ten-a-day"]

[[allow]]
name = "payments"
actions = ["sign-transaction"]
callers = ["service"]
operations = ["transfer"]
programs = ["system"]
assets = ["SOL"]
destinations = ["any"]
lookup-tables = "none"
max-fee = "0.01 SOL"
max-amounts = ["2 SOL"]
limits = ["sol-a-day"]

[[allow]]
name = "upkeep"
actions = ["rotate", "recover"]
callers = ["daemon", "operator"]
"""
LIMIT = 10
SOL = 1_000_000_000


class Limits(StackTest):
    POLICY = POLICY

    def wallet(self, name):
        made = self.stack.waas("--as-service", "wallet", "create", name)
        self.assertEqual(made.exit, DONE, made)
        return made.json

    def many(self, wallet, calls, *words, sockets=None, connections=8, check=True):
        env = self.stack.env
        process = subprocess.run(
            [BUILD / "tests/sign-many", "--wallet", wallet, "--calls", str(calls), "--connections", str(connections), *words,
             *(sockets or [env["WAAS_SOCKET"]])],
            env=dict(self.stack.environment, WAAS_VAULT_PUB=env["WAAS_VAULT_PUB"]), capture_output=True, text=True, timeout=120)
        if check:
            self.assertEqual(process.returncode, 0, process.stderr)
        return json.loads(process.stdout) if process.returncode == 0 else None

    def message(self, wallet, text):
        return self.stack.waas("--as-service", "sign", "message", "--wallet", wallet, "-", stdin=text.encode())

    def signed_texts(self, wallet_id):
        """How many different messages the log says were signed with a wallet."""
        ((count,),) = self.stack.sql(
            "SELECT count(DISTINCT substring(record FROM 116 FOR 32)) FROM waas.audit WHERE get_byte(record, 1) = 6"
            f" AND encode(substring(record FROM 88 FOR 16), 'hex') = '{wallet_id}'")
        return int(count)

    def assert_used_up(self, wallet):
        result = self.message(wallet, "one more")
        self.assert_refused(result, {"denied_by_policy"}, {NOT_ALLOWED})
        self.assertEqual(json.loads(result.stderr)["rule"], "texts", result)

    def test_a_thousand_at_once_let_exactly_one_through(self):
        made = self.wallet("thousand")
        self.assertEqual(self.many("thousand", LIMIT - 1)["signatures"], LIMIT - 1)
        tally = self.many("thousand", 1000, "--text", "late")
        self.assertEqual(tally["signatures"], 1, tally)
        self.assertEqual(tally["refused"], {"denied_by_policy:texts": 999}, tally)
        self.assertEqual(self.signed_texts(made["walletId"]), LIMIT)

    def test_two_hosts_let_exactly_one_through(self):
        made = self.wallet("hosts")
        second = DaemonPair(self.stack, "second")
        try:
            second.up()
            eventually(lambda: second.waas("health").json["vault"]["policy"] > 0, seconds=30, what="the second daemon's policy")
            sockets = [self.stack.env["WAAS_SOCKET"], second.socket]
            tally = self.many("hosts", LIMIT - 1, sockets=sockets)
            self.assertEqual(tally["signatures"], LIMIT - 1, tally)
            tally = self.many("hosts", 1000, "--text", "late", sockets=sockets)
            self.assertEqual(tally["signatures"], 1, tally)
            self.assertLessEqual(set(tally["refused"]), {"denied_by_policy:texts", "conflict"}, tally)
        finally:
            second.down()
        self.assertEqual(self.signed_texts(made["walletId"]), LIMIT)

    def test_the_same_bytes_are_charged_once(self):
        self.wallet("same")
        tally = self.many("same", 50, "--same")
        self.assertEqual((tally["signatures"], tally["refused"]), (50, {}), tally)
        first, second = self.message("same", "text"), self.message("same", "text")
        self.assertEqual(first.stdout, second.stdout)
        self.assertEqual(self.many("same", LIMIT - 1)["signatures"], LIMIT - 1)
        self.assert_used_up("same")
        self.assertEqual(self.message("same", "text").exit, DONE, "what was charged is signed again")

    def test_items_of_one_call_add_up(self):
        self.wallet("items")
        tally = self.many("items", 1, "--items", "8")
        self.assertEqual((tally["signatures"], tally["refused"]), (8, {}), tally)
        tally = self.many("items", 1, "--items", "16", "--text", "more")
        self.assertEqual((tally["signatures"], tally["refused"]), (2, {"denied_by_policy:texts": 14}), tally)

    def test_amounts_add_up_and_wallets_do_not_share(self):
        wallets = {name: self.wallet(name) for name in ("payer", "other")}

        def pay(name, lamports):
            message = transfer_message(base58_decode(wallets[name]["publicKey"]), os.urandom(32), lamports)
            return self.stack.waas("--as-service", "sign", "transaction", "--wallet", name, "-",
                                   stdin=base64.b64encode(unsigned(message)))

        self.assertEqual(pay("payer", 3 * SOL // 2).exit, DONE)
        refused = pay("payer", SOL)
        self.assert_refused(refused, {"denied_by_policy"}, {NOT_ALLOWED})
        self.assertEqual(json.loads(refused.stderr)["rule"], "payments", refused)
        self.assertEqual(pay("payer", SOL // 4).exit, DONE)
        self.assertEqual(pay("other", SOL).exit, DONE)

    def test_a_database_that_was_put_back_is_noticed(self):
        made = self.wallet("restored")
        where = f"WHERE wallet = '\\x{made['walletId']}'"
        self.assertEqual(self.many("restored", 3)["signatures"], 3)
        ((old,),) = self.stack.sql(f"SELECT row FROM waas.limits {where}")
        self.assertEqual(self.many("restored", 3, "--text", "b")["signatures"], 3)
        ((newest,),) = self.stack.sql(f"SELECT row FROM waas.limits {where}")
        put_back = f"UPDATE waas.limits SET row = '{old}' {where}"
        take_away = f"DELETE FROM waas.limits {where}"
        for restart in (False, True):
            if restart:
                self.stack.restart("vault")  # what it remembers is gone: the floors in Redis are left
            for what in (put_back, take_away):
                self.stack.sql(what)
                self.assert_refused(self.message("restored", "again"), {"rolled_back"})
                self.stack.sql(f"DELETE FROM waas.limits {where}; INSERT INTO waas.limits (row) VALUES ('{newest}')")
        self.assertEqual(self.many("restored", 10, "--text", "c")["signatures"], LIMIT - 6)

    def test_killing_the_daemon_never_gives_more_than_the_limit(self):
        made = self.wallet("killed")
        for part, pid in (("broker", "WAAS_BROKER_PID"), ("vault", "WAAS_GUARD_PID"), ("broker", "WAAS_BROKER_PID")):
            victim = self.stack.pid(pid)
            caller = threading.Thread(target=self.many, args=("killed", 6, "--text", f"{part}-{victim}"), kwargs={"check": False})
            before = self.charges(made["walletId"])
            caller.start()
            eventually(lambda: self.charges(made["walletId"]) != before or not caller.is_alive(), what="a charge")
            os.kill(victim, signal.SIGKILL)
            eventually(lambda: not is_alive(victim), what="the end of a killed process")
            caller.join()
            self.stack.restart(part)
        self.many("killed", 20, "--text", "rest")
        self.assert_used_up("killed")
        self.assertLessEqual(self.signed_texts(made["walletId"]), LIMIT)
        self.assertEqual(self.stack.waas("audit", "verify").exit, DONE)

    def charges(self, wallet_id):
        return self.stack.sql(f"SELECT version FROM waas.limits WHERE wallet = '\\x{wallet_id}'")


if __name__ == "__main__":
    unittest.main()
