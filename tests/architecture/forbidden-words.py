#!/usr/bin/env python3
"""Words that must not stand in the code.

- TODO(security), TODO(now): anywhere.
- Comparing bytes early-exit (memcmp, strcmp, std::equal, ==-able copies) in files that handle secrets.
- KJ assertions in files that handle secrets with anything but a literal text: they print their operands.
- `[=]`, printing or logging in the vault, cryptography with keys in the broker."""
import pathlib
import re

import tree

options = tree.arguments()
root = options.root
exceptions = tree.listed(pathlib.Path(__file__).parent / "forbidden-words.txt")
problems = []
checked = 0
ASSERTION = re.compile(r"\bKJ_(?:REQUIRE|ASSERT|FAIL_REQUIRE|FAIL_ASSERT|DREQUIRE|DASSERT|LOG|DBG|SYSCALL|EXCEPTION|CONTEXT|REQUIRE_NONNULL|ASSERT_NONNULL)\s*\(")


def handles_secrets(path, code):
    return tree.folder_of(path) in {"vault", "secret"} or "SecretAccess" in code or "secret/secret.h" in code


def operands(code, start):
    """The arguments of the call whose opening bracket is just before `start`, split at top-level commas."""
    depth, parts, part, quote, i = 1, [], "", None, start
    while i < len(code) and depth:
        c = code[i]
        if quote:
            part += c
            if c == "\\":
                i += 1
                part += code[i]
            elif c == quote:
                quote = None
        elif c in "\"'":
            quote = c
            part += c
        elif c in "([{":
            depth += 1
            part += c
        elif c in ")]}":
            depth -= 1
            part += c if depth else ""
        elif c == "," and depth == 1:
            parts.append(part.strip())
            part = ""
        else:
            part += c
        i += 1
    return parts + [part.strip()]


for path in tree.files(root):
    if path.suffix not in tree.SOURCES | {".capnp", ".sql", ".py", ".cmake"} or path.parts[:2] == ("tests", "architecture"):
        continue
    checked += 1
    content = tree.text(root, path)
    for number, line in enumerate(content.splitlines(), 1):
        if re.search(r"TODO\((security|now)\)", line):
            problems.append(f"{path}:{number}: {line.strip()}")
    if path.suffix not in tree.SOURCES or tree.folder_of(path) is None:
        continue
    code = tree.without_comments(content)
    found = []
    if re.search(r"\[=[\],]", code):
        found.append((r"\[=[\],]", "name what the lambda captures"))
    if handles_secrets(path, code):
        found += [(r"\b(?:mem|str|strn|b)cmp\s*\(", "compares with an early exit; use sodium_memcmp"),
                  (r"\bstd::(?:equal|lexicographical_compare|memcmp)\s*\(", "compares with an early exit; use sodium_memcmp")]
        for match in ASSERTION.finditer(code):
            arguments = operands(code, match.end())
            # The first is the condition (or the level, the code), the rest is printed.
            printed = [a for a in arguments[1:] if not re.fullmatch(r'(?:"(?:\\.|[^"\\])*"\s*)+|\{.*\}|', a, re.S)]
            number = code.count("\n", 0, match.start()) + 1
            if printed:
                problems.append(f"{path}:{number}: an assertion that prints {printed[0]!r}; give it a literal text only")
            if re.search(r"(?<![<>=!])(?:==|!=|<=|>=)(?!=)", arguments[0]) and tree.folder_of(path) == "vault" and "sizeof" not in arguments[0]:
                problems.append(f"{path}:{number}: KJ prints both sides of a comparison; put it into brackets of its own function")
    if tree.folder_of(path) == "vault":
        found.append((r"\b(?:printf|fprintf|puts|std::cout|std::cerr|kj::str)\s*[(<]", "the vault formats nothing but its last words"))
    if tree.folder_of(path) == "broker":
        found.append((r"\bcrypto_(?!hash_)\w+", "the broker has no keys: hashes only"))
    for pattern, why in found:
        for match in re.finditer(pattern, code):
            number = code.count("\n", 0, match.start()) + 1
            if f"{path}:{match.group(0).strip('( <')}" not in exceptions:
                problems.append(f"{path}:{number}: {match.group(0).strip()}: {why}")

tree.finish(problems, checked)
