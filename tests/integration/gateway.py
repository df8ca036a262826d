#!/usr/bin/env python3
"""The HTTP API on the real stack: every call, its failures, cookies, idempotency. G1, G4, G5, G6, G7, G8."""
import base64
import os
import pathlib
import threading
import unittest

from gateway_client import Gateway, password_of
from stack_fixture import Stack, eventually, verify_with_openssl
from solana_transfer import base58_decode, transfer_message, unsigned


# One stack for the whole file.
STACK = Stack(WAAS_STACK_GATEWAY_SETTINGS='cors_origins = ["https://friend.example"]',
              WAAS_STACK_GATEWAY_TOML="[limits]\nsign_ups_per_address = 1000\nsign_ins_per_account = 5")


def setUpModule():
    try:
        STACK.up()
        GatewayTest.stack, GatewayTest.gateway = STACK, Gateway(STACK)
        GatewayTest.ada, GatewayTest.bob = GatewayTest.gateway.sign_up("ada"), GatewayTest.gateway.sign_up("bob")
    except BaseException:
        STACK.down()
        raise


def tearDownModule():
    STACK.down()


class GatewayTest(unittest.TestCase):
    def get(self, path, **options):
        return self.gateway.get(path, **options)

    def post(self, path, body=None, **options):
        return self.gateway.post(path, body, **options)

    def assert_problem(self, answer, status, code):
        self.assertEqual((answer.status, answer.code), (status, code), answer)
        self.assertEqual(answer.headers["Content-Type"], "application/problem+json")
        self.assertEqual(answer.json["requestId"], answer.headers["X-Request-Id"])


