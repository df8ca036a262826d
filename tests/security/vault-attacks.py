#!/usr/bin/env python3
"""What root, or code inside, may try on a running vault: attach, dump, kill the guard, forbidden calls."""
import os
import pathlib
import signal
import subprocess
import sys
import time
import unittest

from live_vault import EPERM, SKIPPED, TOOLS, Vault, allow_cores, descriptors, eventually, is_alive, seize

# By number, since they are made inside of the vault. One of each kind; tests/unit/seccomp walks them all.
FORBIDDEN = {"open": 2, "mmap": 9, "mprotect": 10, "socket": 41, "connect": 42, "fork": 57, "execve": 59, "kill": 62,
             "ptrace": 101, "openat": 257, "process_vm_readv": 310, "seccomp": 317, "io_uring_setup": 425,
             "clone3": 435, "pidfd_getfd": 438, "memfd_secret": 447, "x32 write": 0x40000001, "x32 getpid": 0x40000027}


class VaultAttacks(unittest.TestCase):
    def test_nobody_can_attach_to_a_guarded_vault(self):
        with Vault() as vault:
            for thread in pathlib.Path(f"/proc/{vault.pid}/task").iterdir():
                self.assertEqual(seize(int(thread.name)), EPERM)
            dump = subprocess.run(["gcore", "-o", vault.folder / "core", str(vault.pid)], capture_output=True, text=True)
            self.assertIn("Operation not permitted", dump.stdout + dump.stderr)
            self.assertEqual([path for path in vault.folder.iterdir() if path.name.startswith("core")], [])

    def test_without_the_guard_root_can_attach(self):
        with Vault(guarded=False) as vault:
            self.assertEqual(seize(vault.pid), 0)

    def test_killing_the_guard_ends_the_vault_at_once(self):
        with Vault() as vault:
            vault.busy(wallets=4)
            began = time.monotonic()
            vault.top.kill()
            eventually(lambda: not is_alive(vault.pid), "the vault's end")
            self.assertLess(time.monotonic() - began, 0.1)

    def test_asking_the_guard_to_end_ends_the_vault_cleanly_and_quickly(self):
        for signal_number in (signal.SIGTERM, signal.SIGINT):
            with Vault() as vault:
                vault.busy(wallets=4)
                began = time.monotonic()
                vault.top.send_signal(signal_number)
                self.assertEqual(vault.top.wait(timeout=10), 0)
                self.assertLess(time.monotonic() - began, 1)
                self.assertFalse(is_alive(vault.pid))

    def test_killing_the_vault_ends_the_guard_with_its_code(self):
        with Vault() as vault:
            os.kill(vault.pid, signal.SIGKILL)
            self.assertEqual(vault.top.wait(timeout=10), 128 + signal.SIGKILL)

    def test_stop_and_continue_leave_a_busy_vault_working(self):
        with Vault() as vault:
            vault.busy(wallets=4)
            for _ in range(20):
                os.kill(vault.pid, signal.SIGSTOP)
                os.kill(vault.pid, signal.SIGCONT)
            self.assertGreater(vault.idle()[0], 0)

    def test_descriptors_are_the_expected_ones(self):
        with Vault() as vault:
            vault.busy(wallets=4)
            vault.idle()
            expected = {0, 1, 2, 3, 4}
            # The link stays while the vault notices that the load has gone.
            eventually(lambda: set(descriptors(vault.pid)) == expected, "only the expected descriptors")
            found = descriptors(vault.pid)
            self.assertTrue(found[3].startswith("socket:") and found[4].startswith("socket:"), found)
            self.assertFalse([name for name in found.values() if "secretmem" in name or "memfd" in name])
            self.assertEqual(descriptors(vault.top.pid), {})

    def test_leaked_descriptors_do_not_reach_the_vault(self):
        with open("/etc/hostname") as leak:
            os.set_inheritable(leak.fileno(), True)
            for number in (7, 50, 200):
                os.dup2(leak.fileno(), number)
            try:
                with Vault() as vault:
                    self.assertEqual(set(descriptors(vault.pid)), {0, 1, 2, 3, 4})
            finally:
                for number in (7, 50, 200):
                    os.close(number)

    def test_a_forbidden_call_inside_the_vault_ends_it_without_a_core(self):
        for name, number in FORBIDDEN.items():
            with self.subTest(name), Vault(guarded=False) as vault:
                forced = subprocess.run([TOOLS / "waas-force-call", str(vault.pid), hex(number)], capture_output=True, text=True)
                self.assertEqual(forced.stdout, f"signal {int(signal.SIGSYS)}\n", forced.stderr)
                self.assertEqual(vault.top.wait(timeout=10), -signal.SIGSYS)
                self.assertEqual(list(vault.work.iterdir()), [])

    def test_an_allowed_call_comes_back(self):
        with Vault(guarded=False) as vault:
            forced = subprocess.run([TOOLS / "waas-force-call", str(vault.pid), "318"], capture_output=True, text=True)
            self.assertEqual(forced.stdout, "returned 0\n", forced.stderr)  # getrandom of no bytes

    def test_other_processes_do_leave_cores_here(self):
        """The control of the one above: where the kernel writes cores, a careless process leaves one."""
        pattern = pathlib.Path("/proc/sys/kernel/core_pattern").read_text().strip()
        if pattern != "core":
            self.skipTest(f"cores go to {pattern}")
        with Vault(guarded=False) as vault:
            child = subprocess.Popen(["sleep", "100"], cwd=vault.work, preexec_fn=allow_cores)
            child.send_signal(signal.SIGSYS)
            child.wait()
            self.assertTrue(list(vault.work.iterdir()))


if __name__ == "__main__":
    if os.geteuid() != 0:
        print("needs root")
        sys.exit(SKIPPED)
    unittest.main()
