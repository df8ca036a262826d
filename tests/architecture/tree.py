"""What the checks share: the files of the tree, and how a check reports.

A file belongs to the folder of waas_folder() in whose path it lies. Generated things and what npm brought are not ours.
"""
import argparse
import pathlib
import re
import sys

FOLDERS = {
    "secret": "secret", "protocol": "protocol", "solana": "solana",
    "policy/file": "policyfile", "policy": "policy", "seccomp": "seccomp",
    "daemon/vault": "vault", "daemon/guard": "guard", "daemon/broker": "broker",
    "client/lib": "lib", "client/cli": "cli", "client/gateway": "gateway",
}
# Code generated from one schema, by the header that it makes.
SCHEMAS = {
    "error.capnp.h": "errors", "vault.capnp.h": "inner", "signer.capnp.h": "public", "policy.capnp.h": "compiled",
}
SOURCES = {".h", ".c++"}


def arguments(build=False):
    parser = argparse.ArgumentParser()
    parser.add_argument("--root", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parents[2])
    if build:
        parser.add_argument("--build", type=pathlib.Path, required=True)
    return parser.parse_args()


def files(root):
    """All files that are ours, relative to the root."""
    for path in sorted(root.rglob("*")):
        relative = path.relative_to(root)
        first = relative.parts[0]
        if first in {".git", "run"} or first.startswith("build") or "node_modules" in relative.parts:
            continue
        if "__pycache__" in relative.parts or path.is_symlink() or not path.is_file():
            continue
        yield relative


def sources(root):
    return [path for path in files(root) if path.suffix in SOURCES]


def folder_of(path):
    """Name of the folder (as in cmake/folders.cmake) that a file belongs to, or None."""
    text = path.as_posix()
    for place, name in FOLDERS.items():
        if text.startswith(place + "/"):
            return name
    return None


def text(root, path):
    return (root / path).read_text(encoding="utf-8", errors="replace")


def without_comments(code):
    """The code with comments blanked and string contents kept, line numbers unchanged."""
    pattern = re.compile(r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|//[^\n]*|/\*.*?\*/', re.S)

    def blank(match):
        found = match.group(0)
        return found if found[0] in "\"'" else re.sub(r"[^\n]", " ", found)

    return pattern.sub(blank, code)


def listed(path):
    """A list file: `entry  reason` a line, `#` starts a comment. Gives {entry: reason}."""
    entries = {}
    for number, line in enumerate(path.read_text().splitlines(), 1):
        line = line.split("#", 1)[0].strip()
        if not line:
            continue
        entry, _, reason = line.partition(" ")
        if not reason.strip():
            sys.exit(f"{path}:{number}: {entry} has no reason")
        entries[entry] = reason.strip()
    return entries


def finish(problems, checked):
    for problem in problems:
        print(problem)
    if not checked:
        print("nothing was checked: the tree is not where the script looks")
        sys.exit(1)
    print(f"{checked} checked, {len(problems)} problems")
    sys.exit(1 if problems else 0)