class Calls(GatewayTest):
    def test_probes_answer(self):
        self.assertEqual(self.get("/healthz").json, {"status": "ok"})
        self.assertEqual(self.get("/readyz").json, {"status": "ready", "checks": {"daemon": "ok", "database": "ok"}})
        self.get("/api/wallet/list", token=self.ada["token"])
        metrics = self.get("/metrics").body.decode()
        self.assertIn('waas_gateway_requests_total{route="/api/wallet/list",status="200"}', metrics)
        head = self.gateway.call("HEAD", "/healthz")
        self.assertEqual((head.status, head.body), (200, b""))

    def test_sign_up_gives_what_the_contract_says(self):
        self.assertLessEqual({"userId", "token", "expiresAt", "wallet"}, set(self.ada))
        self.assertLessEqual({"walletId", "publicKey"}, set(self.ada["wallet"]))
        again = self.post("/api/auth/signup", {"email": "ADA@example.org ", "password": "another one"})
        self.assert_problem(again, 409, "account_exists")

    def test_sign_in_finds_the_same_account(self):
        answer = self.post("/api/auth/signin", {"email": " Ada@Example.org", "password": password_of("ada")})
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual(answer.json["userId"], self.ada["userId"])
        self.assertEqual(answer.json["wallet"]["publicKey"], self.ada["wallet"]["publicKey"])

    def test_openssl_verifies_a_signed_transaction(self):
        key = base58_decode(self.ada["wallet"]["publicKey"])
        message = transfer_message(key, os.urandom(32), 1_000_000)
        body = {"transaction": base64.b64encode(unsigned(message)).decode()}
        first, second = (self.post("/api/transaction/sign", body, token=self.ada["token"]) for _ in range(2))
        self.assertEqual(first.status, 200, first)
        signature = base58_decode(first.json["signature"], 64)
        self.assertTrue(verify_with_openssl(self.stack.root, key, message, signature))
        self.assertEqual(base64.b64decode(first.json["signedTransaction"])[1:65], signature)
        self.assertEqual(first.body, second.body)

    def test_a_message_is_signed_as_no_transaction(self):
        answer = self.post("/api/message/sign", {"message": "hello"}, token=self.ada["token"])
        self.assertEqual(answer.status, 200, answer)
        signed = base64.b64decode(answer.json["signedMessage"])
        self.assertTrue(signed.startswith(b"\xffsolana offchain"))
        key = base58_decode(self.ada["wallet"]["publicKey"])
        self.assertTrue(verify_with_openssl(self.stack.root, key, signed, base58_decode(answer.json["signature"], 64)))

    def test_wallets_are_made_listed_and_named_in_three_ways(self):
        made = self.post("/api/wallet/generate", {"name": "savings"}, token=self.ada["token"])
        self.assertEqual(made.status, 201, made)
        unnamed = self.post("/api/wallet/generate", token=self.ada["token"])
        self.assertEqual(unnamed.status, 201, unnamed)
        listed = self.get("/api/wallet/list", token=self.ada["token"]).json["wallets"]
        self.assertTrue(listed[0]["first"])
        self.assertIn(made.json, listed)
        for name in ("savings", made.json["walletId"], made.json["publicKey"]):
            answer = self.post("/api/message/sign", {"wallet": name, "message": "x"}, token=self.ada["token"])
            self.assertEqual(answer.status, 200, answer)
        self.assert_problem(self.post("/api/wallet/generate", {"name": "savings"}, token=self.ada["token"]), 409, "name_taken")

    def test_shares_are_shown_rotated_and_found_whole(self):
        carol = self.gateway.sign_up("carol")
        status = self.get("/api/mpc/share-status/me", token=carol["token"])
        self.assertEqual(status.status, 200, status)
        (row,) = status.json["wallets"]
        self.assertEqual((row["shares"], row["missingShares"]), (["present"] * 3, []))
        self.assertGreaterEqual(row["daysUntilExpiry"], 29)
        self.assertEqual(self.get("/api/mpc/health", token=carol["token"]).json["status"], "healthy")
        run = self.post("/api/mpc/rotate", {"force": True}, token=carol["token"])
        self.assertEqual(run.status, 200, run)
        self.assertEqual((run.json["rotated"], run.json["failed"]), (1, 0), run)
        self.assertEqual(self.post("/api/message/sign", {"message": "x"}, token=carol["token"]).status, 200)

    def test_a_lost_share_is_recovered(self):
        dave = self.gateway.sign_up("dave")
        wallet = dave["wallet"]["walletId"]
        with self.stack.redis(2) as redis:
            redis("DEL", f"mpc:share:{wallet}:3")
        self.assertEqual(self.get("/api/mpc/health", token=dave["token"]).json["status"], "degraded")
        run = self.post("/api/mpc/recover-shares", token=dave["token"])
        self.assertEqual(run.status, 200, run)
        self.assertEqual(run.json["recovered"], 1, run)
        self.assertEqual(self.get("/api/mpc/health", token=dave["token"]).json["status"], "healthy")

    def test_the_timers_call_needs_its_secret(self):
        secret = pathlib.Path(self.stack.env["WAAS_CRON_SECRET_FILE"]).read_text()
        for wrong in ("", secret[:-1], secret + "0", self.ada["token"]):
            answer = self.post("/api/cron/rotate-shares", token=wrong)
            self.assert_problem(answer, 403, "not_allowed")
        answer = self.post("/api/cron/rotate-shares", token=secret)
        self.assertEqual(answer.status, 200, answer)
        self.assertLessEqual({"checked", "rotated", "failed"}, set(answer.json))
        self.assertEqual(answer.json["failed"], 0)

    def test_refresh_gives_a_token_that_holds(self):
        erin = self.gateway.sign_up("erin")
        fresh = self.post("/api/auth/refresh", token=erin["token"])
        self.assertEqual(fresh.status, 200, fresh)
        self.assertNotEqual(fresh.json["token"], erin["token"])
        self.assertEqual(self.get("/api/wallet/list", token=fresh.json["token"]).status, 200)

    def test_sign_out_everywhere_ends_every_session(self):
        frank = self.gateway.sign_up("frank")
        other = self.post("/api/auth/signin", {"email": "frank@example.org", "password": password_of("frank")}).json
        for one in (frank, other):
            self.assertEqual(self.get("/api/wallet/list", token=one["token"]).status, 200)
        self.assertEqual(self.post("/api/auth/signout", {"everywhere": True}, token=frank["token"]).status, 204)
        for one in (frank, other):
            self.assert_problem(self.get("/api/wallet/list", token=one["token"]), 401, "session_invalid")


