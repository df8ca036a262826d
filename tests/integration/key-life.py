#!/usr/bin/env python3
"""Keys that come and go: import, export, deletion, key versions and custody, through the command line and the real stack."""
import base64
import json
import pathlib
import shutil
import subprocess
import tempfile
import unittest

from stack_fixture import BUILD, DONE, FAILED, USAGE, StackTest, verify_with_openssl
from solana_transfer import base58_decode


def openssl_key_pair():
    """Seed and public key of a fresh Ed25519 key, by openssl: an independent implementation."""
    private = subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-outform", "DER"], check=True,
                             capture_output=True).stdout
    public = subprocess.run(["openssl", "pkey", "-inform", "DER", "-pubout", "-outform", "DER"], input=private, check=True,
                            capture_output=True).stdout
    return private[-32:] + public[-32:]


class KeyLife(StackTest):
    CUSTODIANS = ("kim", "lee", "max")

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="waas-custodians-"))
        cls.custodians = []
        for name in cls.CUSTODIANS:
            made = subprocess.run([BUILD / "waas", "--json", "custody", "key", "--out", cls.folder / f"{name}.key"], check=True,
                                  capture_output=True)
            cls.custodians.append(json.loads(made.stdout)["publicKey"])
        cls.ENVIRONMENT = {"WAAS_STACK_VAULT_CONF": "".join(f"custodian {key}\n" for key in cls.custodians)}
        super().setUpClass()

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        shutil.rmtree(cls.folder)

    @classmethod
    def prepare(cls):
        cls.ada = cls.stack.person("ada").sign_up()
        cls.grace = cls.stack.person("grace").sign_up()

    @property
    def keyring(self):
        return (self.stack.directory / "state").resolve() / "vault/credentials/keyring"

    def path(self, name):
        return self.stack.root / name

    def signs(self, person, wallet):
        result = person.sign_message(b"hello", wallet=wallet)
        self.assertEqual(result.exit, DONE, result)
        signed = base64.b64decode(result.json["signedMessage"])
        (key,) = [w["publicKey"] for w in person.waas("wallet", "list").json if w["name"] == wallet]
        self.assertTrue(verify_with_openssl(self.stack.root, base58_decode(key), signed,
                                            base58_decode(result.json["signature"], 64)))

    def operator(self, *words, **options):
        return self.stack.waas(*words, **options)

    def last_events(self, n=4):
        return [r["event"] for r in self.operator("audit", "tail", "-n", str(n)).json]

    # Import and export.

    def test_an_imported_key_signs_and_comes_back_as_it_was(self):
        pair = openssl_key_pair()
        result = self.ada.waas("wallet", "import", "--name", "old", "-", stdin=json.dumps(list(pair)).encode())
        self.assertEqual(result.exit, DONE, result)
        self.assertEqual(base58_decode(result.json["publicKey"]), pair[32:])
        self.signs(self.ada, "old")
        out = self.path("exported.json")
        result = self.ada.waas("wallet", "export", "old", "--out", str(out))
        self.assertEqual(result.exit, DONE, result)
        self.assertEqual(bytes(json.loads(out.read_text())), pair)
        self.assertEqual(out.stat().st_mode & 0o777, 0o600)
        self.assertEqual(self.last_events(1), ["wallet_exported"])
        self.assertNotIn(pair[:32], result.stdout + result.stderr)
        # A file that is there is not written over.
        self.assertNotEqual(self.ada.waas("wallet", "export", "old", "--out", str(out)).exit, DONE)

    def test_only_ones_own_key_comes_out(self):
        out = self.path("stolen.json")
        result = self.grace.waas("wallet", "export", self.ada.wallet["walletId"], "--out", str(out))
        self.assert_refused(result, {"unknown_wallet"})
        self.assertFalse(out.exists())

    def test_what_is_no_key_pair_is_not_imported(self):
        pair = openssl_key_pair()
        wrong = pair[:32] + openssl_key_pair()[32:]
        for text in ("", "[]", json.dumps(list(wrong)), json.dumps(list(pair[:63])), json.dumps(list(pair) + [1]),
                     json.dumps(list(pair))[:-1], json.dumps([300] + list(pair[1:])), pair.hex()):
            result = self.ada.waas("wallet", "import", "--name", "none", "-", stdin=text.encode())
            self.assert_refused(result, {"key_file_malformed"})

    def test_the_same_key_twice_is_refused(self):
        pair = json.dumps(list(openssl_key_pair())).encode()
        self.assertEqual(self.grace.waas("wallet", "import", "--name", "once", "-", stdin=pair).exit, DONE)
        self.assert_refused(self.grace.waas("wallet", "import", "--name", "twice", "-", stdin=pair), {"wallet_exists"})

    # Deletion.

    def test_a_deleted_wallet_is_gone_and_its_name_is_free(self):
        self.assertEqual(self.ada.waas("wallet", "create", "gone").exit, DONE)
        self.signs(self.ada, "gone")
        wallet = self.ada.waas("wallet", "show", "gone").json["walletId"]
        result = self.ada.waas("wallet", "delete", "gone", "--confirm", "another")
        self.assert_refused(result, {"usage"}, (USAGE,))
        old = self.stack.sql(f"SELECT epoch, tag, share, recovery, mac, signature FROM waas.wallets WHERE id = '\\x{wallet}'")
        result = self.ada.waas("wallet", "delete", "gone", "--confirm", "gone")
        self.assertEqual(result.exit, DONE, result)
        self.assertEqual(self.last_events(1), ["wallet_deleted"])
        self.assertNotIn("gone", [w["name"] for w in self.ada.waas("wallet", "list").json])
        self.assert_refused(self.ada.sign_message(wallet=wallet), {"unknown_wallet", "wallet_deleted"})
        # The row is put back from a back-up; the floor that the Redis servers keep knows better.
        epoch, tag, share, recovery, mac, signature = old[0]
        self.stack.sql(f"""UPDATE waas.wallets SET epoch = {epoch}, tag = {tag}, share = '{share}', recovery = '{recovery}',
            mac = '{mac}', signature = '{signature}', deleted_at = NULL WHERE id = '\\x{wallet}'""")
        self.assert_refused(self.ada.sign_message(wallet=wallet), {"wallet_deleted"})
        self.stack.sql(f"UPDATE waas.wallets SET share = NULL, recovery = NULL, deleted_at = now() WHERE id = '\\x{wallet}'")
        self.assertEqual(self.ada.waas("wallet", "create", "gone").exit, DONE)

    # Key versions.

    def states(self, purpose):
        return {k["version"]: k["state"] for k in self.operator("keys", "list").json if k["purpose"] == purpose}

    def test_a_new_share_key_is_kept_written_with_and_survives_a_restart(self):
        self.assertEqual(self.grace.waas("wallet", "create", "before").exit, DONE)
        before = self.keyring.read_bytes()
        owner = self.keyring.stat().st_uid
        result = self.operator("keys", "add", "share", "--keyring", str(self.keyring))
        self.assertEqual(result.exit, DONE, result)
        self.assertNotEqual(self.keyring.read_bytes(), before)
        self.assertEqual(self.keyring.stat().st_uid, owner)
        self.assertEqual(self.states("share"), {1: "active", 2: "pending"})
        result = self.operator("keys", "activate", "share", "2", "--keyring", str(self.keyring))
        self.assertEqual(result.exit, DONE, result)
        self.assertEqual(self.grace.waas("wallet", "create", "after").exit, DONE)
        share = self.stack.sql("SELECT get_byte(share, 2) FROM waas.wallets WHERE name = 'after'")
        self.assertEqual(share, [["2"]])
        self.assert_refused(self.operator("keys", "retire", "share", "2", "--keyring", str(self.keyring)), {"key_in_use"})
        self.stack.restart("vault")
        self.signs(self.grace, "after")
        self.signs(self.grace, "before")
        self.assertEqual(self.states("share"), {1: "active", 2: "active"})
        # The old file is no keyring of this vault any more.
        old = self.path("old-keyring")
        old.write_bytes(before)
        self.assert_refused(self.operator("keys", "install", str(old)), {"invalid_request"})
        self.assertEqual(self.operator("keys", "install", str(self.keyring)).exit, DONE)

    def test_what_can_not_be_changed_says_so(self):
        keyring = self.keyring.read_bytes()
        for purpose in ("salt", "audit", "nothing"):
            result = self.operator("keys", "add", purpose, "--keyring", str(self.keyring))
            self.assertEqual(result.exit, FAILED, result)
        self.assertEqual(self.keyring.read_bytes(), keyring)

    # Custody.

    def test_custodians_take_the_recovery_key_and_lend_it(self):
        keys = [word for key in self.custodians for word in ("--custodian", key)]
        folder = self.path("parts")
        self.assert_refused(self.operator("custody", "forget", "--keyring", str(self.keyring)), {"invalid_request"})
        result = self.operator("custody", "split", "--threshold", "2", *keys, "--out", str(folder))
        self.assertEqual(result.exit, DONE, result)
        parts = []
        for n, name in enumerate(self.CUSTODIANS, 1):
            result = self.operator("custody", "open", str(folder / f"part-{n}"), "--key", str(self.folder / f"{name}.key"),
                                   "--out", "-")
            self.assertEqual(result.exit, DONE, result)
            parts.append(result.stdout)
        wrong = self.operator("custody", "open", str(folder / "part-1"), "--key", str(self.folder / "lee.key"), "--out", "-")
        self.assert_refused(wrong, {"invalid_request"})
        result = self.operator("custody", "forget", "--keyring", str(self.keyring))
        self.assertEqual(result.exit, DONE, result)
        self.assertFalse(result.json["held"])
        self.stack.restart("vault")

        give = lambda part: self.operator("custody", "give", "--part", "-", stdin=part)
        spoiled = bytearray(parts[0])
        spoiled[90] = ord("B") if spoiled[90] != ord("B") else ord("C")
        self.assert_refused(give(bytes(spoiled)), {"invalid_request"})
        result = give(parts[0])
        self.assertEqual(result.exit, DONE, result)
        self.assertEqual(result.json, {"held": False, "given": 1, "threshold": 2})
        result = self.operator("custody", "give", "--part", str(folder / "part-3"), "--key", str(self.folder / "max.key"))
        self.assertTrue(result.json["held"], result)
        self.assertIn("custody_changed", self.last_events())
        result = self.operator("custody", "forget", "--keyring", str(self.keyring))
        self.assertEqual(result.exit, DONE, result)
        self.signs(self.ada, self.ada.wallet["name"])


if __name__ == "__main__":
    unittest.main()
