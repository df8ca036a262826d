#!/usr/bin/env python3
"""No secret of a whole busy stack is where root can read it: vault, guard and broker, with real stores behind them.

People sign up, sign in and sign by the command line, a service by the load generator where it is built (else by the
command line). WAAS_SCAN_SECONDS (20) as in vault-memory."""
import base64
import os
import pathlib
import subprocess
import sys
import threading
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))
from stack_fixture import BUILD, DONE, Stack  # noqa: E402

from live_vault import SKIPPED, TOOLS, Scan, descriptors, eventually  # noqa: E402

SECONDS = os.environ.get("WAAS_SCAN_SECONDS", "20")
PEOPLE = 4
CANARY = "PATH=/usr/sbin:/usr/bin:/sbin:/bin"  # in the environment of every part that scripts/stack starts


class Person:
    """Signs up, then signs and signs in again without end. Each sign-in has a session key of its own."""

    def __init__(self, stack, number):
        self.inner = stack.person(f"person{number}")
        self.inner.password.write_text(f"correct-horse-{number}-staple\n")
        self.session_keys = []
        self.done = 0

    def sign_up(self):
        self.inner.sign_up()
        self.keep(self.inner.sign_in())

    def keep(self, result):
        assert result.exit == DONE, result
        text = result.json["token"].rpartition(".")[2]
        self.session_keys.append(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).hex())

    def work(self, stopping):
        while not stopping.is_set():
            for _ in range(5):
                assert self.inner.sign_message(b"over and over").exit == DONE
                self.done += 1

    def line(self):
        return f"person {self.inner.email} {self.inner.password.read_text().strip()} {' '.join(self.session_keys)}\n"


def wallet_lines(stack):
    """Every wallet as its three stores have it."""
    lines = []
    rows = stack.sql("SELECT encode(id, 'hex'), encode(certificate, 'hex'), epoch, tag, encode(share, 'hex'),"
                     " encode(recovery, 'hex') FROM waas.wallets;")
    with stack.redis(1) as first, stack.redis(2) as second:
        for wallet, certificate, epoch, tag, share, recovery in rows:
            number = int(tag) % 2**64
            field = f"{epoch}-{number:016x}"
            others = [redis("HGET", f"mpc:share:{wallet}:{index}", field).hex() for redis, index in ((first, 2), (second, 3))]
            lines.append(f"wallet {certificate} {epoch} {number} {share} {' '.join(others)} {recovery}\n")
    return lines


class StackMemory(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stack = Stack()
        cls.stopping = threading.Event()
        cls.threads = []
        try:
            cls.stack.up()
            cls.prepare()
        except BaseException:
            cls.tearDownClass()
            raise

    @classmethod
    def tearDownClass(cls):
        cls.stopping.set()
        for thread in cls.threads:
            thread.join()
        cls.stack.down()

    @classmethod
    def prepare(cls):
        cls.people = [Person(cls.stack, number) for number in range(PEOPLE)]
        for person in cls.people:
            person.sign_up()
        cls.generator = BUILD / "waas-load"
        if cls.generator.exists():
            cls.generate(seconds=0.5)  # makes its wallets, which are listed below
        created = cls.stack.waas("--as-service", "wallet", "create", "machine", person="machine")
        assert created.exit == DONE, created
        cls.threads = [threading.Thread(target=person.work, args=(cls.stopping,)) for person in cls.people]
        cls.threads.append(threading.Thread(target=cls.machine))
        for thread in cls.threads:
            thread.start()
        cls.listing = cls.stack.root / "secrets"
        cls.listing.touch(mode=0o600)
        text = "".join(wallet_lines(cls.stack) + [person.line() for person in cls.people])
        opened = subprocess.run([TOOLS / "waas-open-secrets", cls.stack.directory / "state/vault/credentials"], input=text,
                                capture_output=True, text=True)
        assert opened.returncode == 0, opened.stderr
        passwords = [f"password {path.name} text:{path.read_text().strip()}\n"
                     for path in (cls.stack.directory / "state/secrets").iterdir() if "admin" in path.name or "owner" in path.name]
        cls.listing.write_text(opened.stdout + "".join(passwords) + f"canary c text:{CANARY}\n")

    @classmethod
    def generate(cls, seconds):
        env = cls.stack.env
        run = subprocess.run([cls.generator, "--socket", env["WAAS_SOCKET"], "--vault-pub", env["WAAS_VAULT_PUB"], "--conns", "4",
                              "--depth", "8", "--wallets", "64", "--seconds", str(seconds)], capture_output=True, text=True)
        assert run.returncode == 0, run.stdout + run.stderr

    @classmethod
    def machine(cls):
        while not cls.stopping.is_set():
            if cls.generator.exists():
                cls.generate(seconds=2)
            signed = cls.stack.waas("--as-service", "sign", "message", "--wallet", "machine", "-", stdin=b"tick", person="machine")
            assert signed.exit == DONE, signed

    def parts(self):
        return [self.stack.pid(name) for name in ("WAAS_GUARD_PID", "WAAS_BROKER_PID")]

    def test_no_secret_is_found_in_vault_guard_or_broker(self):
        logs = [word for log in (self.stack.directory / "log").iterdir() for word in ("--file", str(log))]
        before = sum(person.done for person in self.people)
        scan = Scan(self.listing, self.parts(), "--seconds", SECONDS, *logs)
        signatures = sum(person.done for person in self.people) - before
        print(f"\n{signatures} signatures of people meanwhile\n{scan.text}", end="")
        self.assertNotEqual(scan.exit, 2, scan.text)
        secret_memory = "secret" == self.stack.waas("health").json["vault"].get("secretMemory", "secret")
        if not secret_memory:
            self.skipTest("this kernel gives no secret memory: root can read the vault, which its health report says")
        self.assertEqual(scan.exit, 0, scan.text)
        self.assertGreater(signatures, 20)
        for process in ("waas-vault", "waas-vault-guard", "waas-broker"):
            for method in ("mem", "stopmem", "vmreadv", "env", "fds"):
                self.assertTrue(scan.coverage(method, process), f"{method} of {process}")
        for method in ("regs", "gcore"):
            self.assertTrue(scan.coverage(method, "waas-broker")[0]["bytes"], f"{method} did not read the broker")

    def test_the_broker_holds_only_sockets_and_its_loop(self):
        allowed = ("socket:", "anon_inode:", "pipe:", "/dev/null")
        pid = self.stack.pid("WAAS_BROKER_PID")
        log = str(self.stack.directory / "log")
        eventually(lambda: not [name for number, name in descriptors(pid).items()
                                if not name.startswith(allowed) and not (number <= 2 and log in name)],
                   f"only sockets: {descriptors(pid)}")


if __name__ == "__main__":
    if os.geteuid() != 0:
        print("needs root")
        sys.exit(SKIPPED)
    if not (BUILD / "waas").exists():
        print("waas is not built")
        sys.exit(SKIPPED)
    unittest.main()
