#!/usr/bin/env python3
"""How fast shares are rotated, and that a run's memory does not depend on how many wallets there are.

  WAAS_BUILD=build tests/bench/rotation.py [--wallets 300] [--few 10000] [--many 1000000]

Rotates real wallets by force and tells wallets per second, with and without signatures beside it. Then it fills the stores
with generated rows (of the right form, authentic to nobody, not due) and lets `waas shares rotate --due` go through all of
them: the broker's largest resident size after `few` and after `many` must be equal within a fifth."""
import argparse
import concurrent.futures
import hashlib
import pathlib
import statistics
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))
from stack_fixture import DONE, Stack  # noqa: E402

arguments = argparse.ArgumentParser()
for name, default in (("wallets", 300), ("few", 10_000), ("many", 1_000_000)):
    arguments.add_argument(f"--{name}", type=int, default=default)
options = arguments.parse_args()
stack = Stack()


def resident_kib():
    text = pathlib.Path(f"/proc/{stack.pid('WAAS_BROKER_PID')}/status").read_text()
    return int(text.split("VmHWM:")[1].split()[0])


def rotate(*words):
    began = time.monotonic()
    run = stack.waas("shares", "rotate", *words, timeout=3600)
    assert run.exit == DONE, run
    return run.json, time.monotonic() - began


def make_wallets():
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for made in pool.map(lambda n: stack.waas("--as-service", "wallet", "create", f"real-{n}"), range(options.wallets)):
            assert made.exit == DONE, made


def signing_times(seconds, until=None):
    times, end = [], time.monotonic() + seconds
    while time.monotonic() < end and not (until and until.is_set()):
        began = time.monotonic()
        result = stack.waas("--as-service", "sign", "message", "--wallet", "real-0", "-", stdin=b"x")
        assert result.exit == DONE, result
        times.append(time.monotonic() - began)
    return times


def throughput():
    run, seconds = rotate("--all", "--force")
    print(f"rotation alone: {run['done'] / seconds:.0f} wallets/s ({run['done']} in {seconds:.1f} s)")
    quiet = signing_times(5)
    over, runs = threading.Event(), []

    def work():
        while not over.is_set():
            runs.append(rotate("--all", "--force"))
    thread = threading.Thread(target=work)
    thread.start()
    busy = signing_times(8)
    over.set()
    thread.join()
    done, seconds = sum(run["done"] for run, _ in runs), sum(seconds for _, seconds in runs)
    print(f"beside signatures: {done / seconds:.0f} wallets/s; a signature by the command line takes "
          f"{statistics.median(quiet) * 1000:.0f} ms alone, {statistics.median(busy) * 1000:.0f} ms beside it "
          f"(slowest {max(quiet) * 1000:.0f} and {max(busy) * 1000:.0f} ms)")


def generate(first, count):
    stack.sql(f"""INSERT INTO waas.wallets (certificate, signature, mac, epoch, tag, expires_at, share, recovery)
      SELECT '\\x01'::bytea || decode(md5(n::text), 'hex') || '\\x02'::bytea || decode(repeat('ee', 16), 'hex')
          || sha256(n::text::bytea) || '\\x00'::bytea || decode(repeat('00', 8), 'hex') || '\\x09'::bytea
          || convert_to('g' || lpad(n::text, 8, '0'), 'UTF8'),
        decode(repeat('11', 64), 'hex'), decode(repeat('22', 32), 'hex'), 1, n, now() + interval '29 days',
        decode(repeat('33', 86), 'hex'), decode(repeat('44', 118), 'hex')
      FROM generate_series({first}, {first + count - 1}) n;""")
    for index in (2, 3):
        redis = stack.redis(index - 1)
        for start in range(first, first + count, 5000):
            numbers = range(start, min(start + 5000, first + count))
            data = bytearray()
            for n in numbers:
                key = b"mpc:share:%s:%d" % (hashlib.md5(str(n).encode()).hexdigest().encode(), index)
                for words in ((b"HSET", key, b"1-%016x" % n, b"3" * 86), (b"PEXPIRE", key, b"2500000000")):
                    data += b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in words)
            redis.socket.sendall(data)
            for _ in range(2 * len(numbers)):
                redis.answer()


def memory():
    sizes, have = [], 0
    for wanted in (options.few, options.many):
        generate(have + 1, wanted - have)
        have = wanted
        stack.sql("ANALYZE waas.wallets")
        stack.restart("broker")
        run, seconds = rotate("--due")
        sizes.append(resident_kib())
        print(f"{wanted} wallets: checked {run['checked']} in {seconds:.1f} s ({run['checked'] / seconds:.0f}/s), "
              f"largest resident size {sizes[-1] / 1024:.1f} MiB")
    assert sizes[1] < sizes[0] * 1.2, "memory grows with the number of wallets"


try:
    stack.up()
    make_wallets()
    throughput()
    memory()
finally:
    stack.down()
