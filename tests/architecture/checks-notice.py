#!/usr/bin/env python3
"""The checks see what they look for: each is run on a small good tree, which passes, and on the same tree broken once in
each way, which must not."""
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent

GOOD = {
    "cmake/folders.cmake": "set(WAAS_ALLOWED\n  vault:protocol broker:errors vault:inner)\n",
    "protocol/error.capnp": 'enum ErrorCode {\n  unknown @0 $says("Something failed.") $http(500) $exit(1);\n'
                            '  refused @1 $says("Not now.") $http(403) $exit(4) $retryable;\n}\n',
    "protocol/bytes.h": "#pragma once\n",
    "daemon/vault/README.md": "*invariants*: V1 holds. budget: 100 lines\n",
    "daemon/vault/keys.c++": '#include "protocol/bytes.h"\n#include <sodium.h>\nvoid f() { SecretAccess::here(); }\n'
                             'void g() { KJ_REQUIRE(fits(), "does not fit"); }\n',
    "daemon/guard/README.md": "budget: 10 lines\n",
    "daemon/guard/main.c++": "int main() {}\n",
    "daemon/broker/link.c++": "#include <protocol/error.capnp.h>\n#include <kj/async.h>\n",
    "tests/unit/vault/keys-test.c++": "TEST(Keys, V1Holds) {}\n",
    "tests/architecture/secret-readers.txt": "daemon/vault/keys.c++ makes keys\n",
}

# Check, file, what is added to it (or the file's whole text, when it is new), what the check must say.
BROKEN = [
    ("include-matrix", "daemon/vault/keys.c++", "#include <protocol/signer.capnp.h>\n", "may not use public"),
    ("include-matrix", "daemon/vault/keys.c++", "#include <kj/async-io.h>\n", "no event loop"),
    ("include-matrix", "daemon/vault/keys.c++", "#include <openssl/evp.h>\n", "one crypto library"),
    ("include-matrix", "daemon/broker/link.c++", "#include <libpq-fe.h>\n", "one folder"),
    ("include-matrix", "daemon/broker/link.c++", '#include "client/lib/client.h"\n', "may not use lib"),
    ("include-matrix", "daemon/guard/main.c++", '#include "../vault/keys.h"\n', "climbs out"),
    ("size-budget", "daemon/guard/main.c++", "int a;\n" * 11, "its README allows 10"),
    ("size-budget", "protocol/bytes.h", "// long\n" * 401, "at most 400"),
    ("invariants-tested", "daemon/vault/README.md", "V2 holds too.\n", "no test cites V2"),
    ("invariants-tested", "daemon/guard/README.md", "*invariants*: V1 again\n", "already"),
    ("forbidden-words", "daemon/broker/link.c++", "// TODO(security): later\n", "TODO(security)"),
    ("forbidden-words", "daemon/vault/keys.c++", "bool h() { return memcmp(a, b, 32) == 0; }\n", "early exit"),
    ("forbidden-words", "daemon/vault/keys.c++", 'void i() { KJ_REQUIRE(ok(), "bad key", key); }\n', "prints 'key'"),
    ("forbidden-words", "daemon/vault/keys.c++", 'void i() { KJ_REQUIRE(key == other, "differs"); }\n', "prints both sides"),
    ("forbidden-words", "daemon/broker/link.c++", "auto l = [=]() {};\n", "captures"),
    ("forbidden-words", "daemon/broker/link.c++", "void s() { crypto_sign_detached(); }\n", "the broker has no keys"),
    ("secret-readers", "protocol/bytes.h", "inline void r() { SecretAccess::here(); }\n", "is not in secret-readers"),
    ("secret-readers", "tests/architecture/secret-readers.txt", "protocol/bytes.h no reader\n", "reads no secret"),
    ("neutral-wording", "daemon/broker/link.c++", "// see /home/somebody/notes\n", "one machine"),
    ("neutral-wording", "docs/x.md", "ask 192.168.1.7\n", "private address"),
    ("error-codes", "protocol/error.capnp", None, "no $says"),
]


def check(name, root):
    command = [sys.executable, HERE / f"{name}.py", "--root", root]
    return subprocess.run(command, capture_output=True, text=True)


def plant(root):
    for path, content in GOOD.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(content)


failures = 0
with tempfile.TemporaryDirectory() as folder:
    root = pathlib.Path(folder) / "good"
    plant(root)
    for name in sorted({entry[0] for entry in BROKEN}):
        result = check(name, root)
        if result.returncode != 0:
            failures += 1
            print(f"{name} refuses the good tree:\n{result.stdout}{result.stderr}")
    for number, (name, path, added, says) in enumerate(BROKEN):
        root = pathlib.Path(folder) / str(number)
        plant(root)
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        before = target.read_text() if target.exists() else ""
        target.write_text(before + added if added else before.replace('$says("Not now.") ', ""))
        result = check(name, root)
        if result.returncode != 1 or says not in result.stdout:
            failures += 1
            print(f"{name} does not notice {added!r} in {path}:\n{result.stdout}{result.stderr}")
print(f"{len(BROKEN)} broken trees, {failures} not noticed")
sys.exit(1 if failures else 0)
