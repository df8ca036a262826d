#!/usr/bin/env python3
"""Attacks on the gateway, on the real stack: smuggling, slow and huge requests, idle crowds, odd paths, forged tokens,
enumeration by time; and what a broken-into gateway can do. G1, G2, G3, G7, X8."""
import base64
import hashlib
import hmac
import json
import os
import pathlib
import re
import resource
import signal
import socket
import statistics
import subprocess
import time
import unittest

from gateway_client import Gateway, password_of, read_all
from stack_fixture import BUILD, REPOSITORY, StackTest, eventually, is_alive
from solana_transfer import base58_decode, transfer_message

CROWD = 10_000
LIMITS = f"""[limits]
connections = {CROWD + 200}
connections_per_address = {CROWD + 200}
idle_seconds = 60
sign_ups_per_address = 1000
sign_ins_per_address = 10000
sign_ins_per_account = 10000"""


class Attacks(StackTest):
    ENVIRONMENT = {"WAAS_STACK_GATEWAY_TOML": LIMITS}

    @classmethod
    def prepare(cls):
        cls.gateway = Gateway(cls.stack)
        cls.ada = cls.gateway.sign_up("ada")
        cls.bob = cls.gateway.sign_up("bob")
        cls.pid = cls.stack.pid("WAAS_GATEWAY_PID")

    def tearDown(self):
        self.assertTrue(is_alive(self.pid), "the gateway died")
        self.assertEqual(self.gateway.get("/healthz").status, 200)

    def rss(self):
        status = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0])

    def head(self, *lines):
        return "\r\n".join(["POST /api/message/sign HTTP/1.1", f"Host: {self.gateway.url.netloc}",
                            f"Authorization: Bearer {self.ada['token']}", "Content-Type: application/json", *lines]).encode()

    def test_g2_no_second_request_is_smuggled_behind_a_first(self):
        inner = f"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n".encode()
        chunked = b"0\r\n\r\n" + inner
        variants = {
            "CL and TE": self.head(f"Content-Length: {len(chunked)}", "Transfer-Encoding: chunked") + b"\r\n\r\n" + chunked,
            "TE and CL": self.head("Transfer-Encoding: chunked", f"Content-Length: 5") + b"\r\n\r\n" + chunked,
            "TE": self.head("Transfer-Encoding: chunked") + b"\r\n\r\n" + chunked,
            "TE with a blank": self.head("Transfer-Encoding : chunked") + b"\r\n\r\n" + chunked,
            "TE with a tab": self.head("Transfer-Encoding:\tchunked") + b"\r\n\r\n" + chunked,
            "TE twice": self.head("Transfer-Encoding: identity", "Transfer-Encoding: chunked") + b"\r\n\r\n" + chunked,
            "TE folded": self.head("Transfer-Encoding:\r\n chunked") + b"\r\n\r\n" + chunked,
            "TE unknown": self.head("Transfer-Encoding: xchunked") + b"\r\n\r\n" + chunked,
            "TE behind a bare LF": self.head("X: y\nTransfer-Encoding: chunked") + b"\r\n\r\n" + chunked,
            "CL twice": self.head("Content-Length: 0", f"Content-Length: {len(inner)}") + b"\r\n\r\n" + inner,
            "CL list": self.head(f"Content-Length: 0, {len(inner)}") + b"\r\n\r\n" + inner,
            "CL negative": self.head("Content-Length: -1") + b"\r\n\r\n" + inner,
            "CL with a plus": self.head("Content-Length: +0") + b"\r\n\r\n" + inner,
            "CL hex": self.head("Content-Length: 0x0") + b"\r\n\r\n" + inner,
            "CL huge": self.head("Content-Length: 18446744073709551616") + b"\r\n\r\n" + inner,
            "CL with zeros": self.head("Content-Length: 00") + b"\r\n\r\n" + inner,
            "bare LF": self.head().replace(b"\r\n", b"\n") + b"\n\n" + inner,
            "bare CR": self.head("X: a\rContent-Length: 0") + b"\r\n\r\n" + inner,
            "zero byte": self.head("X: a\0b") + b"\r\n\r\n" + inner,
            "empty line first": b"\r\n" + self.head("Content-Length: 0") + b"\r\n\r\n" + inner,
            "HTTP/1.0": self.head("Content-Length: 0").replace(b"HTTP/1.1", b"HTTP/1.0", 1) + b"\r\n\r\n" + inner,
            "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + inner,
            "two hosts": self.head("Host: other", "Content-Length: 0") + b"\r\n\r\n" + inner,
            "absolute": self.head("Content-Length: 0").replace(b" /", b" http://other/", 1) + b"\r\n\r\n" + inner,
        }
        for name, data in variants.items():
            with self.subTest(name):
                answer = self.gateway.raw(data)
                self.assertEqual(len(re.findall(rb"HTTP/1\.1 \d", answer)), 1, answer)
                self.assertRegex(answer.split(b"\r\n")[0], rb"^HTTP/1.1 4\d\d ")
                self.assertIn(b"Connection: close", answer)
        self.assertNotIn("smuggled", self.stack.log("gateway"))

    def test_g2_odd_paths_reach_nothing(self):
        wallet = self.ada["wallet"]["walletId"]
        for path in ("/api/../api/wallet/list", "/api/%2e%2e/api/wallet/list", "/api/wallet/list%00", "/api/wallet//list",
                     "//api/wallet/list", "/api/wallet/list/", "/API/wallet/list", "/api/Wallet/list", "/api/wallet/list;x=1",
                     "/api/wallet\\list", "/api/wallet/l\u0456st", "/api/wallet/%6cist", f"/v1/transit/keys/..%2f{wallet}",
                     f"/v1/transit/keys/../keys/{wallet}", f"/v1/transit/keys/{wallet.upper()}x", f"/v1/transit/keys/{wallet}%00",
                     f"/v1/transit/keys/*", f"/v1/transit/keys/{wallet}/", "/v1/transit/keys/%", "/.", "/..", "*", "http://a/healthz"):
            with self.subTest(path):
                request = f"GET {path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {self.ada['token']}\r\nConnection: close\r\n\r\n"
                answer = self.gateway.raw(request.encode())
                self.assertRegex(answer, rb"^HTTP/1.1 4\d\d ")

    def test_g3_huge_heads_and_bodies_are_refused_early(self):
        before = self.rss()
        self.assertIn(b" 431 ", self.gateway.raw(self.head("X: " + "a" * 20_000))[:20])
        self.assertIn(b" 431 ", self.gateway.raw(self.head(*[f"X-{i}: a" for i in range(100)]) + b"\r\n\r\n")[:20])
        self.assertIn(b" 431 ", self.gateway.raw(b"GET /" + b"a" * 4000 + b" HTTP/1.1\r\nHost: a\r\n\r\n")[:20])
        self.assertIn(b" 413 ", self.gateway.raw(self.head("Content-Length: 99999999") + b"\r\n\r\n" + b"x" * 65536)[:20])
        deep = b'{"message":' + b"[" * 60_000
        answer = self.gateway.raw(self.head(f"Content-Length: {len(deep)}", "Connection: close") + b"\r\n\r\n" + deep)
        self.assertIn(b" 400 ", answer[:20])
        self.assertLess(self.rss() - before, 16 << 10)

    def test_g3_a_crowd_of_idle_and_slow_connections_stops_nobody(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, CROWD + 500), hard))
        crowd = []
        before = self.rss()
        try:
            for i in range(min(CROWD, min(hard, CROWD + 500) - 400)):
                stream = socket.create_connection(self.gateway.address, timeout=15)
                # Half say nothing, half begin a head and never end it.
                if i % 2:
                    stream.sendall(b"GET /healthz HTTP/1.1\r\nX: ")
                crowd.append(stream)
            began = time.monotonic()
            self.assertEqual(self.gateway.get("/healthz").status, 200)
            self.assertEqual(self.gateway.post("/api/message/sign", {"message": "x"}, token=self.ada["token"]).status, 200)
            took = time.monotonic() - began
            grown = self.rss() - before
            print(f"\n{len(crowd)} connections: {grown} KiB more, {grown * 1024 // len(crowd)} bytes each; a call among them {took * 1000:.0f} ms")
            self.assertLess(grown, len(crowd) * 16)
            # A head that does not end is answered 408 after its time, whatever trickles in meanwhile.
            slow = next(stream for i, stream in enumerate(crowd) if i % 2 and i > len(crowd) - 10)
            slow.settimeout(30)
            self.assertIn(b" 408 ", slow.recv(4096)[:20])
        finally:
            for stream in crowd:
                stream.close()
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        descriptors = lambda: len(os.listdir(f"/proc/{self.pid}/fd"))
        eventually(lambda: descriptors() < 100, seconds=30, what="closing the crowd's connections")

    def test_g3_a_client_that_reads_nothing_holds_nothing_for_ever(self):
        with socket.create_connection(self.gateway.address, timeout=60) as stream:
            stream.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            request = b"GET /openapi.json HTTP/1.1\r\nHost: a\r\n\r\n"
            stream.settimeout(5)
            try:
                for _ in range(2000):
                    stream.sendall(request)
            except TimeoutError:
                pass
            self.assertLess(self.rss(), 512 << 10)

    # Tokens.

    def jwt(self):
        return self.ada["token"].split(".")

    def refused(self, token):
        answer = self.gateway.get("/api/wallet/list", token=token)
        self.assertEqual(answer.status, 401, (token, answer))
        signing = self.gateway.post("/api/message/sign", {"message": "x"}, token=token)
        self.assertEqual(signing.status, 401, signing)

    def test_g1_forged_tokens_are_refused(self):
        header, payload, mac, key = self.jwt()
        encode = lambda value: base64.urlsafe_b64encode(value).rstrip(b"=").decode()
        decode = lambda text: base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        claims = decode(payload)
        bob = self.bob["token"].split(".")
        none = encode(b'{"alg":"none","typ":"JWT"}')
        other_alg = encode(decode(header).replace(b"HS256", b"HS512"))
        public = (self.stack.directory / "vault.pub").read_bytes()
        confused = encode(hmac.new(public, f"{header}.{payload}".encode(), hashlib.sha256).digest())
        later = encode(claims.replace(b'"exp":1', b'"exp":9'))
        as_bob = encode(claims.replace(self.ada["userId"].encode(), self.bob["userId"].encode()))
        doubled = encode(claims[:-1] + b',"sub":"' + self.bob["userId"].encode() + b'"}')
        forged = {
            "alg none": [none, payload, "", key], "alg none with a mac": [none, payload, mac, key],
            "another alg": [other_alg, payload, mac, key], "signed with the public keys": [header, payload, confused, key],
            "no mac": [header, payload, "", key], "a shorter mac": [header, payload, mac[:-2], key],
            "a longer mac": [header, payload, mac + "AA", key], "later expiry": [header, later, mac, key],
            "another user": [header, as_bob, mac, key], "a claim twice": [header, doubled, mac, key],
            "another key id": [encode(decode(header).replace(b'"kid":"0', b'"kid":"1')), payload, mac, key],
            "a path as key id": [encode(b'{"alg":"HS256","typ":"JWT","kid":"../../../../dev/null"}'), payload, mac, key],
            "somebody else's possession": [header, payload, mac, bob[3]], "somebody else's payload": [header, bob[1], mac, key],
            "no possession": [header, payload, mac, encode(bytes(32))], "the JWT alone": [header, payload, mac],
            "padding": [header + "=", payload, mac, key],
        }
        for name, parts in forged.items():
            with self.subTest(name):
                self.refused(".".join(parts))
        for token in ("", "x", "." * 10, "a.b.c.d", "A" * 2000, self.ada["token"] + "A", self.ada["token"][:-1], self.ada["token"] + "."):
            with self.subTest(token[:20]):
                self.refused(token)
        self.assertEqual(self.gateway.get("/api/wallet/list", token=self.ada["token"]).status, 200)

    def test_g1_every_changed_bit_of_a_token_is_noticed(self):
        token = self.ada["token"]
        for at in range(0, len(token), 7):
            changed = token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1:]
            answer = self.gateway.get("/api/wallet/list", token=changed)
            self.assertEqual(answer.status, 401, at)

    def test_g7_time_does_not_tell_whether_an_account_exists(self):
        times = {"known": [], "unknown": []}
        for i in range(12):
            for kind, email in (("known", "bob@example.org"), ("unknown", f"nobody{i}@example.org")):
                began = time.monotonic()
                answer = self.gateway.post("/api/auth/signin", {"email": email, "password": f"wrong {i} password"})
                times[kind].append(time.monotonic() - began)
                self.assertIn(answer.status, (401, 429), answer)
        # Whoever is held is held whether there is such an account or not; what was stretched is compared.
        stretched = {kind: [t for t in values if t > 0.02] or values for kind, values in times.items()}
        known, unknown = (statistics.median(stretched[kind]) for kind in ("known", "unknown"))
        spread = max(statistics.pstdev(stretched[kind]) for kind in stretched)
        print(f"\nsign-in refused: known {known * 1000:.1f} ms, unknown {unknown * 1000:.1f} ms, deviation {spread * 1000:.1f} ms")
        self.assertLess(abs(known - unknown), max(3 * spread, 0.05))


