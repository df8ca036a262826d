#!/usr/bin/env python3
"""No secret of a busy vault is where root can read it; and the scan that says so would have seen it.

WAAS_SCAN_SECONDS (20) is how long the vault is watched; before a release: 600."""
import os
import sys
import unittest

from live_vault import SKIPPED, TOOLS, Scan, Vault, status

SECONDS = os.environ.get("WAAS_SCAN_SECONDS", "20")
METHODS = ("mem", "stopmem", "vmreadv", "env", "fds")


class VaultMemory(unittest.TestCase):
    def require_secret_memory(self, vault):
        if "secret memory 2" not in vault.report:
            self.skipTest("this kernel gives no secret memory: root can read the vault, which its health report says")

    def test_no_secret_of_a_busy_vault_is_found(self):
        with Vault() as vault:
            listing = vault.busy()
            self.require_secret_memory(vault)
            self.assertIn("guarded 1", vault.report)
            scan = Scan(listing, [vault.top.pid], "--seconds", SECONDS, "--file", str(vault.folder / "stderr"))
            signatures, sign_ins = vault.idle()
            print(f"\n{vault.report}; {signatures} signatures and {sign_ins} sign-ins meanwhile\n{scan.text}", end="")
            self.assertEqual(scan.exit, 0, scan.text)
            self.assertGreater(scan.report["secrets"], 700)
            self.assertGreater(signatures, 1000)
            self.assertGreater(sign_ins, 10)
            for process in ("waas-vault", "waas-vault-guard"):
                for method in METHODS:
                    self.assertTrue(scan.coverage(method, process), f"{method} of {process}")
            for method in ("mem", "stopmem", "vmreadv"):
                for coverage in scan.coverage(method, "waas-vault"):
                    self.assertGreater(coverage["canary"], 0, coverage)
                    self.assertGreater(coverage["refused"], 0, "no memory was refused: where is the secret memory?")
            for method in ("regs", "gcore"):
                for coverage in scan.coverage(method, "waas-vault"):
                    self.assertEqual(coverage["bytes"], 0, coverage)
                    self.assertGreater(coverage["blocked"], 0, coverage)

    def test_a_deliberate_leak_is_found(self):
        with Vault(program=TOOLS / "waas-vault-leaky") as vault:
            listing = vault.busy(wallets=8)
            scan = Scan(listing, [vault.top.pid], "--rounds", "3")
            vault.idle()
            self.assertEqual(scan.exit, 1, scan.text)
            for method in ("mem", "stopmem", "vmreadv"):
                self.assertTrue(scan.hits(method=method, kind="shamir-share"), f"{method}\n{scan.text}")

    def test_without_the_guard_registers_show_secrets(self):
        with Vault(guarded=False) as vault:
            listing = vault.busy()
            self.assertIn("guarded 0", vault.report)
            # Chance decides in which instant a thread is stopped.
            for _ in range(5):
                scan = Scan(listing, [vault.pid], "--methods", "regs", "--rounds", "1", "--reg-samples", "2000")
                if scan.hits(method="regs"):
                    break
            vault.idle()
            self.assertTrue(scan.hits(method="regs"), scan.text)

    def test_a_scan_that_sees_nothing_is_not_taken_for_clean(self):
        with Vault(canary="MEMSCAN-CANARY-another-one") as vault:
            vault.canary = "MEMSCAN-CANARY-that-is-nowhere"
            listing = vault.busy(wallets=1)
            scan = Scan(listing, [vault.top.pid], "--rounds", "1", "--methods", "mem")
            vault.idle()
            self.assertEqual(scan.exit, 3, scan.text)

    def test_the_vault_runs_without_rights_and_with_its_filter(self):
        with Vault() as vault:
            for pid in (vault.top.pid, vault.pid):
                self.assertEqual(status(pid)["Seccomp"], "2")
                self.assertEqual(status(pid)["NoNewPrivs"], "1")
            self.assertEqual(status(vault.pid)["TracerPid"], str(vault.top.pid))


if __name__ == "__main__":
    if os.geteuid() != 0:
        print("needs root")
        sys.exit(SKIPPED)
    unittest.main()
