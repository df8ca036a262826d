#!/usr/bin/env python3
"""Makes protocol-vectors.h: the byte formats of protocol/*.h, written down a second time, from their comments.

Independent of our code and of libsodium: Python's struct, hashlib and hmac, and the openssl command for Ed25519.
    ./make-vectors.py > protocol-vectors.h
"""
import base64
import hashlib
import hmac
import struct
import subprocess
import tempfile


def pattern(start, size):
    return bytes((start + i) & 255 for i in range(size))


def openssl(*arguments, data=b""):
    return subprocess.run(["openssl", *arguments], input=data, check=True, stdout=subprocess.PIPE).stdout


class Ed25519:
    def __init__(self, seed):
        self.der = bytes.fromhex("302e020100300506032b657004220420") + seed
        self.public = openssl("pkey", "-inform", "DER", "-pubout", "-outform", "DER", data=self.der)[-32:]

    def sign(self, message):
        with tempfile.NamedTemporaryFile() as key, tempfile.NamedTemporaryFile() as text:
            key.write(self.der)
            text.write(message)
            key.flush()
            text.flush()
            return openssl("pkeyutl", "-sign", "-rawin", "-keyform", "DER", "-inkey", key.name, "-in", text.name)


def constant(name, data):
    lines = [data[i : i + 16] for i in range(0, len(data), 16)]
    body = "\n    ".join("".join(f"0x{b:02x}, " for b in line).rstrip() for line in lines)
    print(f"inline constexpr uint8_t {name}[] = {{\n    {body}}};")


def text(name, value):
    # In pieces, for the sake of the line length; embedded quotes escaped.
    pieces = [value[i : i + 90] for i in range(0, len(value), 90)]
    body = "\n    ".join('"' + p.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"' for p in pieces)
    print(f"inline constexpr std::string_view {name} =\n    {body};")


def proof(key, token, time, call, fields):
    data = b"waas proof 1" + token + struct.pack("<QB", time, call)
    data += b"".join(struct.pack("<I", len(f)) + f for f in fields)
    return hmac.new(key, data, hashlib.sha256).digest()


wallet_id, user_id, instance, token_id = pattern(0x10, 16), pattern(0x30, 16), pattern(0x50, 16), pattern(0x70, 16)
key = pattern(0x90, 32)
answers, audit = Ed25519(pattern(1, 32)), Ed25519(pattern(2, 32))

print("#pragma once")
print("// Made by make-vectors.py with Python's hashlib and hmac and the openssl command; do not edit.")
print("#include <cstdint>")
print("#include <string_view>")
print("\nnamespace waas::vectors {\n")

constant("ANSWER_KEY", answers.public)
constant("AUDIT_KEY", audit.public)

name = "Sparbüchse".encode()
certificate = b"\x01" + wallet_id + b"\x01" + user_id + pattern(0xa0, 32) + b"\x01" + struct.pack("<Q", 1700000000123)
certificate += bytes([len(name)]) + name
constant("CERTIFICATE", certificate)
constant("CERTIFICATE_SIGNATURE", answers.sign(b"waas wallet certificate 1" + certificate))

first = struct.pack("<BB16sQ32sQB16sI16sQI32s", 1, 5, instance, 1, bytes(32), 1700000000000, 1, user_id, 997, wallet_id,
                    7, 0, hashlib.sha256(b"subject").digest())
second = struct.pack("<BB16sQ32sQB16sI16sQI32s", 1, 6, instance, 2, hashlib.sha256(first).digest(), 1700000000001, 2,
                     user_id, 0xFFFFFFFE, wallet_id, 1 << 40, 3, bytes(32))
constant("AUDIT_RECORD_1", first)
constant("AUDIT_RECORD_2", second)
constant("AUDIT_HASH_2", hashlib.sha256(second).digest())
head = b"waas audit head 1" + instance + struct.pack("<Q", 2) + hashlib.sha256(second).digest()
constant("AUDIT_HEAD_2", audit.sign(head))

constant("PROOF_WALLETS", proof(key, token_id, 1700000000123, 4, []))
constant("PROOF_SIGN_OUT", proof(key, token_id, 1700000000123, 3, [b"\x01"]))
constant("PROOF_SIGN", proof(key, token_id, 1700000000123, 6,
                             [b"\x02", b"main", b"\x00", b"\x01\x02\x03", b"\x00", b"", b"\x01", b"hello"]))

header = '{"alg":"HS256","typ":"JWT","kid":"00000001"}'
payload = ('{"iss":"waas-vault","sub":"%s","gen":"0000000000000001","sid":"%s","jti":"%s","sst":1700000000,'
           '"iat":1700000000,"exp":1700000900,"cnf":"AAAA"}' % (user_id.hex(), instance.hex(), token_id.hex()))
url = lambda data: base64.urlsafe_b64encode(data).rstrip(b"=").decode()
signed = url(header.encode()) + "." + url(payload.encode())
text("TOKEN", signed + "." + url(hmac.new(key, signed.encode(), hashlib.sha256).digest()))

text("VAULT_PUB", "waas-vault 1\nsealing %s\nanswers %s\naudit   %s\n" % tuple(
    base64.b64encode(k).decode() for k in (pattern(3, 32), answers.public, audit.public)))

print("\n}  // namespace waas::vectors")
