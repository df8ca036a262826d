"""Keeps the daemon busy while something is done to it, and remembers every promise that it made.

Callers sign by the command line, some create wallets; each outcome is kept with its time. Where the load generator is
built (waas-load), it signs beside them as fast as it can. A wallet whose creation was answered must sign afterwards; no call
may take longer than the daemon's deadline and a margin for a busy machine."""
import json
import subprocess
import threading
import time

from stack_fixture import BUILD, DONE

DEADLINE = 5.0
MARGIN = 5.0  # two busy cores; starting the command costs time of its own


class Outcome:
    def __init__(self, began, result, what):
        self.began, self.seconds, self.what = began, result.seconds, what
        self.exit, self.code, self.text = result.exit, result.code, repr(result)


class Load:
    def __init__(self, stack, callers=3):
        self.stack = stack
        self.outcomes = []
        self.wallets = []
        self.stopping = threading.Event()
        self.lock = threading.Lock()
        self.threads = [threading.Thread(target=self.sign, args=(n,)) for n in range(callers)]
        self.threads.append(threading.Thread(target=self.create))
        self.heavy_reports = []
        if (BUILD / "waas-load").exists():
            self.threads.append(threading.Thread(target=self.heavy))

    def __enter__(self):
        result = self.stack.waas("--as-service", "wallet", "create", "load", person="load")
        assert result.exit == DONE or result.code == "name_taken", result
        for thread in self.threads:
            thread.start()
        self.until_signing()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        for thread in self.threads:
            thread.join()

    def note(self, what, result):
        with self.lock:
            self.outcomes.append(Outcome(time.monotonic() - result.seconds, result, what))

    def sign(self, n):
        while not self.stopping.is_set():
            self.note("sign", self.stack.waas("--as-service", "sign", "message", "--wallet", "load", "-", stdin=b"load",
                                              person=f"load-{n}"))

    def create(self):
        number, run = 0, f"{time.monotonic_ns():x}"
        while not self.stopping.is_set():
            number += 1
            result = self.stack.waas("--as-service", "wallet", "create", f"made-{run}-{number}", person="load-maker")
            self.note("create", result)
            if result.exit == DONE:
                with self.lock:
                    self.wallets.append(result.json["walletId"])
            time.sleep(0.1)

    def heavy(self):
        """The load generator, again and again: it tells the errors of two seconds at once."""
        while not self.stopping.is_set():
            env = self.stack.env
            environment = dict(self.stack.environment, WAAS_SOCKET=env["WAAS_SOCKET"], WAAS_VAULT_PUB=env["WAAS_VAULT_PUB"])
            process = subprocess.run([BUILD / "waas-load", "--conns", "4", "--depth", "8", "--wallets", "8", "--seconds", "2"],
                                     env=environment, capture_output=True, timeout=60)
            if process.stdout:
                self.heavy_reports.append(json.loads(process.stdout))
            else:  # it could not even begin: a part is away
                self.stopping.wait(0.2)

    def since(self, moment):
        with self.lock:
            return [outcome for outcome in self.outcomes if outcome.began >= moment]

    def failures(self, moment):
        return [outcome for outcome in self.since(moment) if outcome.exit != DONE]

    def until_failing(self, count=3, seconds=20):
        return self.until(lambda moment: len(self.failures(moment)) >= count, seconds, "no call failed")

    def until_signing(self, count=5, seconds=30):
        """Waits until calls succeed again, and nothing fails any more."""
        def back(moment):
            latest = [outcome for outcome in self.since(moment) if outcome.what == "sign"][-count:]
            return len(latest) == count and all(outcome.exit == DONE for outcome in latest)
        return self.until(back, seconds, "service did not resume")

    def until(self, condition, seconds, complaint):
        moment = time.monotonic()
        while not condition(moment):
            if time.monotonic() - moment > seconds:
                latest = [outcome.text for outcome in self.since(moment)[-3:]]
                raise AssertionError(f"{complaint} within {seconds} s; the last: {latest}")
            time.sleep(0.05)
        return time.monotonic() - moment

    # What must hold at the end.

    def check(self, test, codes):
        """Errors had these codes, nothing hung, the log is whole, and no wallet that was promised is lost."""
        with self.lock:
            outcomes = list(self.outcomes)
        for outcome in outcomes:
            test.assertLess(outcome.seconds, DEADLINE + MARGIN, outcome.text)
            if outcome.exit != DONE:
                allowed = codes | ({"name_taken"} if outcome.what == "create" else set())
                test.assertIn(outcome.code, allowed, outcome.text)
        for report in self.heavy_reports:
            test.assertEqual(report["wrong"], 0, report)
            test.assertLessEqual(set(report["errors"]), codes, report)
        signatures = sum(report["signatures"] for report in self.heavy_reports)
        result = self.stack.waas("audit", "verify", person="load-0")
        test.assertEqual(result.exit, DONE, result)
        test.assertTrue(self.wallets, "no wallet was made under load")
        for wallet in self.wallets:
            signed = self.stack.waas("--as-service", "sign", "message", "--wallet", wallet, "-", stdin=b"x", person="load")
            test.assertEqual(signed.exit, DONE, f"wallet {wallet} was promised and does not sign: {signed}")
        return len(outcomes), sum(outcome.exit != DONE for outcome in outcomes), signatures
