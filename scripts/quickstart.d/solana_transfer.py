#!/usr/bin/env python3
"""A Solana transfer, built and taken apart with nothing but Python: what quickstart signs, and an independent view of the
format for the tests.

  solana_transfer.py build FROM LAMPORTS OUT          an unsigned transfer from FROM to a fresh address, base64
  solana_transfer.py split SIGNED PUBLICKEY FOLDER    writes message.bin, signature.bin, public-key.der for openssl
"""
import base64
import os
import pathlib
import struct
import sys

ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
SYSTEM_PROGRAM = bytes(32)
# SubjectPublicKeyInfo of Ed25519 (RFC 8410), before the 32 bytes of the key.
ED25519_DER = bytes.fromhex("302a300506032b6570032100")


def base58_decode(text, length=32):
    number = 0
    for character in text:
        number = number * 58 + ALPHABET.index(character)
    return number.to_bytes(length, "big")


def base58_encode(data):
    number, text = int.from_bytes(data, "big"), ""
    while number:
        number, digit = divmod(number, 58)
        text = ALPHABET[digit] + text
    return "1" * (len(data) - len(data.lstrip(b"\0"))) + text


def compact(number):
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def transfer_message(payer, to, lamports, blockhash=None):
    """A legacy message: one signer, one instruction (System program, Transfer)."""
    blockhash = blockhash or os.urandom(32)
    data = struct.pack("<IQ", 2, lamports)
    return (bytes([1, 0, 1]) + compact(3) + payer + to + SYSTEM_PROGRAM + blockhash
            + compact(1) + bytes([2]) + compact(2) + bytes([0, 1]) + compact(len(data)) + data)


def unsigned(message, signers=1):
    """The message as a transaction whose signature slots are empty."""
    return compact(signers) + bytes(64 * signers) + message


def split(transaction):
    """The signatures and the message of a transaction with fewer than 128 signatures."""
    count = transaction[0]
    signatures = [transaction[1 + 64 * i:65 + 64 * i] for i in range(count)]
    return signatures, transaction[1 + 64 * count:]


def main(arguments):
    if len(arguments) == 4 and arguments[0] == "build":
        payer, lamports, out = base58_decode(arguments[1]), int(arguments[2]), arguments[3]
        transaction = unsigned(transfer_message(payer, os.urandom(32), lamports))
        pathlib.Path(out).write_text(base64.b64encode(transaction).decode() + "\n")
    elif len(arguments) == 4 and arguments[0] == "split":
        signatures, message = split(base64.b64decode(pathlib.Path(arguments[1]).read_text()))
        folder = pathlib.Path(arguments[3])
        (folder / "message.bin").write_bytes(message)
        (folder / "signature.bin").write_bytes(signatures[0])
        (folder / "public-key.der").write_bytes(ED25519_DER + base58_decode(arguments[2]))
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
