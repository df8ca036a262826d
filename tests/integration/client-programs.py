#!/usr/bin/env python3
"""The client library's example, and what the command line keeps between two calls."""
import concurrent.futures
import re
import subprocess
import time
import unittest

from stack_fixture import BUILD, DONE, NOT_ALLOWED, StackTest


class ClientPrograms(StackTest):
    @classmethod
    def prepare(cls):
        cls.ada = cls.stack.person("ada").sign_up()

    # The example.

    def sign_transfer(self, folder, *words):
        environment = dict(self.stack.environment, WAAS_SOCKET=self.stack.env["WAAS_SOCKET"],
                           WAAS_VAULT_PUB=self.stack.env["WAAS_VAULT_PUB"])
        return subprocess.run([BUILD / "examples/sign-transfer", folder, *words], env=environment, capture_output=True,
                              text=True, timeout=60)

    def assert_verifies(self, folder):
        process = subprocess.run(["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", folder / "public-key.pem", "-rawin",
                                  "-in", folder / "message.bin", "-sigfile", folder / "signature.bin"], capture_output=True)
        self.assertEqual(process.returncode, 0, process)
        self.assertEqual((folder / "message.hex").read_text().strip(), (folder / "message.bin").read_bytes().hex())

    def test_the_example_signs_as_a_local_service(self):
        folder = self.stack.root / "as-service"
        process = self.sign_transfer(folder)
        self.assertEqual(process.returncode, DONE, process)
        self.assert_verifies(folder)

    def test_the_example_signs_for_a_person_by_token(self):
        token = self.stack.root / "token"
        token.write_text(self.ada.sign_in().json["token"] + "\n")
        folder = self.stack.root / "as-person"
        process = self.sign_transfer(folder, token)
        self.assertEqual(process.returncode, DONE, process)
        self.assertIn(self.ada.wallet["publicKey"], process.stdout)
        self.assert_verifies(folder)

    def test_the_example_says_what_is_wrong_with_a_token(self):
        token = self.stack.root / "bad-token"
        good = self.ada.sign_in().json["token"]
        # Another key of possession: the token alone is worth nothing.
        token.write_text(good[:-43] + "A" * 43)
        process = self.sign_transfer(self.stack.root / "nothing", token)
        self.assertEqual(process.returncode, NOT_ALLOWED, process)
        self.assertIn("proof of possession", process.stderr)

    # The session file.

    def session_file(self, person):
        (path,) = (self.stack.root / "people" / person.name).rglob("session")
        return path

    def make_old(self, path):
        soon = int(time.time() * 1000) + 60_000
        path.write_text(re.sub(r"^expires \d+$", f"expires {soon}", path.read_text(), flags=re.M))
        return soon

    def test_an_old_token_is_exchanged_and_the_new_one_kept(self):
        bea = self.stack.person("bea").sign_up()
        path = self.session_file(bea)
        before = path.read_text()
        soon = self.make_old(path)
        self.assertEqual(bea.waas("wallet", "list").exit, DONE)
        after = path.read_text()
        token = lambda text: re.search(r"^token (.*)$", text, re.M).group(1)
        self.assertNotEqual(token(before), token(after))
        self.assertEqual(token(before)[-43:], token(after)[-43:], "the key of possession stays")
        self.assertGreater(int(re.search(r"^expires (\d+)$", after, re.M).group(1)), soon)
        self.assertEqual(bea.sign_message().exit, DONE)

    def test_commands_at_the_same_time_do_not_harm_the_session(self):
        cleo = self.stack.person("cleo").sign_up()
        self.make_old(self.session_file(cleo))
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            for result in pool.map(lambda n: cleo.sign_message(b"%d" % n), range(16)):
                self.assertEqual(result.exit, DONE, result)
        self.assertEqual(cleo.sign_message().exit, DONE)
        self.assertEqual(cleo.waas("audit", "verify").exit, DONE)

    def test_signing_out_twice_says_so(self):
        dina = self.stack.person("dina").sign_up()
        path = self.session_file(dina)
        kept = path.read_bytes()
        self.assertFalse(dina.waas("user", "signout").json["hadEnded"])
        path.write_bytes(kept)
        path.chmod(0o600)
        self.assertTrue(dina.waas("user", "signout").json["hadEnded"])
        self.assertFalse(path.exists())
        self.assert_refused(dina.waas("user", "signout"), {"session_invalid"}, {NOT_ALLOWED})

    # Addresses.

    def test_an_address_whose_certificate_was_changed_is_not_shown(self):
        eda = self.stack.person("eda").sign_up()
        flip = ("UPDATE waas.wallets SET signature = set_byte(signature, 9, get_byte(signature, 9) # 1) "
                f"WHERE encode(id, 'hex') = '{eda.wallet['walletId']}'")
        self.stack.sql(flip)
        try:
            for words in (["wallet", "list"], ["wallet", "show"]):
                self.assert_refused(eda.waas(*words), {"address_unproven"})
            signed_in = eda.sign_in()
            self.assert_refused(signed_in, {"address_unproven", "record_refused"})
        finally:
            self.stack.sql(flip)
        self.assertEqual(eda.waas("wallet", "list").exit, DONE)


if __name__ == "__main__":
    unittest.main()
