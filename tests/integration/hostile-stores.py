#!/usr/bin/env python3
"""Whoever can write to PostgreSQL and to both Redis servers gets a refusal out of the daemon, never a false signature, and
never a crash. What was changed in a Redis is as good as lost: it is made anew from the recovery envelope, and reported.
Each attack is undone afterwards, and the wallet must sign again."""
import unittest

from stack_fixture import DONE, FAILED, NOT_ALLOWED, UNREACHABLE, StackTest, is_alive

REFUSED = {"record_refused"}
WALLET_COLUMNS = "certificate, signature, mac, epoch, tag, expires_at, share, recovery"


class HostileStores(StackTest):
    @classmethod
    def prepare(cls):
        cls.ada = cls.stack.person("ada").sign_up()
        cls.bob = cls.stack.person("bob").sign_up()
        made = cls.ada.waas("wallet", "create", "second")
        assert made.exit == DONE, made
        cls.second = made.json

    def setUp(self):
        self.id, self.other, self.bobs = self.ada.wallet["walletId"], self.second["walletId"], self.bob.wallet["walletId"]
        self.vault = self.stack.pid("WAAS_VAULT_PID")
        self.broker = self.stack.pid("WAAS_BROKER_PID")
        self.keep()
        self.good = self.ada.sign_message(b"good", wallet=self.id).json["signature"]

    def keep(self):
        """What stands now is what is put back after an attack: older versions would be refused."""
        self.stack.sql("DROP TABLE IF EXISTS public.w, public.a; CREATE TABLE public.w AS SELECT * FROM waas.wallets;"
                       "CREATE TABLE public.a AS SELECT * FROM waas.accounts;")
        self.kept = {n: self.dump(n) for n in (2, 3)}

    def tearDown(self):
        self.restore()
        for person, wallet in ((self.ada, self.id), (self.ada, self.other), (self.bob, self.bobs)):
            result = person.sign_message(wallet=wallet)
            self.assertEqual(result.exit, DONE, f"after the attack was undone: {result}")
        self.assertTrue(is_alive(self.vault) and is_alive(self.broker), "a process crashed")

    # Keeping and putting back.

    def key(self, wallet, index):
        return f"mpc:share:{wallet}:{index}"

    def dump(self, index):
        with self.stack.redis(index - 1) as redis:
            kept = {}
            for wallet in (self.id, self.other, self.bobs):
                flat = redis("HGETALL", self.key(wallet, index))
                kept[wallet] = dict(zip(flat[::2], flat[1::2]))
            return kept

    def restore(self):
        for index, wallets in self.kept.items():
            with self.stack.redis(index - 1) as redis:
                for wallet, fields in wallets.items():
                    self.put(redis, self.key(wallet, index), fields)
        self.stack.sql(f"""BEGIN; SET LOCAL session_replication_role = replica;
            DELETE FROM waas.wallets; UPDATE waas.accounts SET email = encode(id, 'hex') || '@x.y';
            UPDATE waas.accounts t SET email = a.email, version = a.version, record = a.record FROM public.a WHERE t.id = a.id;
            INSERT INTO waas.wallets ({WALLET_COLUMNS}) SELECT {WALLET_COLUMNS} FROM public.w;
            COMMIT;""")

    def put(self, redis, key, fields):
        redis("DEL", key)
        for field, value in fields.items():
            redis("HSET", key, field, value)
        redis("PEXPIRE", key, 30 * 24 * 3600 * 1000)

    def field(self, index, wallet):
        ((field, value),) = [(f, v) for f, v in self.kept[index][wallet].items() if not f.startswith(b"floor")]
        return field, value

    def damaged(self):
        """How many shares were found changed, as health tells."""
        for risk in self.stack.waas("health").json["risks"]:
            if "tampering" in risk:
                return int("".join(c for c in risk if c.isdigit()))
        return 0

    # Attacking.

    def set_wallet(self, assignments, wallet=None):
        self.stack.sql(f"UPDATE waas.wallets SET {assignments} WHERE id = '\\x{wallet or self.id}'")

    def refused(self, codes=frozenset(REFUSED), person=None, wallet=None):
        result = (person or self.ada).sign_message(wallet=wallet or self.id)
        self.assert_refused(result, codes, {FAILED, NOT_ALLOWED, UNREACHABLE})
        # Looking must not crash anything either.
        self.stack.waas("shares", "status", "--all")
        (person or self.ada).waas("wallet", "list")
        return result

    def flipped(self, value, position):
        changed = bytearray(value)
        changed[position] ^= 1
        return bytes(changed)

    # PostgreSQL: wallets.

    def test_share_1_of_another_wallet_of_the_same_owner_is_refused(self):
        self.set_wallet(f"share = (SELECT share FROM public.w WHERE id = '\\x{self.other}')")
        self.refused()

    def test_share_1_of_another_users_wallet_is_refused(self):
        self.set_wallet(f"share = (SELECT share FROM public.w WHERE id = '\\x{self.bobs}')")
        self.refused()

    def test_every_part_of_share_1_is_authenticated(self):
        ((size,),) = self.stack.sql(f"SELECT octet_length(share) FROM public.w WHERE id = '\\x{self.id}'")
        # format, kind, key version, salt, ciphertext, tag
        for position in (0, 1, 2, 5, 6, 37, 38, 69, 70, int(size) - 1):
            with self.subTest(position=position):
                self.set_wallet(f"share = set_byte(share, {position}, get_byte(share, {position}) # 1)")
                self.refused({"record_refused", "key_version_unknown"})
                self.set_wallet(f"share = (SELECT share FROM public.w WHERE id = '\\x{self.id}')")

    def test_shares_of_redis_do_not_pass_as_share_1(self):
        _, value = self.field(2, self.id)
        self.set_wallet(f"share = '\\x{value.hex()}'")
        self.refused()

    def test_a_lower_or_higher_epoch_in_the_row_alone_finds_no_shares(self):
        for change in ("epoch = epoch + 1", "epoch = epoch + 1000000", "tag = tag + 1", "tag = 0"):
            with self.subTest(change):
                self.set_wallet(change)
                self.refused({"share_missing", "record_refused"})
                self.restore()

    def test_an_epoch_changed_in_all_three_stores_is_refused(self):
        self.set_wallet("epoch = epoch + 1")
        for index in (2, 3):
            field, value = self.field(index, self.id)
            epoch, tag = field.split(b"-")
            with self.stack.redis(index - 1) as redis:
                self.put(redis, self.key(self.id, index), {b"%d-%s" % (int(epoch) + 1, tag): value})
        self.refused()

    def test_a_tag_changed_in_all_three_stores_is_refused(self):
        self.set_wallet("tag = 5")
        for index in (2, 3):
            field, value = self.field(index, self.id)
            with self.stack.redis(index - 1) as redis:
                self.put(redis, self.key(self.id, index), {field.split(b"-")[0] + b"-0000000000000005": value})
        self.refused()

    def test_a_certificate_with_another_public_key_is_refused(self):
        self.set_wallet("certificate = set_byte(certificate, 40, get_byte(certificate, 40) # 1)")
        self.refused()
        shown = self.ada.waas("wallet", "show", self.id)
        self.assertNotEqual(shown.exit, DONE, "an address was shown that the vault did not sign")

    def test_a_certificate_and_mac_of_another_wallet_do_not_fit_the_shares(self):
        # The row of the second wallet, but with the first one's shares, under the second one's id.
        self.stack.sql(f"UPDATE waas.wallets SET share = (SELECT share FROM public.w WHERE id = '\\x{self.id}'), "
                       f"tag = (SELECT tag FROM public.w WHERE id = '\\x{self.id}') WHERE id = '\\x{self.other}'")
        for index in (2, 3):
            with self.stack.redis(index - 1) as redis:
                self.put(redis, self.key(self.other, index), self.kept[index][self.id])
        self.refused(wallet=self.other)

    def test_a_wallet_given_to_another_owner_signs_for_nobody(self):
        # In the place of his own first wallet, so that it is also the one that he does not name.
        self.stack.sql(f"DELETE FROM waas.wallets WHERE id = '\\x{self.bobs}'")
        self.set_wallet(f"certificate = overlay(certificate placing '\\x{self.bob.user_id}'::bytea from 19 for 16)")
        self.refused({"record_refused", "unknown_wallet"}, person=self.bob)
        self.assert_refused(self.bob.sign_message(), {"record_refused", "unknown_wallet"})
        self.refused({"record_refused", "unknown_wallet"}, person=self.ada)

    def test_a_renamed_wallet_is_refused(self):
        self.stack.sql(f"UPDATE waas.wallets SET certificate = overlay(certificate placing 'secund'::bytea from 77) "
                       f"WHERE id = '\\x{self.other}'")
        self.refused({"record_refused"}, wallet="secund")

    def test_a_mac_that_is_not_the_vaults_is_refused(self):
        for change in ("set_byte(mac, 0, get_byte(mac, 0) # 1)", "decode(repeat('00', 32), 'hex')",
                       f"(SELECT mac FROM public.w WHERE id = '\\x{self.bobs}')"):
            with self.subTest(change):
                self.set_wallet(f"mac = {change}")
                self.refused()

    def test_an_address_without_the_vaults_signature_is_not_shown(self):
        self.set_wallet("signature = set_byte(signature, 5, get_byte(signature, 5) # 1)")
        result = self.ada.waas("wallet", "show", self.id)
        self.assert_refused(result, {"address_unproven", "record_refused"})

    def test_a_truncated_or_empty_share_1_is_refused(self):
        self.stack.sql("ALTER TABLE waas.wallets DROP CONSTRAINT IF EXISTS wallets_share_check")
        for change in ("substring(share for 85)", "substring(share for 37)", "''", "share || '\\x00'",
                       "decode(repeat('ff', 100000), 'hex')"):
            with self.subTest(change):
                self.set_wallet(f"share = {change}")
                self.refused({"record_refused", "share_missing"})
                self.set_wallet(f"share = (SELECT share FROM public.w WHERE id = '\\x{self.id}')")

    def test_a_certificate_that_is_none_is_refused(self):
        self.stack.sql("ALTER TABLE waas.wallets DROP CONSTRAINT IF EXISTS wallets_certificate_form")
        self.set_wallet("certificate = certificate || '\\x00'")
        self.refused({"record_refused", "unknown_wallet"})

    def test_a_deleted_wallet_is_unknown(self):
        self.stack.sql(f"DELETE FROM waas.wallets WHERE id = '\\x{self.id}'")
        self.refused({"unknown_wallet"})

    # PostgreSQL: accounts.

    def test_an_account_record_of_somebody_else_lets_nobody_in(self):
        for source, target in ((self.bob, self.ada), (self.ada, self.bob)):
            self.stack.sql(f"UPDATE waas.accounts SET record = (SELECT record FROM public.a WHERE id = '\\x{source.user_id}'), "
                           f"version = (SELECT version FROM public.a WHERE id = '\\x{source.user_id}') "
                           f"WHERE id = '\\x{target.user_id}'")
            self.refused({"record_refused", "session_invalid"}, person=target, wallet=target.wallet["walletId"])
            # bob's password on ada's row
            result = self.stack.waas("user", "signin", target.email, "--password-file", str(source.password), person="thief")
            self.assert_refused(result, {"record_refused", "invalid_credentials"}, {FAILED, NOT_ALLOWED})
            self.restore()

    def test_a_changed_account_is_refused(self):
        for change in ("version = version + 1", "record = set_byte(record, 60, get_byte(record, 60) # 1)",
                       "record = set_byte(record, 0, 9)", "record = substring(record for octet_length(record) - 1)"):
            with self.subTest(change):
                self.stack.sql(f"UPDATE waas.accounts SET {change} WHERE id = '\\x{self.ada.user_id}'")
                self.refused({"record_refused", "session_invalid"})
                self.assertNotEqual(self.ada_signs_in_elsewhere().exit, DONE)
                self.restore()

    def ada_signs_in_elsewhere(self):
        return self.stack.waas("user", "signin", self.ada.email, "--password-file", str(self.ada.password), person="elsewhere")

    def test_an_account_moved_to_another_address_lets_nobody_in(self):
        self.stack.sql(f"UPDATE waas.accounts SET email = 'eve@example.org' WHERE id = '\\x{self.ada.user_id}'")
        result = self.stack.waas("user", "signin", "eve@example.org", "--password-file", str(self.ada.password), person="eve")
        self.assert_refused(result, {"record_refused", "invalid_credentials"}, {FAILED, NOT_ALLOWED})
        self.refused({"record_refused", "session_invalid"})

    def test_a_deleted_account_signs_nothing(self):
        self.stack.sql(f"DELETE FROM waas.wallets WHERE user_id = '\\x{self.ada.user_id}';"
                       f"DELETE FROM waas.accounts WHERE id = '\\x{self.ada.user_id}'")
        result = self.ada.sign_message(wallet=self.id)
        self.assertNotEqual(result.exit, DONE, result)
        self.assertEqual(result.stdout, b"")
        self.stack.sql(f"INSERT INTO waas.accounts (id, email, version, record) SELECT id, email, version, record "
                       f"FROM public.a WHERE id = '\\x{self.ada.user_id}'")

    # Redis.

    def attack_redis(self, index, fields, codes=frozenset(REFUSED), wallet=None):
        """The false share is refused, or found to be false and made anew: then the signature is the only right one."""
        with self.stack.redis(index - 1) as redis:
            self.put(redis, self.key(wallet or self.id, index), fields)
        result = self.ada.sign_message(b"good", wallet=wallet or self.id)
        if result.exit == DONE:
            self.assertEqual(result.json["signature"], self.good)
            self.keep()
            return None
        self.assert_refused(result, codes, {FAILED, NOT_ALLOWED, UNREACHABLE})
        self.restore()
        return result

    def test_redis_shares_of_other_wallets_are_refused(self):
        for index in (2, 3):
            for other in (self.other, self.bobs):
                with self.subTest(index=index, other=other):
                    before = self.damaged()
                    self.assertIsNone(self.attack_redis(index, {self.field(index, self.id)[0]: self.field(index, other)[1]}))
                    self.assertEqual(self.damaged(), before + 1, "nobody was told")

    def test_whole_hashes_swapped_between_wallets_are_refused(self):
        for index in (2, 3):
            with self.subTest(index=index):
                self.attack_redis(index, self.kept[index][self.bobs], {"share_missing", "record_refused"})

    def test_share_2_and_share_3_do_not_change_places(self):
        for index, other in ((2, 3), (3, 2)):
            field, _ = self.field(index, self.id)
            self.attack_redis(index, {field: self.field(other, self.id)[1]})

    def test_every_part_of_a_redis_share_is_authenticated(self):
        for index in (2, 3):
            for position in (0, 1, 2, 5, 6, 37, 38, 69, 70, 85):
                with self.subTest(index=index, position=position):
                    field, value = self.field(index, self.id)
                    self.attack_redis(index, {field: self.flipped(value, position)}, {"record_refused", "key_version_unknown"})

    def test_truncated_empty_and_huge_redis_shares_are_refused(self):
        for index in (2, 3):
            for size in (0, 1, 6, 37, 85):
                with self.subTest(index=index, size=size):
                    field, value = self.field(index, self.id)
                    self.attack_redis(index, {field: value[:size]}, {"record_refused", "share_missing"})
            field, value = self.field(index, self.id)
            self.attack_redis(index, {field: value + b"\0"}, {"record_refused", "share_missing"})
            field, value = self.field(index, self.id)
            self.attack_redis(index, {field: bytes(2 << 20)}, {"record_refused", "share_missing", "redis_unreachable"})

    def test_missing_redis_shares_are_reported_with_their_index(self):
        for index in (2, 3):
            with self.stack.redis(index - 1) as redis:
                redis("DEL", self.key(self.id, index))
            (row,) = [row for row in self.stack.waas("shares", "status", "--all").json if row["wallet"] == self.id]
            self.assertEqual(row["missingShares"], [index])
            self.assertTrue(row["needsRotation"])
            self.restore()

    def test_fields_that_are_no_version_are_not_taken_for_one(self):
        for index in (2, 3):
            for form in (b"", b"-", b"1", b"01-%s", b"+1-%s", b"1-%sA0", b"2-%s", b"1 -%s", b"99999999999999999999-%s", b"\xff" * 50):
                field, value = self.field(index, self.id)
                other = form.replace(b"%s", field.split(b"-")[1])
                if other != field:
                    with self.subTest(index=index, field=form):
                        self.attack_redis(index, {other: value}, {"share_missing", "record_refused"})

    def test_thousands_of_false_fields_do_not_stop_the_daemon(self):
        field, value = self.field(2, self.id)
        with self.stack.redis(1) as redis:
            for n in range(2000):
                redis("HSET", self.key(self.id, 2), f"{n + 2}-{n:016x}", value)
        result = self.ada.sign_message(b"good", wallet=self.id)
        self.assertEqual((result.exit, result.json["signature"]), (DONE, self.good), result)
        self.assertEqual(self.bob.sign_message().exit, DONE)
        self.keep()

    def test_a_key_of_another_type_is_refused(self):
        for index in (2, 3):
            with self.stack.redis(index - 1) as redis:
                redis("DEL", self.key(self.id, index))
                redis("SET", self.key(self.id, index), b"not a hash")
            result = self.ada.sign_message(b"good", wallet=self.id)
            self.assertEqual((result.exit, result.json["signature"]), (DONE, self.good), result)
            self.assertEqual(self.bob.sign_message().exit, DONE, "one false key stops others")
            self.keep()

    def test_all_three_shares_of_another_wallet_sign_nothing_under_this_one(self):
        self.set_wallet(f"share = (SELECT share FROM public.w WHERE id = '\\x{self.bobs}'), "
                        f"tag = (SELECT tag FROM public.w WHERE id = '\\x{self.bobs}')")
        for index in (2, 3):
            with self.stack.redis(index - 1) as redis:
                self.put(redis, self.key(self.id, index), self.kept[index][self.bobs])
        self.refused()


if __name__ == "__main__":
    unittest.main()
