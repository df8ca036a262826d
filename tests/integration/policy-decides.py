#!/usr/bin/env python3
"""The vault decides by its policy, whoever asks and whatever the broker has; only the policy key changes it."""
import base64
import json
import os
import unittest

from stack_fixture import DONE, NOT_ALLOWED, StackTest, eventually
from solana_transfer import base58_decode, transfer_message, unsigned, base58_encode

FRIEND = bytes(range(32))
POLICY = """
format = 1
name = "decides"

[[allow]]
name = "texts"
actions = ["sign-message"]
callers = ["person"]

[[allow]]
name = "to friends"
actions = ["sign-transaction"]
callers = ["person", "service"]
operations = ["transfer"]
programs = ["system"]
assets = ["SOL"]
destinations = ["FRIEND"]
lookup-tables = "none"
max-fee = "0.01 SOL"
max-amounts = ["1 SOL"]

[[deny]]
name = "nothing from the closed wallet"
actions = ["sign-transaction", "sign-message"]
wallets = ["name closed"]

[[allow]]
name = "upkeep"
actions = ["rotate", "recover"]
callers = ["daemon", "operator"]
""".replace("FRIEND", base58_encode(FRIEND))
SOL = 1_000_000_000


class PolicyDecides(StackTest):
    POLICY = POLICY

    @classmethod
    def prepare(cls):
        cls.ada = cls.stack.person("ada").sign_up()
        cls.number = 1

    # Signing.

    def transfer(self, person, wallet, to, lamports, *words):
        message = transfer_message(base58_decode(wallet["publicKey"]), to, lamports)
        return person.waas("sign", "transaction", *words, "--wallet", wallet["walletId"], "-",
                           stdin=base64.b64encode(unsigned(message)))

    def pay(self, to, lamports):
        return self.transfer(self.ada, self.ada.wallet, to, lamports)

    def assert_denied(self, result, rule, detail=None):
        self.assert_refused(result, {"denied_by_policy"}, {NOT_ALLOWED})
        refusal = json.loads(result.stderr)
        self.assertEqual(refusal.get("rule", ""), rule, result)
        if detail is not None:
            self.assertIn(detail, refusal["detail"], result)
        return refusal

    def test_what_a_rule_covers_is_signed_and_the_log_names_the_policy(self):
        self.assertEqual(self.pay(FRIEND, SOL).exit, DONE)
        self.assertEqual(self.ada.sign_message().exit, DONE)
        ((number,),) = self.stack.sql("SELECT DISTINCT get_byte(record, 111) FROM waas.audit WHERE get_byte(record, 1) = 5 LIMIT 1")
        self.assertGreaterEqual(int(number), 1)

    def test_what_no_rule_covers_is_refused_by_rule_and_instruction(self):
        before = self.stack.waas("health").json["vault"]
        refusal = self.assert_denied(self.pay(os.urandom(32), 1), "to friends")
        self.assertEqual(refusal["instruction"], 1, refusal)
        self.assert_denied(self.pay(FRIEND, SOL + 1), "to friends")
        after = self.stack.waas("health").json["vault"]
        self.assertGreaterEqual(after["denied"], before["denied"] + 2)
        self.assertEqual(after["failed"], before["failed"], "a denial is no failure")

    def test_a_person_reads_why(self):
        message = transfer_message(base58_decode(self.ada.wallet["publicKey"]), os.urandom(32), 1)
        result = self.ada.waas("sign", "transaction", "-", stdin=base64.b64encode(unsigned(message)))
        self.assertIn("rule", json.loads(result.stderr))

    def test_another_kind_of_caller_or_use_needs_a_rule_of_its_own(self):
        made = self.stack.waas("--as-service", "wallet", "create", "till").json
        text = self.stack.waas("--as-service", "sign", "message", "--wallet", "till", "-", stdin=b"text")
        self.assert_denied(text, "", "No rule allows this")
        message = transfer_message(base58_decode(made["publicKey"]), FRIEND, 1)
        paid = self.stack.waas("--as-service", "sign", "transaction", "--wallet", "till", "-",
                               stdin=base64.b64encode(unsigned(message)))
        self.assertEqual(paid.exit, DONE, paid)

    def test_deny_wins(self):
        closed = self.ada.waas("wallet", "create", "closed").json
        self.assert_denied(self.transfer(self.ada, closed, FRIEND, 1), "nothing from the closed wallet")
        self.assert_denied(self.ada.sign_message(wallet="closed"), "nothing from the closed wallet")

    # The bundle.

    def next_number(self):
        return self.in_force()["number"] + 1

    def sign(self, number, text=POLICY, key=None, *words):
        folder = self.stack.root
        (folder / "policy.toml").write_text(text)
        bundle = folder / f"bundle-{number}"
        result = self.stack.waas("policy", "sign", str(folder / "policy.toml"), "--key",
                                 key or self.stack.env["WAAS_STACK_POLICY_KEY"], "--number", str(number), "--out", str(bundle),
                                 *words)
        self.assertEqual(result.exit, DONE, result)
        return bundle

    def load(self, bundle):
        return self.stack.waas("policy", "load", str(bundle))

    def in_force(self):
        result = self.stack.waas("policy", "show")
        self.assertEqual(result.exit, DONE, result)
        return result.json

    def test_a_newer_bundle_takes_over_at_once_and_stays_over_restarts(self):
        number = self.next_number()
        strict = POLICY.replace('max-amounts = ["1 SOL"]', 'max-amounts = ["0.5 SOL"]').replace('"decides"', '"strict"')
        self.assertEqual(self.load(self.sign(number, strict)).exit, DONE)
        self.assertEqual((self.in_force()["number"], self.in_force()["name"]), (number, "strict"))
        self.assert_denied(self.pay(FRIEND, SOL), "to friends")
        self.assertEqual(self.pay(FRIEND, SOL // 2).exit, DONE)
        for part in ("vault", "broker"):
            self.stack.restart(part)
            self.assertEqual(self.in_force()["number"], number)
            self.assert_denied(self.pay(FRIEND, SOL), "to friends")
        self.assertEqual(self.load(self.sign(number + 1)).exit, DONE)
        self.assertEqual(self.pay(FRIEND, SOL).exit, DONE)
        self.assertEqual(self.stack.waas("audit", "verify").exit, DONE)

    def test_bundles_that_are_not_to_be_taken_leave_the_old_one(self):
        number = self.next_number()
        self.assertEqual(self.load(self.sign(number)).exit, DONE)
        other = self.stack.root / "other-key"
        self.assertEqual(self.stack.waas("policy", "key", str(other)).exit, DONE)
        good = self.sign(number + 1).read_bytes()

        def variant(name, data):
            path = self.stack.root / name
            path.write_bytes(data)
            return path

        for bundle in (self.sign(number - 1, POLICY.replace('"decides"', '"older"')),
                       self.sign(number, POLICY.replace('"decides"', '"same number"')),
                       self.sign(number + 1, POLICY, str(other)),
                       variant("changed", good[:60] + bytes([good[60] ^ 1]) + good[61:]),
                       variant("renumbered", good[:16] + bytes([good[16] + 1]) + good[17:]),
                       variant("unsigned", good[:-64] + bytes(64)), variant("cut", good[:-1]), variant("long", good + b"\0"),
                       variant("no bundle", b"no bundle at all")):
            self.assert_refused(self.load(bundle), {"policy_refused"})
            self.assertEqual(self.in_force()["number"], number, bundle)
        self.assertEqual(self.load(self.stack.root / f"bundle-{number}").code, "policy_refused")  # overwritten above
        self.assertEqual(self.pay(FRIEND, 1).exit, DONE)

    def test_health_tells_of_a_policy_that_ends_soon(self):
        number = self.next_number()
        bundle = self.sign(number, POLICY, None, "--not-after", "1 minute")
        self.assertEqual(self.load(bundle).exit, DONE)
        report = self.stack.waas("health").json
        self.assertIn("The policy expires within 7 days; then nothing is signed.", report["risks"])
        self.assertEqual(self.load(self.sign(number + 1)).exit, DONE)
        self.assertEqual(self.stack.waas("health").json["risks"], [])

    def test_a_floor_is_written_when_a_policy_is_loaded(self):
        number, file = self.next_number(), self.stack.root / "floor"
        self.assertEqual(self.stack.waas("policy", "load", str(self.sign(number)), "--floor", str(file)).exit, DONE)
        self.assertEqual(file.read_text(), f"{number}\n")

    def test_the_database_can_not_loosen_it(self):
        number = self.next_number()
        key = self.stack.root / "database-key"
        self.assertEqual(self.stack.waas("policy", "key", str(key)).exit, DONE)
        forged = self.sign(number + 50, POLICY.replace('["1 SOL"]', '["1000 SOL"]'), str(key))
        self.stack.sql(f"INSERT INTO waas.policies (number, bundle) VALUES ({number + 50}, '\\x{forged.read_bytes().hex()}'),"
                       f" ({number + 51}, '\\x{os.urandom(200).hex()}')")
        for part in ("vault", "broker"):
            self.stack.restart(part)
            self.assertEqual(self.in_force()["number"], number - 1)
            self.assert_denied(self.pay(FRIEND, 2 * SOL), "to friends")
            self.assertEqual(self.pay(FRIEND, SOL).exit, DONE)
        self.stack.sql(f"DELETE FROM waas.policies WHERE number >= {number + 50}")

    def test_a_vault_never_falls_below_its_floor(self):
        """A vault that starts where only older policies are stored signs nothing."""
        number = self.in_force()["number"]
        floor = self.stack.directory / "state/vault/credentials/policy_floor"
        kept, mode = floor.read_text(), floor.stat().st_mode
        floor.chmod(0o600)
        self.stack.environment["WAAS_STACK_WAIT"] = "2"  # it does not become ready
        try:
            floor.write_text(f"{number + 1}\n")
            self.assertNotEqual(self.stack.script("restart", "vault", check=False).returncode, 0)
            report = self.stack.waas("health").json
            self.assertEqual(report["vault"]["policy"], 0)
            self.assertIn("No policy is loaded, so nothing is signed.", report["risks"])
            self.assert_denied(self.pay(FRIEND, 1), "", "no policy is loaded")
            self.assertEqual(self.load(self.sign(number + 1)).exit, DONE)
            self.assertEqual(self.pay(FRIEND, 1).exit, DONE)
        finally:
            del self.stack.environment["WAAS_STACK_WAIT"]
            floor.write_text(kept)
            floor.chmod(mode)

    def test_another_host_s_policy_is_taken_up(self):
        number = self.next_number()
        bundle = self.sign(number).read_bytes()
        self.stack.sql(f"INSERT INTO waas.policies (number, bundle) VALUES ({number}, '\\x{bundle.hex()}')")
        eventually(lambda: self.in_force()["number"] == number, what="the policy of another host")


if __name__ == "__main__":
    unittest.main()
