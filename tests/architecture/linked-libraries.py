#!/usr/bin/env python3
"""What the programs are linked with: the vault and its guard are static and hold nothing of PostgreSQL, Redis, sd-bus,
TLS, RPC or logging; no program but the broker is linked with a store's library (the command line with libpq, to migrate)."""
import re
import subprocess

import tree

# In the symbols of a static program: pattern, what it would mean.
FOREIGN_TO_VAULT = [
    (r"\bPQ(?:connect|exec|send|get)\w*", "PostgreSQL"),
    (r"\bredis(?:Connect|Command|Reader)\w*", "Redis"),
    (r"\bsd_(?:bus|event|journal)\w*", "systemd's libraries"),
    (r"\b(?:SSL|EVP|BIO|X509)_\w+", "OpenSSL"),
    (r"spdlog::|\bfmt::", "a logging library"),
    (r"capnp::(?:RpcSystem|TwoPartyVatNetwork|_::RpcSystemBase)", "Cap'n Proto RPC"),
    (r"kj::(?:EventLoop|UnixEventPort|AsyncIoStream)\b", "KJ's event loop"),
    (r"\btoml::|nlohmann::|\bCLI::", "a parser of texts"),
    (r"\b(?:getaddrinfo|gethostbyname|res_query)\b", "name resolution"),
]
STATIC = ["waas-vault", "waas-vault-guard"]
# Shared libraries that a program may need, by name without version.
MAY_NEED = {
    "waas-broker": r"lib(c|m|gcc_s|stdc\+\+|pthread|atomic|capnp|capnp-rpc|kj|kj-async|kj-tls|pq|hiredis|seccomp|spdlog|fmt|ssl|crypto|sodium|tomlplusplus)$",
    "waas-gateway": r"lib(c|m|gcc_s|stdc\+\+|pthread|atomic|capnp|capnp-rpc|kj|kj-async|kj-tls|pq|seccomp|spdlog|fmt|ssl|crypto|sodium|tomlplusplus|prometheus-cpp-core)$",
    "waas": r"lib(c|m|gcc_s|stdc\+\+|pthread|atomic|capnp|capnp-rpc|kj|kj-async|pq|sodium|tomlplusplus)$",
}


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


options = tree.arguments(build=True)
problems = []
checked = 0
for name in STATIC:
    program = options.build / name
    checked += 1
    needed = re.findall(r"\(NEEDED\).*\[(.*)\]", run("readelf", "-dW", program))
    if needed:
        problems.append(f"{name}: needs shared libraries: {' '.join(needed)}")
    if "INTERP" in run("readelf", "-lW", program):
        problems.append(f"{name}: has a program interpreter, so it is not static")
    symbols = run("nm", "-C", program)
    if not symbols.strip():
        problems.append(f"{name}: is stripped, so nothing can be seen")
    for pattern, what in FOREIGN_TO_VAULT:
        match = re.search(pattern, symbols)
        if match:
            problems.append(f"{name}: {match.group(0)}: {what} is linked in")
for name, pattern in MAY_NEED.items():
    program = options.build / name
    checked += 1
    for library in re.findall(r"\(NEEDED\).*\[(.*)\]", run("readelf", "-dW", program)):
        stem = re.sub(r"(-[\d.]+)?\.so[\d.]*$", "", library)
        if not re.match(pattern, stem) and not library.startswith("ld-linux"):
            problems.append(f"{name}: needs {library}, which is not on its list")
tree.finish(problems, checked)
