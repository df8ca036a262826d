#!/usr/bin/env python3
"""must-not-compile.py SNIPPET COMPILER [FLAGS...]: the snippet compiles as it is, and is refused with -DWAAS_FORBIDDEN.

A line `// refused: TEXT | TEXT` in the snippet names what the compiler must say (one of the texts: compilers differ)."""
import pathlib
import re
import subprocess
import sys

snippet, command = sys.argv[1], sys.argv[2:]
expected = re.search(r"^// refused: (.*)$", pathlib.Path(snippet).read_text(), re.M).group(1).split(" | ")


def compile_with(*flags):
    return subprocess.run([*command, *flags, "-x", "c++", snippet], capture_output=True, text=True)


control = compile_with()
if control.returncode != 0:
    sys.exit(f"the control does not compile:\n{control.stderr}")
forbidden = compile_with("-DWAAS_FORBIDDEN")
if forbidden.returncode == 0:
    sys.exit("compiles, but must not")
if not any(text in forbidden.stderr for text in expected):
    sys.exit(f"is refused for another reason than {expected}:\n{forbidden.stderr}")
