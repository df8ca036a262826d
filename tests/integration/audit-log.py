#!/usr/bin/env python3
"""The audit log: every use of a key is in it before its result is out, and `waas audit verify` notices any change."""
import unittest

from stack_fixture import DONE, FAILED, StackTest


class AuditLog(StackTest):
    @classmethod
    def prepare(cls):
        cls.ada = cls.stack.person("ada").sign_up()
        for _ in range(6):
            assert cls.ada.sign_message().exit == DONE
        cls.stack.sql("CREATE TABLE public.kept AS SELECT * FROM waas.audit")

    def tearDown(self):
        self.stack.sql("DELETE FROM waas.audit WHERE (instance, sequence) IN (SELECT instance, sequence FROM public.kept);"
                       "INSERT INTO waas.audit SELECT * FROM public.kept;")
        result = self.verify()
        self.assertEqual(result.exit, DONE, f"after the attack was undone: {result}")

    def verify(self):
        # By the same person each time: the heads that this client saw are what a cut tail is noticed by.
        return self.ada.waas("audit", "verify")

    def assert_noticed(self):
        result = self.verify()
        self.assertEqual(result.exit, FAILED, result)
        self.assertTrue(result.code or result.json["problems"], result)

    def test_each_use_of_a_key_is_recorded_before_the_answer(self):
        before = int(self.stack.sql("SELECT count(*) FROM waas.audit")[0][0])
        self.assertEqual(self.ada.sign_message(b"one more").exit, DONE)
        self.assertEqual(int(self.stack.sql("SELECT count(*) FROM waas.audit")[0][0]), before + 1)
        last = self.ada.waas("audit", "tail", "--limit", "1").json[-1]
        self.assertEqual(last["event"], "message_signed")
        self.assertEqual(last["wallet"], self.ada.wallet["walletId"])
        self.assertEqual(last["caller"], {"kind": "user", "id": self.ada.user_id})

    def test_a_refused_signature_leaves_no_record(self):
        before = self.stack.sql("SELECT count(*) FROM waas.audit")
        self.assertEqual(self.ada.waas("sign", "transaction", "-", stdin=b"AAAA").exit, FAILED)
        self.assertEqual(self.stack.sql("SELECT count(*) FROM waas.audit"), before)

    def test_the_whole_log_verifies(self):
        result = self.verify()
        self.assertEqual(result.exit, DONE, result)
        self.assertTrue(result.json["whole"])
        self.assertGreaterEqual(result.json["records"], 7)

    def test_a_changed_record_is_noticed(self):
        # The subject's hash: nothing that the database itself checks.
        self.stack.sql("UPDATE waas.audit SET record = set_byte(record, 120, get_byte(record, 120) # 1) WHERE sequence = 3")
        self.assert_noticed()

    def test_a_record_left_out_is_noticed(self):
        self.stack.sql("DELETE FROM waas.audit WHERE sequence = 4")
        self.assert_noticed()

    def test_a_cut_beginning_is_noticed(self):
        self.stack.sql("DELETE FROM waas.audit WHERE sequence <= 2")
        self.assert_noticed()

    def test_a_cut_tail_is_noticed(self):
        self.stack.sql("DELETE FROM waas.audit WHERE sequence = (SELECT max(sequence) FROM waas.audit)")
        self.assert_noticed()

    def test_a_log_that_is_gone_is_noticed(self):
        self.stack.sql("DELETE FROM waas.audit")
        self.assert_noticed()

    def test_a_changed_head_signature_is_noticed(self):
        self.stack.sql("UPDATE waas.audit SET head_signature = set_byte(head_signature, 3, get_byte(head_signature, 3) # 1) "
                       "WHERE head_signature IS NOT NULL AND sequence = 3")
        changed = self.stack.sql("SELECT count(*) FROM waas.audit WHERE sequence = 3 AND head_signature IS NOT NULL")
        self.assertNotEqual(changed, [["0"]])
        self.assert_noticed()

    def test_the_brokers_role_can_change_no_record(self):
        rights = {privilege for (privilege,) in self.stack.sql(
            "SELECT privilege_type FROM information_schema.role_table_grants WHERE grantee = 'waas_broker'")}
        self.assertFalse(rights & {"DELETE", "TRUNCATE", "UPDATE", "TRIGGER", "REFERENCES"}, rights)
        columns = {(table, column) for table, column in self.stack.sql(
            "SELECT table_name, column_name FROM information_schema.role_column_grants "
            "WHERE grantee = 'waas_broker' AND privilege_type = 'UPDATE'")}
        self.assertFalse([table for table, _ in columns if table in ("audit", "policies")], columns)
        # Who a wallet is and whose can't be changed, only the version of its shares.
        self.assertNotIn(("wallets", "certificate"), columns)
        self.assertIn(("wallets", "share"), columns)


if __name__ == "__main__":
    unittest.main()
