#!/usr/bin/env python3
"""Makes envelopes.txt: the vault's formats written a second time, from their description, with pyca/cryptography.

    python3 make-vectors.py > envelopes.txt          (needs python3-cryptography)

Each line is a name and a value in hexadecimal; the fields of the contexts are fixed below and in the test.
"""
import os
import struct

from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

RAW = dict(encoding=Encoding.Raw, format=PublicFormat.Raw)
PURPOSES = ['share', 'record', 'token', 'verifier', 'salt', 'challenge', 'sealing', 'answer', 'audit', 'recovery']


def extract(salt, key):
    mac = hmac.HMAC(salt, hashes.SHA256())
    mac.update(key)
    return mac.finalize()


def expand(prk, info):
    return HKDFExpand(hashes.SHA256(), 32, info).derive(prk)


def mac(key, data):
    m = hmac.HMAC(key, hashes.SHA256())
    m.update(data)
    return m.finalize()


def seal(prk, kind, version, domain, context, plain):
    salt = os.urandom(32)
    head = struct.pack('<BBI', 1, kind, version) + salt
    key = expand(prk, b'waas envelope 1 ' + bytes([kind]) + salt)
    return head + AESGCM(key).encrypt(bytes(12), plain, domain + head + context)


def show(name, value):
    print(name, value.hex())


# Two versions of the share key, one of everything else.
keys = []
for number, name in enumerate(PURPOSES, 1):
    for version in ([1, 2] if name == 'share' else [7]):
        secret = os.urandom(32)
        public = bytes(32)
        if name in ('sealing', 'recovery'):
            public = X25519PrivateKey.from_private_bytes(secret).public_key().public_bytes(**RAW)
        if name in ('answer', 'audit'):
            public = Ed25519PrivateKey.from_private_bytes(secret).public_key().public_bytes(**RAW)
        keys.append((number, version, version != 1, secret, public))
        show(f'public-{name}-{version}', public)

secret_of = {(PURPOSES[n - 1], v): s for n, v, _, s, _ in keys}
prk_of = {(p, v): extract(f'waas {p} {v}'.encode(), s) for (p, v), s in secret_of.items()}

root = os.urandom(32)
plain = struct.pack('<H', len(keys))
for number, version, newest, secret, public in keys:
    plain += struct.pack('<BIBB', number, version, newest, 1) + secret + public
show('root', root)
show('keyring', seal(extract(b'waas root 1', root), 5, 1, b'waas keyring 1', b'', plain))

wallet_id, owner_id, user_id, session_id = bytes(range(16)), bytes(range(16, 32)), bytes(range(32, 48)), bytes(range(48, 64))
seed = os.urandom(32)
wallet_key = Ed25519PrivateKey.from_private_bytes(seed)
wallet_public = wallet_key.public_key().public_bytes(**RAW)
shares = [os.urandom(32), os.urandom(32)]
shares.append(bytes(a ^ b ^ c for a, b, c in zip(seed, *shares)))  # coordinates 1, 2, 3: all factors are 1
epoch, tag = 5, 0x0123456789abcdef
show('wallet-public', wallet_public)


def share_context(index):
    return wallet_id + b'\x01' + owner_id + wallet_public + struct.pack('<QQBB', epoch, tag, index, 3)


for index, share in enumerate(shares, 1):
    version = 1 if index == 2 else 2
    show(f'share-{index}-plain', share)
    show(f'share-{index}', seal(prk_of['share', version], 1, version, b'waas share 1', share_context(index), share))

recovery_public = X25519PrivateKey.from_private_bytes(secret_of['recovery', 7]).public_key().public_bytes(**RAW)
ephemeral = X25519PrivateKey.generate()
ephemeral_public = ephemeral.public_key().public_bytes(**RAW)
shared = ephemeral.exchange(X25519PublicKey.from_public_bytes(recovery_public))
head = struct.pack('<BBI', 1, 4, 7) + ephemeral_public
key = expand(extract(ephemeral_public + recovery_public, shared), b'waas recovery 1')
show('recovery', head + AESGCM(key).encrypt(bytes(12), shares[1] + shares[2], b'waas share 1' + head + share_context(0)))

record = b'an account record of any length'
show('account-plain', record)
show('account', seal(prk_of['record', 7], 2, 7, b'waas account 1', user_id + struct.pack('<Q', 9) + b'a@example.org', record))
session_key = os.urandom(32)
show('session-key-plain', session_key)
show('session-key', seal(prk_of['token', 7], 3, 7, b'waas session 1', user_id + session_id, session_key))

name = 'Sparkonto'.encode()
certificate = b'\x01' + wallet_id + b'\x01' + owner_id + wallet_public + b'\x01' + struct.pack('<Q', 1700000000000)
certificate += bytes([len(name)]) + name
show('certificate', certificate)
show('certificate-mac', mac(expand(prk_of['record', 7], b'waas mac 1'), b'waas certificate mac 1' + certificate))

message = b'a message'
show('message', message)
show('signature', wallet_key.sign(message))
