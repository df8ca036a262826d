#!/usr/bin/env python3
"""Vault, guard and broker killed under load and started again: nothing that was promised is lost, nothing that was signed
is missing in the audit log."""
import os
import signal
import unittest

from load import Load
from stack_fixture import DONE, NOT_ALLOWED, UNREACHABLE, StackTest, eventually, is_alive

# What a caller may be told while a part is gone.
GONE = {"vault_unreachable", "signer_unreachable", "deadline_exceeded", "outcome_unknown", "overloaded", "audit_unavailable",
        "conflict"}
# A broker that has just been started takes calls before it has found its stores again.
STARTING = GONE | {"postgres_unreachable", "redis_unreachable"}


class PartsKilled(StackTest):
    def killed_under_load(self, name, part, others_end=(), allowed=GONE):
        with Load(self.stack) as load:
            ending = {other: self.stack.pid(other) for other in others_end}
            os.kill(self.stack.pid(name), signal.SIGKILL)
            for other, pid in ending.items():
                eventually(lambda pid=pid: not is_alive(pid), 5, f"{other} ending with {name}")
            load.until_failing(count=1)
            self.stack.restart(part)
            seconds = load.until_signing()
        calls, failed, signatures = load.check(self, allowed)
        print(f"{calls} calls, {failed} refused, {signatures} signatures beside them, service again {seconds:.1f} s after the start ", end="", flush=True)

    def test_vault_killed(self):
        self.killed_under_load("WAAS_VAULT_PID", "vault", ["WAAS_GUARD_PID"])

    def test_guard_killed_takes_the_vault_along(self):
        self.killed_under_load("WAAS_GUARD_PID", "vault", ["WAAS_VAULT_PID"])

    def test_broker_killed(self):
        self.killed_under_load("WAAS_BROKER_PID", "broker", allowed=STARTING)

    def test_broker_ends_and_starts_again_while_the_vault_stays(self):
        vault = self.stack.pid("WAAS_VAULT_PID")
        with Load(self.stack) as load:
            self.stack.restart("broker")
            load.until_signing()
        load.check(self, STARTING)
        self.assertEqual(self.stack.pid("WAAS_VAULT_PID"), vault)

    def test_sessions_outlive_the_vault(self):
        ada = self.stack.person("ada").sign_up()
        self.stack.restart("vault")
        result = ada.sign_message()
        self.assertEqual(result.exit, DONE, result)

    def test_a_challenge_of_an_earlier_life_is_not_taken(self):
        # The password is right, so any refusal is the challenge's; the command asks for a new one each time, and works.
        bob = self.stack.person("bob").sign_up()
        self.stack.restart("vault")
        self.assertEqual(bob.sign_in().exit, DONE)

    def test_without_a_vault_calls_are_refused_and_health_says_so(self):
        os.kill(self.stack.pid("WAAS_GUARD_PID"), signal.SIGKILL)
        try:
            report = eventually(lambda: self.no_vault(), what="the report that the vault is away")
            self.assertTrue(report["risks"])
            result = self.stack.waas("--as-service", "wallet", "list")
            self.assert_refused(result, {"vault_unreachable", "not_allowed"}, {UNREACHABLE, NOT_ALLOWED})
        finally:
            self.stack.restart("vault")

    def no_vault(self):
        # Who enters while the vault is away gets no role, since only the vault knows who may have one.
        result = self.stack.waas("health")
        if result.exit == UNREACHABLE and result.code == "vault_unreachable":
            return {"risks": ["vault"]}
        return result.stdout and not result.json["vault"]["reachable"] and result.json


if __name__ == "__main__":
    unittest.main()
