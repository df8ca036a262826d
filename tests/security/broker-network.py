#!/usr/bin/env python3
"""The sandboxed broker reaches its stores by name, over TCP and TLS, and reaches nothing else.

The stores of scripts/stack listen on Unix sockets only; here each gets a door of its own on a free loopback port, which
speaks TLS with a certificate for "localhost"."""
import os
import pathlib
import re
import signal
import socket
import ssl
import subprocess
import sys
import threading
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))
from stack_fixture import BUILD, DONE, Stack, eventually  # noqa: E402

SSL_REQUEST = b"\0\0\0\x08\x04\xd2\x16\x2f"  # PostgreSQL: asks for TLS before anything else


class TlsDoor:
    """Takes TLS on a port of its own and hands the bytes on to a Unix socket."""

    def __init__(self, target, context, is_postgres=False):
        self.target, self.context, self.is_postgres = target, context, is_postgres
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=16)
        self.port = self.listener.getsockname()[1]
        self.open = True
        self.accepted = 0
        self.sockets = []
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            self.accepted += 1
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        try:
            if self.is_postgres:
                request = client.recv(8)
                if request != SSL_REQUEST:
                    client.close()
                    return
                client.sendall(b"S")
            client = self.context.wrap_socket(client, server_side=True)
            server = socket.socket(socket.AF_UNIX)
            server.connect(self.target)
        except (OSError, ssl.SSLError):
            client.close()
            return
        self.sockets += [client, server]
        client.settimeout(0.02)  # one thread reads and writes a TLS socket
        server.settimeout(0.02)
        try:
            while True:
                for source, target in ((client, server), (server, client)):
                    try:
                        data = source.recv(65536)
                    except (TimeoutError, ssl.SSLWantReadError):
                        continue
                    if not data:
                        return
                    target.settimeout(10)
                    target.sendall(data)
                    target.settimeout(0.02)
        except OSError:
            pass
        finally:
            client.close()
            server.close()

    def close(self):
        """Refuses new connections and ends the old ones."""
        self.listener.close()
        for each in self.sockets:
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


def make_certificate(folder):
    """A certificate for localhost that is its own authority."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                    "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", folder / "key.pem",
                    "-out", folder / "ca.pem"], check=True, capture_output=True)
    (folder / "ca.pem").chmod(0o644)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "ca.pem", folder / "key.pem")
    return context


class BrokerNetwork(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stack = Stack()
        cls.stack.root.chmod(0o755)
        cls.doors = []
        try:
            cls.stack.up()
            cls.prepare()
        except BaseException:
            cls.tearDownClass()
            raise

    @classmethod
    def tearDownClass(cls):
        for door in cls.doors:
            door.close()
        cls.stack.down()

    @classmethod
    def prepare(cls):
        """Rewrites the broker's settings to names, ports and TLS; the data stay where they are."""
        context = make_certificate(cls.stack.root)
        settings = (cls.stack.directory / "state").resolve() / "signerd.toml"
        text = settings.read_text()
        sockets = re.search(r"host=([^\"]*)/postgres", text).group(1)
        targets = [(f"{sockets}/postgres/.s.PGSQL.5432", True), (f"{sockets}/redis1/redis.sock", False),
                   (f"{sockets}/redis2/redis.sock", False)]
        cls.doors = [TlsDoor(target, context, is_postgres) for target, is_postgres in targets]
        ports = [door.port for door in cls.doors]
        authority = f'ca_file = "{cls.stack.root}/ca.pem"'
        urls = [f"postgresql://waas_signer@localhost:{ports[0]}/waas?sslmode=verify-full",
                f"rediss://waas-broker@localhost:{ports[1]}", f"rediss://waas-broker@localhost:{ports[2]}"]
        for part, url in zip(("postgres", "redis_1", "redis_2"), urls):
            text = re.sub(rf'(\[{part}\]\n)url = "[^"]*"', lambda match, url=url: f'{match[1]}url = "{url}"\n{authority}', text)
        settings.write_text(text)
        cls.stack.restart("broker")
        cls.ada = cls.stack.person("ada").sign_up()

    def unreachable(self):
        return [store["name"] for store in self.stack.waas("health").json["stores"] if not store["reachable"]]

    def test_a_signature_over_tls_and_names(self):
        result = self.ada.sign_message()
        self.assertEqual(result.exit, DONE, result)
        self.assertTrue(all(door.accepted for door in self.doors), "a store was reached by another way")

    def test_a_store_that_goes_away_and_comes_back_is_found_by_name_again(self):
        pid = self.stack.pid("WAAS_BROKER_PID")
        door = self.doors[1]
        port, target, context = door.port, door.target, door.context
        door.close()
        eventually(lambda: self.unreachable() == ["redis1"], what="the loss")
        self.assertEqual(self.ada.sign_message().exit, DONE, "the policy allows signatures without a Redis")
        replacement = TlsDoor.__new__(TlsDoor)
        replacement.target, replacement.context, replacement.is_postgres = target, context, False
        replacement.listener = socket.create_server(("127.0.0.1", port), backlog=16)
        replacement.port, replacement.accepted, replacement.sockets = port, 0, []
        threading.Thread(target=replacement.accept, daemon=True).start()
        self.doors[1] = replacement
        eventually(lambda: self.unreachable() == [], seconds=30, what="service")
        self.assertEqual(self.ada.sign_message().exit, DONE)
        self.assertEqual(self.stack.pid("WAAS_BROKER_PID"), pid, "the broker was started anew")

    def test_a_certificate_of_somebody_else_is_refused_and_survived(self):
        folder = self.stack.root / "other"
        folder.mkdir()
        context = make_certificate(folder)
        door = self.doors[2]
        good = door.context
        door.context = context
        for each in door.sockets:
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        eventually(lambda: self.unreachable() == ["redis2"], what="the loss")
        door.context = good
        eventually(lambda: self.unreachable() == [], seconds=30, what="service")
        self.assertEqual(self.ada.sign_message().exit, DONE)

    def test_a_forbidden_call_inside_the_broker_ends_it(self):
        """As code that was injected there would make it: execve, ptrace, io_uring_setup, bind, unlink, x32."""
        for number in (59, 101, 425, 49, 87, 0x40000001):
            with self.subTest(number):
                forced = subprocess.run([BUILD / "tests/waas-force-call", str(self.stack.pid("WAAS_BROKER_PID")), hex(number)],
                                        capture_output=True, text=True)
                self.assertEqual(forced.stdout, f"signal {int(signal.SIGSYS)}\n", forced.stderr)
                self.stack.restart("broker")
        self.assertEqual(self.ada.sign_message().exit, DONE)

    def test_the_filter_was_there_all_the_time(self):
        status = pathlib.Path(f"/proc/{self.stack.pid('WAAS_BROKER_PID')}/status").read_text()
        self.assertIn("Seccomp:\t2", status)
        self.assertNotIn("sandbox", re.sub(r"B0004 sandboxed", "", self.stack.log("broker")).lower())


if __name__ == "__main__":
    if os.geteuid() != 0:
        print("needs root")
        sys.exit(77)
    unittest.main()
