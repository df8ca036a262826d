#!/usr/bin/env python3
"""Every program of ours: position independent, full RELRO, bound at start, no executable stack, nothing writable and
executable, no search path, stack protector, fortified calls; our own objects carry CET marks on x86-64."""
import platform
import re
import subprocess

import tree

PROGRAMS = ["waas-vault", "waas-vault-guard", "waas-broker", "waas-gateway", "waas"]
# Our own archives, whose every object must carry the marks. (The programs lose them: Debian's static libraries have none.)
ARCHIVES = ["vault", "broker", "guard", "seccomp", "protocol", "solana", "lib"]


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def weaknesses(program):
    headers = run("readelf", "-hW", program)
    segments = run("readelf", "-lW", program)
    dynamic = run("readelf", "-dW", program)
    symbols = run("readelf", "-sW", program)
    if not re.search(r"Type:\s+DYN", headers) or not re.search(r"FLAGS_1\).*\bPIE\b", dynamic):
        yield "is not position independent"
    if "GNU_RELRO" not in segments:
        yield "has no RELRO segment"
    if not re.search(r"\bBIND_NOW\b|FLAGS_1\).*\bNOW\b", dynamic):
        yield "binds symbols lazily, so its RELRO is partial"
    if re.search(r"\((?:RPATH|RUNPATH)\)", dynamic):
        yield "has a library search path"
    if "(TEXTREL)" in dynamic:
        yield "has relocations in its code"
    stack = re.search(r"GNU_STACK\s+(?:0x\w+\s+){5}([RWE ]{3})", segments)
    if not stack or "E" in stack.group(1):
        yield "has an executable stack"
    for flags in re.findall(r"LOAD\s+(?:0x\w+\s+){5}([RWE ]{3})", segments):
        if "W" in flags and "E" in flags:
            yield "has a segment that is writable and executable"
    if "__stack_chk_fail" not in symbols:
        yield "has no stack protector"
    if not re.search(r"\b__\w+_chk\b(?<!stack_chk)", symbols):
        yield "has no fortified call"


options = tree.arguments(build=True)
problems = []
checked = 0
for name in PROGRAMS:
    checked += 1
    problems += [f"{name}: {weakness}" for weakness in weaknesses(options.build / name)]
if platform.machine() == "x86_64":
    for name in ARCHIVES:
        for archive in options.build.rglob(f"libwaas-{name}.a"):
            checked += 1
            notes = run("readelf", "-nW", archive)
            for member in re.split(r"\nFile: ", notes)[1:]:
                if not re.search(r"x86 feature: IBT, SHSTK", member):
                    problems.append(f"{archive.name}: {member.splitlines()[0]} has no CET marks")
tree.finish(problems, checked)
