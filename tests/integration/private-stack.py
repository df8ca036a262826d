#!/usr/bin/env python3
"""scripts/stack itself: what it starts, as whom, and that it ends that and nothing else."""
import os
import pathlib
import re
import subprocess
import unittest

from stack_fixture import DONE, Stack, StackTest, is_alive

PARTS = ["WAAS_VAULT_PID", "WAAS_GUARD_PID", "WAAS_BROKER_PID", "POSTGRES_PID", "REDIS_1_PID", "REDIS_2_PID"]


def status_of(pid):
    return dict(line.split(":", 1) for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines())


class PrivateStack(StackTest):
    def test_settings_have_every_promised_name(self):
        env = self.stack.env
        for name in ["WAAS_SOCKET", "WAAS_VAULT_PUB", "DATABASE_URL", "REDIS_URL_1", "REDIS_URL_2", "WAAS_GATEWAY_URL",
                     "WAAS_CRON_SECRET_FILE", "WAAS_GATEWAY_PID", *PARTS]:
            self.assertTrue(env.get(name), name)
        for name in ["WAAS_GATEWAY_PID", *PARTS]:
            self.assertTrue(is_alive(int(env[name])), name)

    def test_a_shell_reads_the_settings(self):
        shell = subprocess.run(["sh", "-c", f'set -a; . {self.stack.directory}/stack.env; "$0" --json health', self.program("waas")],
                               env=self.stack.environment, capture_output=True, text=True)
        self.assertIn('"vault"', shell.stdout, shell.stderr)

    def program(self, name):
        return f"{self.stack.environment['WAAS_BUILD']}/{name}"

    def test_up_again_starts_nothing_anew(self):
        before = {name: self.stack.env[name] for name in PARTS}
        self.stack.up()
        self.assertEqual({name: self.stack.env[name] for name in PARTS}, before)

    def test_restart_replaces_one_part_only(self):
        for part, names in (("broker", {"WAAS_BROKER_PID"}), ("redis1", {"REDIS_1_PID"}), ("redis2", {"REDIS_2_PID"}),
                            ("vault", {"WAAS_VAULT_PID", "WAAS_GUARD_PID"}), ("postgres", {"POSTGRES_PID"})):
            before = self.stack.env
            self.stack.restart(part)
            after = self.stack.env
            self.assertEqual({name for name in PARTS if before[name] != after[name]}, names)

    @unittest.skipUnless(os.getuid() == 0, "only root can start processes as other users")
    def test_started_by_root_each_process_has_a_user_of_its_own(self):
        users = {name: status_of(self.stack.pid(name))["Uid"].split() for name in PARTS}
        for name, ids in users.items():
            self.assertEqual(len(set(ids)), 1, name)
            self.assertNotEqual(ids[0], "0", f"{name} runs as root")
        self.assertEqual(users["WAAS_VAULT_PID"], users["WAAS_GUARD_PID"])
        del users["WAAS_GUARD_PID"]
        self.assertEqual(len({ids[0] for ids in users.values()}), 5, users)

    def test_vault_and_broker_are_sandboxed(self):
        for name in ("WAAS_VAULT_PID", "WAAS_BROKER_PID", "WAAS_GUARD_PID"):
            status = status_of(self.stack.pid(name))
            self.assertEqual(status["Seccomp"].strip(), "2", name)
            self.assertEqual(status["NoNewPrivs"].strip(), "1", name)
            self.assertEqual(int(status["CapEff"], 16), 0, name)
        self.assertEqual(int(status_of(self.stack.pid("WAAS_VAULT_PID"))["TracerPid"]), self.stack.pid("WAAS_GUARD_PID"))

    def test_no_secret_in_arguments_or_environment_of_any_process(self):
        secrets = [path.read_bytes().strip() for path in (self.stack.directory / "state/secrets").iterdir()]
        self.assertGreaterEqual(len(secrets), 7)
        root_credential = self.stack.directory / "state/vault/credentials/mpc_encryption_key"
        secrets.append(root_credential.read_bytes().strip())
        for name in PARTS:
            for kind in ("cmdline", "environ"):
                try:
                    content = pathlib.Path(f"/proc/{self.stack.pid(name)}/{kind}").read_bytes()
                except PermissionError:
                    continue  # what even its own user can't read; root can always
                for secret in secrets:
                    self.assertNotIn(secret, content, f"{kind} of {name}")

    def test_no_secret_in_any_log(self):
        ada = self.stack.person("ada").sign_up()
        self.assertEqual(ada.sign_message().exit, DONE)
        secrets = [path.read_bytes().strip() for path in (self.stack.directory / "state/secrets").iterdir()]
        secrets += [ada.password.read_bytes().strip(), ada.sign_in().json["token"].encode()]
        for log in (self.stack.directory / "log").iterdir():
            for secret in secrets:
                self.assertNotIn(secret, log.read_bytes(), log.name)

    def test_secret_files_are_their_owners_alone(self):
        state = self.stack.directory / "state"
        for path in [*(state / "secrets").iterdir(), *(state / "vault/credentials").iterdir(),
                     *(state / "broker/credentials").iterdir(), self.stack.directory / "stack.env"]:
            self.assertEqual(path.stat().st_mode & 0o077, 0, path)

    def test_no_port_is_open(self):
        for name in PARTS:
            listing = subprocess.run(["ls", "-l", f"/proc/{self.stack.pid(name)}/fd"], capture_output=True, text=True).stdout
            inodes = set(re.findall(r"socket:\[(\d+)\]", listing))
            for table in ("tcp", "tcp6"):
                for line in pathlib.Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
                    fields = line.split()
                    self.assertFalse(fields[3] == "0A" and fields[9] in inodes, f"{name} listens on {fields[1]}")