class Failures(GatewayTest):
    def test_the_client_is_told_what_is_wrong(self):
        token = self.ada["token"]
        self.assert_problem(self.get("/nothing"), 404, "not_found")
        wrong_method = self.get("/api/transaction/sign", token=token)
        self.assert_problem(wrong_method, 405, "method_not_allowed")
        self.assertEqual(wrong_method.headers["Allow"], "POST")
        self.assert_problem(self.get("/api/wallet/list"), 401, "session_invalid")
        text = self.gateway.call("POST", "/api/message/sign", "{}", token=token, headers={"Content-Type": "text/plain"})
        self.assert_problem(text, 415, "media_type_refused")
        for body in ("[]", "{", '{"message":"a","message":"b"}', '{"message":"a","x":1}', '{"message":1}', "{}"):
            self.assert_problem(self.post("/api/message/sign", body, token=token), 400, "invalid_request")
        self.assert_problem(self.post("/api/transaction/sign", {"transaction": "AAAA"}, token=token), 400, "transaction_malformed")
        self.assert_problem(self.post("/api/transaction/sign", {"transaction": "A"}, token=token), 400, "invalid_request")
        self.assert_problem(self.post("/api/message/sign", {"wallet": "none", "message": "a"}, token=token), 404, "unknown_wallet")

    def test_every_answer_has_its_headers(self):
        for answer in (self.get("/healthz"), self.get("/nothing"), self.get("/api/wallet/list", token=self.ada["token"])):
            self.assertEqual(answer.headers["X-Content-Type-Options"], "nosniff")
            self.assertEqual(answer.headers["Cache-Control"], "no-store")
            self.assertIn("default-src 'none'", answer.headers["Content-Security-Policy"])
            self.assertRegex(answer.headers["X-Request-Id"], "^[0-9a-f]{16}$")
            self.assertNotIn("Server", answer.headers)

    def test_g1_a_session_reaches_nothing_of_somebody_else(self):
        theirs = self.ada["wallet"]
        for name in (theirs["walletId"], theirs["publicKey"]):
            answer = self.post("/api/message/sign", {"wallet": name, "message": "a"}, token=self.bob["token"])
            self.assert_problem(answer, 404, "unknown_wallet")
            vault = self.gateway.call("GET", f"/v1/transit/keys/{name}", headers={"X-Vault-Token": self.bob["token"]})
            self.assertEqual((vault.status, vault.json), (400, {"errors": ["signing key not found"]}))
            rotation = self.post("/api/mpc/rotate", {"wallet": name, "force": True}, token=self.bob["token"])
            self.assertGreaterEqual(rotation.status, 400, rotation)
        self.assert_problem(self.get(f"/api/mpc/share-status/{self.ada['userId']}", token=self.bob["token"]), 403, "not_allowed")
        listed = self.get("/api/wallet/list", token=self.bob["token"]).json["wallets"]
        self.assertNotIn(theirs["walletId"], [wallet["walletId"] for wallet in listed])

    def test_g7_an_unknown_account_looks_like_a_wrong_password(self):
        known = self.post("/api/auth/signin", {"email": "bob@example.org", "password": "wrong password"})
        unknown = self.post("/api/auth/signin", {"email": "nobody@example.org", "password": "wrong password"})
        self.assert_problem(known, 401, "invalid_credentials")
        strip = lambda answer: {k: v for k, v in answer.json.items() if k != "requestId"}
        self.assertEqual(strip(known), strip(unknown))
        self.assertEqual(set(known.headers), set(unknown.headers))

    def test_g6_attempts_are_bounded_and_outlive_a_restart_and_do_not_lock_the_owner_out(self):
        self.gateway.sign_up("grace")
        wrong = {"email": "grace@example.org", "password": "not the one"}
        self.stack.sql("DELETE FROM waas_gateway.familiar")
        statuses = [self.post("/api/auth/signin", wrong).status for _ in range(7)]
        self.assertIn(429, statuses)
        held = self.post("/api/auth/signin", {"email": "grace@example.org", "password": password_of("grace")})
        self.assert_problem(held, 429, "too_many_attempts")
        self.assertLessEqual(int(held.headers["Retry-After"]), 60)
        self.stack.restart("gateway")
        self.assertEqual(self.post("/api/auth/signin", wrong).status, 429)

    def test_bodies_that_are_too_large_are_refused(self):
        answer = self.post("/api/auth/signin", "x" * 9000)
        self.assert_problem(answer, 413, "too_large")

    def test_the_log_has_no_secret_and_nothing_that_a_client_wrote(self):
        marker = "marker" + os.urandom(6).hex()
        self.post("/api/auth/signin", {"email": f"{marker}@example.org", "password": marker})
        self.get(f"/{marker}?{marker}", headers={"User-Agent": marker, "X-Vault-Token": marker})
        log = self.stack.log("gateway")
        self.assertIn("route=/api/auth/signin", log)
        self.assertNotIn(marker, log)
        self.assertNotIn(self.ada["token"], log)


