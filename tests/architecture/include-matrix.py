#!/usr/bin/env python3
"""Each folder includes only what it may: our folders by WAAS_ALLOWED in cmake/folders.cmake, foreign headers by the table
below. The build enforces the first for whole targets; this also sees what an include path lets slip."""
import os
import re

import tree

# Foreign headers: pattern, folders that may include it, why nobody else.
FOREIGN = [
    (r"libpq|postgres", {"daemon/broker/postgres", "client/cli", "client/gateway/postgres"}, "PostgreSQL is spoken in one folder, and by `waas db`"),
    (r"hiredis/", {"daemon/broker/redis"}, "Redis is spoken in one folder"),
    (r"systemd/", {"daemon/broker/systemd"}, "sd-bus is spoken in one folder"),
    (r"seccomp\.h$|linux/seccomp\.h$|linux/filter\.h$|linux/landlock\.h$", {"seccomp"}, "sandboxes are made in one folder"),
    (r"sys/ptrace\.h$|linux/ptrace\.h$", {"daemon/guard", "seccomp"}, "one process traces"),
    (r"capnp/(rpc|ez-rpc|capability|membrane|rpc-twoparty|compat/)", {"daemon/broker", "client/lib", "client/cli"},
     "RPC is spoken by broker and clients only"),
    (r"kj/async", {"daemon/broker", "client/lib", "client/cli", "client/gateway"}, "no event loop anywhere else"),
    (r"kj/compat/", {"daemon/broker", "client/gateway/http"}, "TLS is the broker's to the stores, and the gateway's"),
    (r"openssl/", {"daemon/broker"}, "one crypto library in the vault: libsodium"),
    (r"sodium", {"secret", "protocol", "solana", "daemon/vault", "client/lib", "client/cli", "client/gateway", "daemon/broker"},
     "nobody else needs cryptography; in the broker and in solana hashes only, see forbidden-words"),
    (r"spdlog/|fmt/", {"daemon/broker", "client/gateway"}, "the process's edge logs, and the vault formats nothing"),
    (r"toml\+\+|toml", {"daemon/broker", "client/cli", "policy/file", "client/gateway"}, "the vault parses no TOML"),
    (r"prometheus/", {"client/gateway"}, "only the gateway is asked for numbers over HTTP"),
    (r"nlohmann/", {"client/cli", "client/gateway"}, "JSON is for people's programs"),
    (r"CLI/", {"client/cli", "daemon/broker", "client/gateway"}, "the vault reads its arguments itself"),
]

options = tree.arguments()
root = options.root
allowed = set(re.findall(r"\b(\w+:\w+)\b", re.search(r"set\(WAAS_ALLOWED(.*?)\)", tree.text(root, "cmake/folders.cmake"), re.S).group(1)))
problems = []
checked = 0

for path in tree.sources(root):
    own = tree.folder_of(path)
    if own is None:
        continue  # tests may include what they test
    checked += 1
    for number, line in enumerate(tree.text(root, path).splitlines(), 1):
        match = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
        if not match:
            continue
        included = match.group(2)
        where = f"{path}:{number}"
        if included.startswith(".."):
            target = tree.pathlib.PurePosixPath(os.path.normpath((path.parent / included).as_posix()))
            if tree.folder_of(target) != own:
                problems.append(f"{where}: {included} climbs out of its folder")
            continue
        name = included.rsplit("/", 1)[-1]
        other = tree.SCHEMAS.get(name) or tree.folder_of(tree.pathlib.PurePosixPath(included))
        if match.group(1) == '"' and (root / path.parent / included).exists():
            continue
        if other is None and match.group(1) == '"' and not any(re.search(pattern, included) for pattern, _, _ in FOREIGN):
            problems.append(f"{where}: {included} is neither in this folder nor in a folder of ours")
            continue
        if other is not None:
            if other != own and f"{own}:{other}" not in allowed:
                problems.append(f"{where}: {own} may not use {other} ({included})")
            continue
        for pattern, places, why in FOREIGN:
            if re.match(pattern, included):
                if not any(path.as_posix().startswith(place + "/") for place in places):
                    problems.append(f"{where}: {included} is not for this folder: {why}")
                break

tree.finish(problems, checked)
