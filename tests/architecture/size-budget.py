#!/usr/bin/env python3
"""Files have at most 400 lines (exceptions in long-files.txt), and a folder whose README names a budget keeps to it.

A folder's budget stands in its README as `budget: N lines` and counts lines of code: neither blank nor comment."""
import pathlib
import re

import tree

MAX_LINES = 400
MUST_HAVE_BUDGET = {"daemon/vault", "daemon/guard"}

options = tree.arguments()
root = options.root
exceptions = tree.listed(pathlib.Path(__file__).parent / "long-files.txt")
problems = []
checked = 0
code_lines = {}

for path in tree.files(root):
    if path.suffix not in tree.SOURCES | {".py", ".sh", ".js", ".mjs", ".cmake"} and path.parts[0] != "scripts":
        continue
    checked += 1
    content = tree.text(root, path)
    lines = len(content.splitlines())
    if lines > MAX_LINES and path.as_posix() not in exceptions:
        problems.append(f"{path}: {lines} lines, at most {MAX_LINES}; split it by what it does")
    if lines <= MAX_LINES and path.as_posix() in exceptions:
        problems.append(f"{path}: has {lines} lines, so it needs no entry in long-files.txt")
    if path.suffix in tree.SOURCES and path.parts[0] != "tests":
        code = sum(1 for line in tree.without_comments(content).splitlines() if line.strip())
        for parent in path.parents:
            code_lines[parent.as_posix()] = code_lines.get(parent.as_posix(), 0) + code

for folder, count in sorted(code_lines.items()):
    readme = root / folder / "README.md"
    budget = re.search(r"budget: ([\d,]+) lines", readme.read_text()) if readme.exists() else None
    if budget:
        most = int(budget.group(1).replace(",", ""))
        print(f"{folder}: {count} of {most} lines")
        if count > most:
            problems.append(f"{folder}: {count} lines of code, its README allows {most}")
    elif folder in MUST_HAVE_BUDGET:
        problems.append(f"{folder}: its README must say `budget: N lines` (it has {count})")

tree.finish(problems, checked)