class CookiesAndOrigins(GatewayTest):
    def own(self):
        return f"http://{self.gateway.address[0]}:{self.gateway.address[1]}"

    def cookie(self):
        answer = self.post("/api/auth/signin", {"email": "ada@example.org", "password": password_of("ada"), "cookie": True},
                           headers={"Origin": self.own()})
        self.assertEqual(answer.status, 200, answer)
        self.assertNotIn("token", answer.json)
        cookie = answer.headers["Set-Cookie"]
        for part in ("HttpOnly", "SameSite=Strict", "Path=/"):
            self.assertIn(part, cookie)
        return cookie.partition(";")[0]

    def test_g4_a_cookie_authorizes_calls_of_our_own_page_only(self):
        cookie = self.cookie()
        self.assertEqual(self.get("/api/wallet/list", headers={"Cookie": cookie}).status, 200)
        sign = lambda **headers: self.post("/api/message/sign", {"message": "x"}, headers={"Cookie": cookie, **headers})
        self.assertEqual(sign(Origin=self.own()).status, 200)
        for origin in ({}, {"Origin": "null"}, {"Origin": "https://evil.example"}, {"Origin": self.own() + ".evil.example"},
                       {"Origin": "https://friend.example"}, {"Referer": self.own()}):
            self.assert_problem(sign(**origin), 403, "origin_refused")
        form = self.gateway.call("POST", "/api/message/sign", "message=x", headers={
            "Cookie": cookie, "Origin": "https://evil.example", "Content-Type": "application/x-www-form-urlencoded"})
        self.assertGreaterEqual(form.status, 400)

    def test_g4_no_other_page_can_sign_its_visitors_in(self):
        answer = self.post("/api/auth/signin", {"email": "ada@example.org", "password": password_of("ada"), "cookie": True},
                           headers={"Origin": "https://evil.example"})
        self.assert_problem(answer, 403, "origin_refused")
        self.assertNotIn("Set-Cookie", answer.headers)

    def test_sign_out_takes_the_cookie_back(self):
        cookie = self.cookie()
        answer = self.post("/api/auth/signout", headers={"Cookie": cookie, "Origin": self.own()})
        self.assertEqual(answer.status, 204, answer)
        self.assertIn("Max-Age=0", answer.headers["Set-Cookie"])

    def test_cors_answers_the_allow_list_only(self):
        preflight = lambda origin: self.gateway.call("OPTIONS", "/api/message/sign", headers={
            "Origin": origin, "Access-Control-Request-Method": "POST"})
        allowed = preflight("https://friend.example")
        self.assertEqual(allowed.status, 204, allowed)
        self.assertEqual(allowed.headers["Access-Control-Allow-Origin"], "https://friend.example")
        self.assertNotIn("Access-Control-Allow-Credentials", allowed.headers)
        for origin in ("https://evil.example", "null", "https://friend.example.evil.example", "http://friend.example",
                       "https://friend.example:444"):
            refused = preflight(origin)
            self.assertEqual(refused.status, 403, refused)
            self.assertNotIn("Access-Control-Allow-Origin", refused.headers)
            self.assertNotIn("Access-Control-Allow-Origin", self.get("/healthz", headers={"Origin": origin}).headers)


