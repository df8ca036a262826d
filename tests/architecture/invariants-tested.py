#!/usr/bin/env python3
"""Each invariant id (as V3) that a folder's README lists is cited by a test, and no test cites one that nobody lists.

Listed: after the word *invariants* in a README.md outside tests/. Cited: in the name or a comment of a file in tests/."""
import re

import tree

ID = r"(?<![A-Za-z0-9_])([A-Z])([1-9][0-9]?)(?![0-9A-Za-z_])"
CITED = r"(?<![A-Za-z0-9])([A-Z])([1-9][0-9]?)(?![0-9])"

options = tree.arguments()
root = options.root
listed = {}
problems = []

for path in tree.files(root):
    if path.name != "README.md" or path.parts[0] in {"tests", "docs"}:
        continue
    parts = re.split(r"\*invariants\*", tree.text(root, path), maxsplit=1, flags=re.I)
    if len(parts) < 2:
        continue
    paragraph = parts[1].split("\n\n## ")[0]
    for letter, number in re.findall(ID, paragraph):
        name = letter + number
        if name in listed and listed[name] != path:
            problems.append(f"{path}: {name} is the name of an invariant of {listed[name]} already")
        listed[name] = path

cited = set()
for path in tree.files(root):
    if path.parts[0] == "tests" and path.suffix in {".c++", ".h", ".py", ".txt", ".mjs", ".sh", ".cmake"}:
        if path.parts[1] != "architecture":
            cited.update(letter + number for letter, number in re.findall(CITED, tree.text(root, path)))

for name, path in sorted(listed.items(), key=lambda entry: (entry[0][0], int(entry[0][1:]))):
    if name not in cited:
        problems.append(f"{path}: no test cites {name}")

tree.finish(problems, len(listed))
