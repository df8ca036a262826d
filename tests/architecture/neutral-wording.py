#!/usr/bin/env python3
"""The tree speaks of itself only: no path of somebody's machine, no host of a package mirror, no private address."""
import re

import tree

PATTERNS = [
    (r"(?<![\w.])/(?:work|root|home/\w+|Users/\w+|mnt/\w+)/[\w.-]+", "a path of one machine"),
    (r'"resolved": "https?://(?!registry\.npmjs\.org/)', "a package mirror of one machine"),
    (r"\b(?:10\.\d{1,3}|192\.168|172\.(?:1[6-9]|2\d|3[01]))\.\d{1,3}\.\d{1,3}\b", "a private address"),
    (r"(?i)\b(?:deb|pypi|npm)[\w.-]*\.(?:internal|local|corp|lan)\b", "a package mirror of one machine"),
]
# What looks like one and is none: path, reason in the comment.
ALLOWED = {
    "tests/architecture/neutral-wording.py",  # names the patterns
    "tests/architecture/checks-notice.py",  # breaks the rules on purpose
}

options = tree.arguments()
problems = []
checked = 0
for path in tree.files(options.root):
    if path.as_posix() in ALLOWED or path.suffix in {".png", ".ico", ".bin", ".gz"} or "corpus" in path.parts:
        continue
    checked += 1
    for number, line in enumerate(tree.text(options.root, path).splitlines(), 1):
        for pattern, why in PATTERNS:
            match = re.search(pattern, line)
            if match and not (why == "a private address" and path.parts[0] == "tests"):
                problems.append(f"{path}:{number}: {match.group(0)}: {why}")
tree.finish(problems, checked)
