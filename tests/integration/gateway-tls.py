#!/usr/bin/env python3
"""The gateway's own TLS: one version, a certificate that is renewed while it runs; and its end."""
import json
import os
import signal
import socket
import ssl
import subprocess
import unittest

from gateway_client import Gateway, password_of
from stack_fixture import StackTest, eventually


class Tls(StackTest):
    ENVIRONMENT = {"WAAS_STACK_GATEWAY_TLS": "yes"}

    @classmethod
    def prepare(cls):
        cls.gateway = Gateway(cls.stack)
        cls.ada = cls.gateway.sign_up("ada")

    def handshake(self, version=None):
        context = ssl.create_default_context(cafile=self.stack.env["WAAS_GATEWAY_CA"])
        if version is not None:
            context.minimum_version = context.maximum_version = version
        with socket.create_connection(self.gateway.address, timeout=20) as plain:
            with context.wrap_socket(plain, server_hostname="localhost") as stream:
                return stream.version(), stream.getpeercert()["serialNumber"]

    def test_only_tls_1_3_is_spoken(self):
        self.assertEqual(self.handshake()[0], "TLSv1.3")
        with self.assertRaises((ssl.SSLError, ConnectionError)):
            self.handshake(ssl.TLSVersion.TLSv1_2)
        self.assertEqual(self.gateway.raw(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n").count(b"HTTP"), 0)

    def test_browsers_are_told_to_stay_with_tls(self):
        self.assertIn("max-age", self.gateway.get("/healthz").headers["Strict-Transport-Security"])
        origin = f"https://{self.gateway.url.netloc}"
        answer = self.gateway.post("/api/auth/signin", headers={"Origin": origin}, body={
            "email": "ada@example.org", "password": password_of("ada"), "cookie": True})
        self.assertEqual(answer.status, 200, answer)
        self.assertTrue(answer.headers["Set-Cookie"].startswith("__Host-waas-session="))
        self.assertIn("; Secure", answer.headers["Set-Cookie"])

    def test_a_new_certificate_is_taken_and_a_bad_one_is_not(self):
        credentials = (self.stack.directory / "state/gateway/credentials").resolve()
        secrets = (self.stack.directory / "state/secrets").resolve()
        before = self.handshake()[1]
        pid = self.stack.pid("WAAS_GATEWAY_PID")
        good = (credentials / "tls_certificate").read_bytes()

        def put(content):
            new = credentials / "tls_certificate.new"
            credentials.chmod(0o700)
            new.write_bytes(content)
            os.chown(new, credentials.stat().st_uid, credentials.stat().st_gid)
            new.rename(credentials / "tls_certificate")
            os.kill(pid, signal.SIGHUP)

        put(b"no certificate\n")
        eventually(lambda: "G0006" in self.stack.log("gateway"), what="refusing the bad certificate")
        self.assertEqual(self.handshake()[1], before)
        subprocess.run(["openssl", "x509", "-req", "-days", "30", "-in", secrets / "tls_request", "-CA", secrets / "tls_authority",
                        "-CAkey", secrets / "tls_authority_key", "-CAcreateserial", "-extfile", secrets / "tls_extensions",
                        "-out", self.stack.root / "renewed"], check=True, capture_output=True)
        put((self.stack.root / "renewed").read_bytes())
        eventually(lambda: self.handshake()[1] != before, what="taking the new certificate")
        put(good)
        eventually(lambda: self.handshake()[1] == before, what="taking the old one back")

    def test_what_is_under_way_is_answered_before_the_end(self):
        before = self.stack.log("gateway").count("route=/api/auth/signin status=200")
        body = json.dumps({"email": "ada@example.org", "password": password_of("ada")})
        connections = [self.gateway.connection() for _ in range(4)]
        for connection in connections:
            connection.request("POST", "/api/auth/signin", body, {"Content-Type": "application/json"})
        # Each takes a tenth of a second, one after the other: with the first answered, the others have arrived.
        eventually(lambda: self.stack.log("gateway").count("route=/api/auth/signin status=200") > before, what="the first sign-in")
        self.stack.restart("gateway")
        self.assertEqual([connection.getresponse().status for connection in connections], [200] * 4)
        log = self.stack.log("gateway")
        self.assertIn("G0008 stopped", log)
        self.assertNotIn("killed", log)


if __name__ == "__main__":
    unittest.main()