class IdempotencyKeys(GatewayTest):
    def make(self, key, body, person=None):
        return self.post("/api/wallet/generate", body, token=(person or self.ada)["token"], headers={"Idempotency-Key": key})

    def test_g5_a_repetition_gets_the_first_answer_also_after_a_restart(self):
        first = self.make("key-1", {})
        self.assertEqual(first.status, 201, first)
        again = self.make("key-1", {})
        self.assertEqual((again.status, again.body), (201, first.body))
        self.assertEqual(again.headers["Idempotency-Replayed"], "true")
        self.stack.restart("gateway")
        self.assertEqual(self.make("key-1", {}).body, first.body)
        self.assertEqual(len([w for w in self.get("/api/wallet/list", token=self.ada["token"]).json["wallets"]
                              if w["walletId"] == first.json["walletId"]]), 1)

    def test_g5_another_request_under_the_same_key_is_refused(self):
        self.assertEqual(self.make("key-2", {"name": "one"}).status, 201)
        self.assert_problem(self.make("key-2", {"name": "two"}), 422, "idempotency_mismatch")
        self.assert_problem(self.make("key-2", '{"name" :"one"}'), 422, "idempotency_mismatch")

    def test_g5_keys_are_each_users_own(self):
        mine, theirs = self.make("key-3", {}), self.make("key-3", {}, self.bob)
        self.assertEqual((mine.status, theirs.status), (201, 201))
        self.assertNotEqual(mine.json["walletId"], theirs.json["walletId"])

    def test_g5_many_at_once_make_one_wallet(self):
        answers = []
        threads = [threading.Thread(target=lambda: answers.append(self.make("key-4", {}))) for _ in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        made = {answer.json["walletId"] for answer in answers if answer.status == 201}
        self.assertEqual(len(made), 1, answers)
        for answer in answers:
            if answer.status != 201:
                self.assert_problem(answer, 409, "idempotency_in_flight")

    def test_g5_a_refusal_is_kept_and_an_outage_is_not(self):
        self.assertEqual(self.make("key-5", {"name": "taken"}).status, 201)
        refused = self.make("key-6", {"name": "taken"})
        self.assert_problem(refused, 409, "name_taken")
        self.assertEqual(self.make("key-6", {"name": "taken"}).body, refused.body)

    def test_odd_keys_are_refused(self):
        for key in ("", "a b", "x" * 65, "'"):
            self.assert_problem(self.make(key, {}), 400, "invalid_request")


class VaultTransit(GatewayTest):
    def vault(self, method, path, body=None, token=None):
        return self.gateway.call(method, path, body, headers={"X-Vault-Token": token or self.ada["token"]})

    def message(self):
        return transfer_message(base58_decode(self.ada["wallet"]["publicKey"]), os.urandom(32), 7)

    def test_a_key_is_read_as_vault_says_it(self):
        for name in (self.ada["wallet"]["walletId"], self.ada["wallet"]["publicKey"]):
            answer = self.vault("GET", f"/v1/transit/keys/{name}")
            self.assertEqual(answer.status, 200, answer)
            data = answer.json["data"]
            self.assertEqual((data["type"], data["latest_version"], data["supports_signing"]), ("ed25519", 1, True))
            self.assertEqual(base64.b64decode(data["keys"]["1"]["public_key"]), base58_decode(self.ada["wallet"]["publicKey"]))

    def test_g8_a_transactions_message_is_signed(self):
        message = self.message()
        path = f"/v1/transit/sign/{self.ada['wallet']['walletId']}"
        for method, suffix in (("POST", ""), ("PUT", ""), ("POST", "/sha2-256")):
            answer = self.vault(method, path + suffix, {"input": base64.b64encode(message).decode()})
            self.assertEqual(answer.status, 200, answer)
            prefix, _, signature = answer.json["data"]["signature"].rpartition(":")
            self.assertEqual(prefix, "vault:v1")
            self.assertTrue(verify_with_openssl(self.stack.root, base58_decode(self.ada["wallet"]["publicKey"]), message,
                                                base64.b64decode(signature)))

    def test_g8_an_off_chain_message_is_signed_in_its_one_form(self):
        signed = base64.b64decode(self.post("/api/message/sign", {"message": "hello"}, token=self.ada["token"]).json["signedMessage"])
        path = f"/v1/transit/sign/{self.ada['wallet']['walletId']}"
        self.assertEqual(self.vault("POST", path, {"input": base64.b64encode(signed).decode()}).status, 200)
        other = signed[:18] + os.urandom(32) + signed[50:]
        self.assertGreaterEqual(self.vault("POST", path, {"input": base64.b64encode(other).decode()}).status, 400)

    def test_g8_other_bytes_are_refused(self):
        path = f"/v1/transit/sign/{self.ada['wallet']['walletId']}"
        for data in (b"hello", os.urandom(32), os.urandom(64), b"\x00" * 100, unsigned(self.message())):
            answer = self.vault("POST", path, {"input": base64.b64encode(data).decode()})
            self.assertEqual(answer.status, 403, answer)
            self.assertEqual(list(answer.json), ["errors"])

    def test_a_batch_succeeds_and_fails_one_by_one(self):
        message = base64.b64encode(self.message()).decode()
        answer = self.vault("POST", f"/v1/transit/sign/{self.ada['wallet']['walletId']}", {"batch_input": [
            {"input": message, "reference": "a"}, {"input": "!", "reference": "b"}, {"input": message}]})
        self.assertEqual(answer.status, 200, answer)
        first, second, third = answer.json["data"]["batch_results"]
        self.assertEqual(first["signature"], third["signature"])
        self.assertEqual(first["reference"], "a")
        self.assertIn("error", second)

    def test_errors_have_vaults_form(self):
        path = f"/v1/transit/sign/{self.ada['wallet']['walletId']}"
        body = {"input": base64.b64encode(self.message()).decode()}
        forbidden = self.vault("POST", path, body, token="s.wrong")
        self.assertEqual((forbidden.status, forbidden.json), (403, {"errors": ["permission denied"]}))
        unknown = self.vault("POST", "/v1/transit/sign/nothing", body)
        self.assertEqual((unknown.status, unknown.json), (400, {"errors": ["signing key not found"]}))
        self.assertEqual(self.vault("POST", path, {**body, "prehashed": True}).status, 400)
        self.assertEqual(self.vault("GET", "/v1/transit/export/signing-key/x").status, 404)
        self.assertEqual(self.vault("GET", "/v1/transit/keys/" + "a" * 65).status, 400)

    def test_health_says_sealed_when_the_vault_is_away(self):
        self.assertEqual(self.get("/v1/sys/health").json["sealed"], False)
        vault = self.stack.env["WAAS_GUARD_PID"]
        os.kill(int(vault), 15)
        eventually(lambda: self.get("/v1/sys/health").status == 503, what="sealed")
        eventually(lambda: self.get("/readyz").status == 503, what="not ready")
        self.assertEqual(self.get("/healthz").status, 200)
        self.stack.restart("vault")
        eventually(lambda: self.get("/readyz").status == 200, what="ready")
        self.assertEqual(self.post("/api/message/sign", {"message": "x"}, token=self.ada["token"]).status, 200)


if __name__ == "__main__":
    unittest.main()
