#!/usr/bin/env python3
"""The files that read or write the bytes of a Secret are the ones in secret-readers.txt, no more and no fewer."""
import pathlib

import tree

options = tree.arguments()
allowed = tree.listed(pathlib.Path(__file__).parent / "secret-readers.txt")
if options.root != pathlib.Path(__file__).resolve().parents[2]:
    allowed = tree.listed(options.root / "tests/architecture/secret-readers.txt")
found = {}
for path in tree.sources(options.root):
    if tree.folder_of(path) is None or path.as_posix() == "secret/secret.h":
        continue
    count = tree.without_comments(tree.text(options.root, path)).count("SecretAccess::here")
    if count:
        found[path.as_posix()] = count

problems = [f"{path}: reads secrets in {count} places, but is not in secret-readers.txt" for path, count in found.items() if path not in allowed]
problems += [f"{path}: is in secret-readers.txt, but reads no secret" for path in allowed if path not in found]
tree.finish(problems, len(found))
