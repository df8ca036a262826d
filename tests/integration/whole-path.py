#!/usr/bin/env python3
"""One signature, from sign-up to openssl, through the command line and the real stack."""
import base64
import os
import stat
import unittest

from stack_fixture import DONE, FAILED, NOT_ALLOWED, UNREACHABLE, USAGE, StackTest, verify_with_openssl
from solana_transfer import base58_decode, split, transfer_message, unsigned, compact


class WholePath(StackTest):
    @classmethod
    def prepare(cls):
        cls.ada = cls.stack.person("ada").sign_up()

    def sign_transaction(self, person, transaction, *words):
        return person.waas("sign", "transaction", *words, "-", stdin=base64.b64encode(transaction))

    def test_sign_up_gives_a_session_and_a_first_wallet(self):
        result = self.stack.person("grace").sign_up().waas("wallet", "list")
        self.assertEqual(result.exit, DONE, result)
        (wallet,) = result.json
        self.assertTrue(wallet["first"])
        self.assertEqual(len(base58_decode(wallet["publicKey"])), 32)
        self.assertRegex(wallet["walletId"], "^[0-9a-f]{32}$")
        self.assertEqual(wallet["owner"]["kind"], "user")

    def test_json_of_sign_in_has_the_promised_fields(self):
        result = self.ada.sign_in()
        self.assertEqual(result.exit, DONE, result)
        self.assertLessEqual({"userId", "token", "expiresAt", "wallet"}, set(result.json))
        self.assertEqual(result.json["userId"], self.ada.user_id)
        self.assertEqual(result.json["wallet"]["publicKey"], self.ada.wallet["publicKey"])

    def test_openssl_verifies_a_signed_transfer(self):
        key = base58_decode(self.ada.wallet["publicKey"])
        message = transfer_message(key, os.urandom(32), 1_000_000_000)
        result = self.sign_transaction(self.ada, unsigned(message))
        self.assertEqual(result.exit, DONE, result)
        signatures, signed = split(base64.b64decode(result.json["transaction"]))
        self.assertEqual(signed, message)
        self.assertTrue(verify_with_openssl(self.stack.root, key, message, signatures[0]))
        self.assertEqual(base58_decode(result.json["signature"], 64), signatures[0])
        self.assertFalse(verify_with_openssl(self.stack.root, key, message + b"x", signatures[0]), "openssl takes anything")

    def test_signing_twice_gives_the_same_signature(self):
        message = transfer_message(base58_decode(self.ada.wallet["publicKey"]), os.urandom(32), 5)
        first, second = (self.sign_transaction(self.ada, unsigned(message)) for _ in range(2))
        self.assertEqual(first.exit, DONE, first)
        self.assertEqual(first.stdout, second.stdout)

    def test_signatures_of_others_are_kept(self):
        key, other = base58_decode(self.ada.wallet["publicKey"]), os.urandom(32)
        message = bytes([2, 0, 1]) + transfer_message(key, other, 7)[3:]  # both sign
        theirs = os.urandom(64)
        transaction = compact(2) + bytes(64) + theirs + message
        result = self.sign_transaction(self.ada, transaction)
        self.assertEqual(result.exit, DONE, result)
        signatures, _ = split(base64.b64decode(result.json["transaction"]))
        self.assertEqual(signatures[1], theirs)
        self.assertTrue(verify_with_openssl(self.stack.root, key, message, signatures[0]))

    def test_transactions_that_are_none_are_refused(self):
        key = base58_decode(self.ada.wallet["publicKey"])
        good = unsigned(transfer_message(key, os.urandom(32), 1))
        for transaction in (good + b"\0", good[:-1], good[:40], b"\x01", bytes(200), unsigned(os.urandom(150))):
            self.assert_refused(self.sign_transaction(self.ada, transaction), {"transaction_malformed"})

    def test_a_transaction_that_does_not_need_the_wallet_is_refused(self):
        message = transfer_message(os.urandom(32), os.urandom(32), 1)
        self.assert_refused(self.sign_transaction(self.ada, unsigned(message)), {"not_a_signer"})

    def test_off_chain_message_is_signed_and_is_no_transaction(self):
        result = self.ada.sign_message("Grüße".encode())
        self.assertEqual(result.exit, DONE, result)
        signed = base64.b64decode(result.json["signedMessage"])
        self.assertTrue(signed.startswith(b"\xffsolana offchain"))
        key = base58_decode(self.ada.wallet["publicKey"])
        self.assertTrue(verify_with_openssl(self.stack.root, key, signed, base58_decode(result.json["signature"], 64)))

    def test_messages_that_are_no_text_are_refused(self):
        for text in (b"", b"\xff\xfe"):
            result = self.ada.sign_message(text)
            self.assertIn(result.exit, (FAILED, USAGE), result)
            self.assertEqual(result.stdout, b"")

    def test_wallets_are_named_by_id_name_and_address(self):
        result = self.ada.waas("wallet", "create", "savings")
        self.assertEqual(result.exit, DONE, result)
        made = result.json
        for name in (made["walletId"], made["publicKey"], "savings"):
            self.assertEqual(self.ada.waas("wallet", "show", name).json["publicKey"], made["publicKey"])
            signed = self.ada.sign_message(b"x", wallet=name)
            self.assertEqual(signed.exit, DONE, signed)
            self.assertTrue(verify_with_openssl(self.stack.root, base58_decode(made["publicKey"]),
                                                base64.b64decode(signed.json["signedMessage"]),
                                                base58_decode(signed.json["signature"], 64)))
        self.assertFalse(made["first"])
        self.assert_refused(self.ada.waas("wallet", "create", "savings"), {"name_taken"})
        self.assertEqual(self.ada.waas("wallet", "show").json["publicKey"], self.ada.wallet["publicKey"])

    def test_nobody_signs_with_somebody_elses_wallet(self):
        eve = self.stack.person("eve").sign_up()
        for name in (self.ada.wallet["walletId"], self.ada.wallet["publicKey"]):
            self.assert_refused(eve.sign_message(wallet=name), {"unknown_wallet"})
        self.assert_refused(eve.waas("wallet", "show", self.ada.wallet["walletId"]), {"unknown_wallet"})

    def test_a_local_service_has_wallets_of_its_own(self):
        made = self.stack.waas("--as-service", "wallet", "create", "till")
        self.assertEqual(made.exit, DONE, made)
        self.assertEqual(made.json["owner"]["kind"], "service")
        signed = self.stack.waas("--as-service", "sign", "message", "--wallet", "till", "-", stdin=b"paid")
        self.assertEqual(signed.exit, DONE, signed)
        self.assert_refused(self.stack.waas("--as-service", "sign", "message", "--wallet", self.ada.wallet["walletId"], "-",
                                            stdin=b"paid"), {"unknown_wallet"})

    def test_signed_out_sessions_sign_nothing(self):
        bob = self.stack.person("bob").sign_up()
        (session,) = (self.stack.root / "people/bob").rglob("session*")
        self.assertEqual(stat.S_IMODE(session.stat().st_mode), 0o600)
        kept = session.read_bytes()
        self.assertEqual(bob.sign_message().exit, DONE)
        self.assertEqual(bob.waas("user", "signout").exit, DONE)
        session.write_bytes(kept)  # what a thief would have copied before
        session.chmod(0o600)
        self.assert_refused(bob.sign_message(), {"session_invalid"}, {NOT_ALLOWED})
        self.assert_refused(bob.waas("wallet", "list"), {"session_invalid"}, {NOT_ALLOWED})
        self.assertEqual(bob.sign_in().exit, DONE)
        self.assertEqual(bob.sign_message().exit, DONE)

    def test_sign_out_everywhere_ends_other_sessions(self):
        cora = self.stack.person("cora").sign_up()
        elsewhere = self.stack.person("cora-elsewhere")
        elsewhere.email, elsewhere.password = cora.email, cora.password
        self.assertEqual(elsewhere.sign_in().exit, DONE)
        self.assertEqual(elsewhere.sign_message().exit, DONE)
        self.assertEqual(cora.waas("user", "signout", "--everywhere").exit, DONE)
        self.assert_refused(elsewhere.sign_message(), {"session_invalid"}, {NOT_ALLOWED})

    def test_wrong_password_and_unknown_account_look_alike(self):
        wrong = self.stack.root / "wrong"
        wrong.write_text("not the password\n")
        dora = self.stack.person("dora").sign_up()
        refusals = [self.stack.waas("user", "signin", email, "--password-file", str(wrong))
                    for email in (dora.email, "unknown@example.org")]
        for refusal in refusals:
            self.assert_refused(refusal, {"invalid_credentials"}, {NOT_ALLOWED})
        self.assertEqual(refusals[0].stderr, refusals[1].stderr)

    def test_an_address_has_one_account(self):
        result = self.ada.waas("user", "signup", self.ada.email.upper(), "--password-file", str(self.ada.password))
        self.assert_refused(result, {"account_exists"})

    def test_exit_codes(self):
        self.assertEqual(self.stack.waas("nonsense").exit, USAGE)
        self.assertEqual(self.stack.waas("sign", "transaction").exit, USAGE)
        self.assertEqual(self.stack.waas("--socket", str(self.stack.root / "nowhere.sock"), "health").exit, UNREACHABLE)
        self.assertEqual(self.stack.waas("--help").exit, DONE)
        self.assertEqual(self.stack.waas("--version").exit, DONE)
        wrong = self.stack.waas("user", "signin", self.ada.email, "--password-file", "-", stdin=b"wrong\n")
        self.assertEqual(wrong.exit, NOT_ALLOWED, wrong)

    def test_health_reports_every_part(self):
        result = self.stack.waas("health")
        report = result.json
        self.assertEqual({store["name"] for store in report["stores"]}, {"postgres", "redis1", "redis2"})
        self.assertTrue(all(store["reachable"] for store in report["stores"]), report)
        self.assertTrue(report["vault"]["reachable"] and report["vault"]["guarded"] and report["broker"]["sandboxed"], report)
        self.assertEqual(result.exit, FAILED if report["risks"] else DONE)

    def test_share_status_names_all_three_shares(self):
        result = self.ada.waas("shares", "status")
        self.assertEqual(result.exit, DONE, result)
        row = result.json[0]
        self.assertLessEqual({"wallet", "epoch", "daysUntilExpiry", "missingShares", "needsRotation"}, set(row))
        self.assertEqual((row["missingShares"], row["epoch"], row["needsRotation"]), ([], 1, False))
        self.assertTrue(29 < row["daysUntilExpiry"] <= 30, row)
        everybody = self.stack.waas("shares", "status", "--all").json
        self.assertIn(self.ada.wallet["walletId"], [row["wallet"] for row in everybody])
        by_email = self.stack.waas("shares", "status", "--user", self.ada.email).json
        self.assertIn(self.ada.wallet["walletId"], [row["wallet"] for row in by_email])

    def test_migrating_twice_changes_nothing(self):
        before = self.stack.sql("SELECT number, name, applied_at FROM waas.migrations")
        self.stack.up()
        self.assertEqual(self.stack.sql("SELECT number, name, applied_at FROM waas.migrations"), before)


if __name__ == "__main__":
    unittest.main()