class OtherStacks(unittest.TestCase):
    def test_down_ends_everything_and_up_finds_the_data_again(self):
        stack = Stack()
        try:
            stack.up()
            pids = [stack.pid(name) for name in PARTS]
            ada = stack.person("ada").sign_up()
            stack.script("down")
            self.assertEqual([pid for pid in pids if is_alive(pid)], [])
            self.assertFalse((stack.directory / "stack.env").exists())
            stack.script("down")
            self.assertNotEqual(stack.script("status", check=False).returncode, 0)
            stack.up()
            result = ada.sign_message()
            self.assertEqual(result.exit, DONE, result)
        finally:
            stack.down()

    def test_a_stale_pid_file_ends_no_other_process(self):
        stack = Stack()
        victim = subprocess.Popen(["sleep", "300"])
        try:
            pids = stack.directory / "pids"
            pids.mkdir(parents=True)
            (stack.directory / "state").mkdir()
            for part in ("vault", "broker", "postgres", "redis1", "redis2"):
                (pids / part).write_text(f"{victim.pid} 12345\n")
            stack.script("down")
            self.assertIsNone(victim.poll(), "a process was ended that the stack had not started")
        finally:
            victim.kill()
            victim.wait()
            stack.down()

    def test_a_long_folder_gets_its_sockets_elsewhere(self):
        stack = Stack()
        stack.directory = stack.root / ("long-" * 30) / "stack"
        try:
            said = stack.script("up").stdout
            self.assertIn("too long", said)
            self.assertLess(len(stack.env["WAAS_SOCKET"]), 108)
            self.assertEqual(stack.waas("--as-service", "wallet", "create", "w").exit, DONE)
            sockets = pathlib.Path(stack.env["WAAS_SOCKET"]).parents[1]
            stack.script("down")
            self.assertFalse(sockets.exists(), "the short folder stays")
        finally:
            stack.down()

    @unittest.skipUnless(os.getuid() == 0, "only root starts processes as other users")
    def test_in_a_folder_that_others_cannot_enter_all_works_and_restarts(self):
        stack = Stack()
        stack.root.chmod(0o700)
        try:
            self.assertIn("can't enter", stack.script("up").stdout)
            for part in ("redis1", "postgres", "vault", "broker"):
                stack.restart(part)
            self.assertEqual(stack.waas("--as-service", "wallet", "create", "w").exit, DONE)
        finally:
            stack.down()

    def test_further_rules_are_taken_from_the_environment(self):
        stack = Stack(WAAS_STACK_ALLOW="allow uid 4242 service payouts")
        try:
            stack.up()
            self.assertIn("allow uid 4242 service payouts", (stack.directory / "state/vault.conf").read_text())
        finally:
            stack.down()

    def test_unknown_words_are_refused(self):
        stack = Stack()
        try:
            for words in (["fly"], ["restart"], ["restart", "gateway"], ["up", "--fast"]):
                self.assertNotEqual(stack.script(*words, check=False).returncode, 0, words)
        finally:
            stack.down()


if __name__ == "__main__":
    unittest.main()
