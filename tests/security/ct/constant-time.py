#!/usr/bin/env python3
"""V23: sharing, key derivation and comparison have no branch and no address that depends on a secret.

constant-time.py SOURCE_DIR FLAGS... builds the probe and the sources that it checks with every compiler that is here, at
several levels of optimisation, and runs it under valgrind's memcheck: 0 reports for ours, more than 0 for the positive
controls (a table lookup, an early exit). Exit code 77: no valgrind here."""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

LEVELS = [["-O0"], ["-O1"], ["-O2"], ["-O3"], ["-Os"], ["-O3", "-mavx2"]]
OURS = ["shamir", "kdf", "compare", "ed25519"]
CONTROLS = ["table", "branch"]
REPORT = re.compile(r"Conditional jump|Use of uninitialised value|Syscall param|Unrecognised instruction")


def reports(program, mode, log):
    result = subprocess.run(["valgrind", "--tool=memcheck", "-q", "--num-callers=6", f"--log-file={log}", program, mode])
    if result.returncode != 0:
        sys.exit(f"{mode}: exit code {result.returncode}, the result is wrong\n{log.read_text()}")
    return len(REPORT.findall(log.read_text()))


def main():
    root, flags = pathlib.Path(sys.argv[1]), sys.argv[2:]
    if not shutil.which("valgrind"):
        sys.exit(77)
    sources = [root / "daemon/vault/shamir.c++", root / "daemon/vault/kdf.c++",
               root / "tests/security/ct/constant-time-probe.c++"]
    problems = []
    with tempfile.TemporaryDirectory() as folder:
        program, log = pathlib.Path(folder) / "probe", pathlib.Path(folder) / "log"
        for compiler in filter(shutil.which, ["g++", "clang++"]):
            for level in LEVELS:
                subprocess.run([compiler, "-std=c++20", "-gdwarf-4", *level, *flags, "-o", program, *sources, "-lsodium"], check=True)
                counts = {mode: reports(program, mode, log) for mode in OURS + CONTROLS}
                print(f"{compiler} {' '.join(level):12}", counts)
                problems += [f"{compiler} {level}: {mode} depends on a secret" for mode in OURS if counts[mode] != 0]
                problems += [f"{compiler} {level}: the control {mode} was not noticed" for mode in CONTROLS if counts[mode] == 0]
    sys.exit("\n".join(problems) or 0)


main()