class HostileGateway(StackTest):
    """Somebody who owns the gateway's process: its user, its files, its capabilities."""

    @classmethod
    def prepare(cls):
        cls.gateway = Gateway(cls.stack)
        cls.ada = cls.gateway.sign_up("ada")
        cls.bob = cls.gateway.sign_up("bob")

    def as_gateway(self, *words, check=True):
        """Runs a command as the gateway's user, with what its process can see."""
        status = pathlib.Path(f"/proc/{self.stack.pid('WAAS_GATEWAY_PID')}/status").read_text()
        uid = status.split("Uid:")[1].split()[0]
        become = ["setpriv", "--reuid", uid, "--regid", uid, "--clear-groups"] if os.geteuid() == 0 else []
        env = self.stack.env
        environment = {"PATH": os.environ["PATH"], "WAAS_SOCKET": env["WAAS_SOCKET"], "HOME": "/nonexistent",
                       "WAAS_VAULT_PUB": str(self.stack.directory / "state/gateway/vault.pub")}
        return subprocess.run([*become, *words], env=environment, capture_output=True, text=True, timeout=60, cwd="/")

    @unittest.skipUnless(os.geteuid() == 0, "needs users of their own")
    def test_g1_its_user_can_sign_and_see_nothing_without_a_token(self):
        for words in (["--as-service", "sign", "message", "-"], ["sign", "message", "-"], ["--as-service", "wallet", "list"],
                      ["shares", "status", "--all"], ["audit", "tail"], ["health"]):
            result = self.as_gateway(str(BUILD / "waas"), "--json", *words)
            self.assertNotEqual(result.returncode, 0, (words, result.stdout))
            self.assertEqual(result.stdout, "", words)

    @unittest.skipUnless(os.geteuid() == 0, "needs users of their own")
    def test_g1_its_database_role_sees_its_own_tables_only(self):
        state = self.stack.directory / "state"
        password = (state / "gateway/credentials/postgres_password").read_text().strip()
        host = self.stack.env["DATABASE_URL"].partition("host=")[2]
        for table, may in (("waas.wallets", False), ("waas.accounts", False), ("waas.audit", False), ("waas_gateway.idempotency", True)):
            result = subprocess.run(["psql", "-X", "-w", "-h", host, "-U", "waas_gateway", "-d", "waas", "-c", f"SELECT count(*) FROM {table}"],
                                    env={**os.environ, "PGPASSWORD": password}, capture_output=True, text=True)
            self.assertEqual(result.returncode == 0, may, (table, result.stderr))

    @unittest.skipUnless(os.geteuid() == 0, "needs users of their own")
    def test_g1_its_user_reaches_neither_the_stores_nor_the_vault_nor_their_files(self):
        env = self.stack.env
        sockets = pathlib.Path(env["WAAS_SOCKET"]).parent.parent
        for path in (sockets / "vault/vault.sock", sockets / "redis1/redis.sock", sockets / "redis2/redis.sock"):
            probe = f"import socket; socket.socket(socket.AF_UNIX, socket.{'SOCK_SEQPACKET' if 'vault' in str(path) else 'SOCK_STREAM'}).connect('{path}')"
            self.assertNotEqual(self.as_gateway("python3", "-c", probe).returncode, 0, path)
        for path in ("state/vault", "state/broker", "state/secrets", "state/postgres"):
            self.assertNotEqual(self.as_gateway("ls", str((self.stack.directory / path).resolve())).returncode, 0, path)

    def test_x8_the_process_is_confined(self):
        status = pathlib.Path(f"/proc/{self.stack.pid('WAAS_GATEWAY_PID')}/status").read_text()
        self.assertIn("Seccomp:\t2", status)
        self.assertIn("NoNewPrivs:\t1", status)
        self.assertIn("CapEff:\t0000000000000000", status)
        table = subprocess.run([BUILD / "waas-gateway", "--print-sandbox"], capture_output=True, text=True).stdout
        for call in ("execve", "execveat", "fork", "vfork", "ptrace", "bind", "listen", "unlink", "rename", "mount", "bpf"):
            self.assertNotRegex(table, rf"(?m)^\s*{call}\b")

    def test_a_token_of_a_is_nothing_for_b(self):
        message = transfer_message(base58_decode(self.bob["wallet"]["publicKey"]), os.urandom(32), 1)
        for name in (self.bob["wallet"]["walletId"], self.bob["wallet"]["publicKey"]):
            answer = self.gateway.call("POST", f"/v1/transit/sign/{name}", {"input": base64.b64encode(message).decode()},
                                       headers={"X-Vault-Token": self.ada["token"]})
            self.assertEqual(answer.status, 400, answer)


if __name__ == "__main__":
    unittest.main()
