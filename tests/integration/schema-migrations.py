#!/usr/bin/env python3
"""`waas db` on a database of its own: in order, once, all or nothing, one migrator at a time."""
import concurrent.futures
import shutil
import subprocess
import unittest
import uuid

from stack_fixture import BUILD, DONE, FAILED, REPOSITORY, UNREACHABLE, USAGE, Result, StackTest


class SchemaMigrations(StackTest):
    def setUp(self):
        self.name = "db_" + uuid.uuid4().hex[:12]
        self.stack.sql(f"CREATE DATABASE {self.name}")
        admin = self.stack.env["WAAS_STACK_DATABASE_URL"]
        self.url = admin.replace("/waas?", f"/{self.name}?")
        self.folder = self.stack.root / self.name
        shutil.copytree(REPOSITORY / "sql", self.folder)

    def tearDown(self):
        self.stack.sql(f"DROP DATABASE {self.name} WITH (FORCE)")

    def db(self, *words, url=None):
        environment = dict(self.stack.environment, DATABASE_URL=self.url if url is None else url)
        process = subprocess.run([BUILD / "waas", "--json", "db", *words, "--sql", self.folder], env=environment,
                                 capture_output=True, timeout=60)
        return Result(process, 0)

    def query(self, statement):
        process = subprocess.run(["psql", "-XqAt", self.url, "-c", statement], capture_output=True, text=True, timeout=60)
        self.assertEqual(process.returncode, 0, process)
        return process.stdout.strip()

    def add(self, name, text):
        (self.folder / name).write_text(text)

    def newest(self):
        return max(int(path.name[:4]) for path in self.folder.glob("[0-9]*.sql"))

    def test_an_empty_database_is_brought_up_to_date_once(self):
        self.assertEqual(self.db("status").exit, FAILED)
        first = self.db("migrate")
        self.assertEqual(first.exit, DONE, first)
        self.assertEqual(first.json["version"], self.newest())
        self.assertEqual([row["number"] for row in first.json["applied"]], list(range(1, self.newest() + 1)))
        self.assertEqual(self.db("migrate").json["applied"], [])
        status = self.db("status")
        self.assertEqual(status.exit, DONE)
        self.assertTrue(status.json["current"])

    def test_a_failing_migration_leaves_nothing_behind_and_the_ones_before_stay(self):
        n = self.newest()
        self.add(f"{n + 1:04}-good.sql", "CREATE TABLE waas.good ();")
        self.add(f"{n + 2:04}-bad.sql", "CREATE TABLE waas.half ();\nSELECT 1/0;")
        result = self.db("migrate")
        self.assert_refused(result, {"database_refused"})
        self.assertIn(b"division by zero", result.stderr)
        self.assertEqual(self.query("SELECT to_regclass('waas.good') IS NOT NULL, to_regclass('waas.half') IS NULL"), "t|t")
        self.add(f"{n + 2:04}-bad.sql", "CREATE TABLE waas.half ();")
        self.assertEqual([row["name"] for row in self.db("migrate").json["applied"]], ["bad"])

    def test_a_changed_file_is_refused(self):
        self.assertEqual(self.db("migrate").exit, DONE)
        path = self.folder / "0001-signer.sql"
        path.write_text(path.read_text() + "-- one line more\n")
        self.assert_refused(self.db("migrate"), {"migrations_unusable"})
        status = self.db("status")
        self.assertEqual(status.exit, FAILED)
        self.assertEqual(status.json["migrations"][0]["state"], "changed")

    def test_a_database_that_is_newer_than_the_program_is_refused(self):
        n = self.newest()
        self.add(f"{n + 1:04}-newer.sql", "SELECT 1;")
        self.assertEqual(self.db("migrate").exit, DONE)
        (self.folder / f"{n + 1:04}-newer.sql").unlink()
        self.assert_refused(self.db("migrate"), {"migrations_unusable"})

    def test_migrators_at_the_same_time_apply_each_once(self):
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            results = list(pool.map(lambda _: self.db("migrate"), range(4)))
        self.assertEqual([result.exit for result in results], [DONE] * 4, results)
        self.assertEqual(sorted(len(result.json["applied"]) for result in results), [0, 0, 0, self.newest()])

    def test_the_brokers_role_is_made_and_given_its_rights(self):
        role = "signer_" + uuid.uuid4().hex[:8]
        self.assertEqual(self.db("migrate", "--broker-role", role).exit, DONE)
        self.assertEqual(self.db("migrate", "--broker-role", role).exit, DONE)
        self.assertEqual(self.query(f"SELECT pg_has_role('{role}', 'waas_broker', 'member'), rolcanlogin, rolsuper "
                                    f"FROM pg_roles WHERE rolname = '{role}'"), "t|t|f")
        self.query(f'DROP ROLE "{role}"')

    def test_without_a_database_it_says_so(self):
        self.assert_refused(self.db("status", url="postgresql:///waas?host=/nowhere"), {"postgres_unreachable"}, {UNREACHABLE})
        self.assert_refused(self.db("status", url=""), {"usage"}, {USAGE})


if __name__ == "__main__":
    unittest.main()
