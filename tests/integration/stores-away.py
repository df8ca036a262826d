#!/usr/bin/env python3
"""Stores that go away and come back under load: errors are clear and quick, service resumes by itself, the audit log has
no gap, and no wallet that was promised is lost."""
import os
import signal
import time
import unittest

from load import DEADLINE, Load
from stack_fixture import DONE, UNREACHABLE, StackTest

AWAY = {
    "redis1": {"redis_unreachable", "deadline_exceeded", "share_missing"},
    "redis2": {"redis_unreachable", "deadline_exceeded", "share_missing"},
    # While PostgreSQL is down nothing can be recorded either; a commit whose answer was lost is said to be unknown.
    "postgres": {"postgres_unreachable", "audit_unavailable", "deadline_exceeded", "outcome_unknown", "conflict"},
}
PIDS = {"redis1": "REDIS_1_PID", "redis2": "REDIS_2_PID", "postgres": "POSTGRES_PID"}


class StoresAway(StackTest):
    def away_and_back(self, part):
        """Kills a store, sees calls refused quickly, starts it again."""
        with Load(self.stack) as load:
            os.kill(self.stack.pid(PIDS[part]), signal.SIGKILL)
            load.until_failing()
            health = self.stack.waas("health")
            self.assertEqual([store["name"] for store in health.json["stores"] if not store["reachable"]], [part], health)
            self.assertNotEqual(health.exit, DONE)
            self.assertTrue(health.json["risks"])
            self.stack.restart(part)
            seconds = load.until_signing()
        calls, failed, signatures = load.check(self, AWAY[part])
        print(f"{part}: {calls} calls, {failed} refused, {signatures} signatures beside them, service again {seconds:.1f} s after the start ", end="", flush=True)

    def test_redis_1_killed_and_started_again(self):
        self.away_and_back("redis1")

    def test_redis_2_killed_and_started_again(self):
        self.away_and_back("redis2")

    def test_postgres_killed_and_started_again(self):
        self.away_and_back("postgres")

    def hanging(self, part):
        """Stops a store without closing its connections: only deadlines help."""
        pid = self.stack.pid(PIDS[part])
        pids = [pid]
        if part == "postgres":  # its backends, too
            with open(f"/proc/{pid}/task/{pid}/children") as children:
                pids += [int(child) for child in children.read().split()]
        with Load(self.stack) as load:
            for each in pids:
                os.kill(each, signal.SIGSTOP)
            try:
                load.until_failing(seconds=4 * DEADLINE)
            finally:
                for each in pids:
                    os.kill(each, signal.SIGCONT)
            seconds = load.until_signing()
        load.check(self, AWAY[part])
        print(f"{part}: service again after {seconds:.1f} s ", end="", flush=True)

    def test_a_hanging_redis_holds_nobody_longer_than_the_deadline(self):
        self.hanging("redis1")

    def test_a_hanging_postgres_holds_nobody_longer_than_the_deadline(self):
        self.hanging("postgres")

    def test_while_a_store_is_away_refusals_come_at_once(self):
        os.kill(self.stack.pid("REDIS_2_PID"), signal.SIGKILL)
        self.stack.waas("--as-service", "wallet", "create", "quick")
        try:
            began = time.monotonic()
            results = [self.stack.waas("--as-service", "wallet", "create", f"quick-{n}") for n in range(5)]
            for result in results:
                self.assert_refused(result, {"redis_unreachable"}, {UNREACHABLE})
            self.assertLess(time.monotonic() - began, DEADLINE, "five refusals took as long as one deadline")
        finally:
            self.stack.restart("redis2")


if __name__ == "__main__":
    unittest.main()
