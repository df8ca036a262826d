#!/usr/bin/env python3
"""Each enumerant of protocol/error.capnp has its sentence, its HTTP status and its exit code; numbers have no gap."""
import re

import tree

options = tree.arguments()
schema = re.sub(r"#[^\n]*", "", tree.text(options.root, "protocol/error.capnp"))
body = re.search(r"enum ErrorCode \{(.*)\}", schema, re.S).group(1)
problems = []
numbers = []
sentences = {}
for declaration in filter(str.strip, re.split(r";\s*(?=\w+ @\d|\s*$)", body)):
    match = re.match(r"\s*(\w+) @(\d+)(.*)", declaration, re.S)
    if not match:
        problems.append(f"not understood: {declaration.strip()}")
        continue
    name, number, notes = match.groups()
    numbers.append(int(number))
    says = re.search(r'\$says\("((?:[^"\\]|\\.)+)"\)', notes)
    http = re.search(r"\$http\((\d+)\)", notes)
    code = re.search(r"\$exit\((\d+)\)", notes)
    if not says:
        problems.append(f"{name}: no $says")
    elif not re.match(r"[A-Z].*\.$", says.group(1)):
        problems.append(f"{name}: {says.group(1)!r} is no whole sentence")
    elif says.group(1) in sentences:
        problems.append(f"{name}: says the same as {sentences[says.group(1)]}")
    else:
        sentences[says.group(1)] = name
    if not http or not 400 <= int(http.group(1)) <= 599:
        problems.append(f"{name}: no HTTP status of an error")
    if not code or not 1 <= int(code.group(1)) <= 4:
        problems.append(f"{name}: no exit code from 1 to 4")
    if http and code and (http.group(1) in {"403", "401"}) != (code.group(1) == "4") and name != "tooManyAttempts":
        problems.append(f"{name}: HTTP {http.group(1)} and exit code {code.group(1)} do not fit together")
if numbers != list(range(len(numbers))):
    problems.append(f"the numbers have a gap or are out of order: {numbers}")
tree.finish(problems, len(numbers))
