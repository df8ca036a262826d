#!/usr/bin/env python3
"""Positive and negative control of memscan, with encodings made here, independently of memscan's own.

Every form of every kind is planted in a process and must be reported complete; every place must be seen by the methods
that can see it, and secret memory by none. Needs root.   memscan-test.py FOLDER-OF-PROGRAMS
"""
import base64, hashlib, hmac, json, os, secrets, struct, subprocess, sys, tempfile

if os.geteuid() != 0:
    print("needs root")
    sys.exit(77)
PROGRAMS = sys.argv[1]
ALL_METHODS = 'mem,stopmem,vmreadv,gcore,regs,env,fds'
P, L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
failures = 0


def check(ok, what):
    global failures
    if not ok:
        failures += 1
        print('FAIL', what)


# --- encodings

def base58(data):
    alphabet, number, text = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz', int.from_bytes(data, 'big'), ''
    while number:
        number, digit = divmod(number, 58)
        text = alphabet[digit] + text
    return ('1' * (len(data) - len(data.lstrip(b'\0'))) + text).encode()


def swapped(data, width):
    parts = (data[i:i + width] for i in range(0, len(data), width))
    return b''.join(p[::-1] if len(p) == width else p for p in parts)


def binary(name, value):
    return {name: value, name + '/reversed': value[::-1], name + '/bswap32': swapped(value, 4),
            name + '/bswap64': swapped(value, 8)}


def text(name, value):
    forms = {name + '/hex': value.hex().encode(), name + '/HEX': value.hex().upper().encode(),
             name + '/hex:colon': value.hex(':').encode(),
             name + '/hex-0x-list': ', '.join('0x%02x' % c for c in value).encode(), name + '/base58': base58(value),
             name + '/decimal,': ','.join(map(str, value)).encode(),
             name + '/decimal, ': ', '.join(map(str, value)).encode()}
    for shift in range(3):  # inside a longer text, at each alignment
        for url, encode in (('', base64.b64encode), ('url', base64.urlsafe_b64encode)):
            forms[f'{name}/base64{url}+{shift}'] = encode(b'\xa5' * shift + value + b'\x5a\x5a')
    return forms


# --- AES (FIPS 197), checked against its own example

def double(a):
    return (a << 1) ^ (0x11b if a & 128 else 0)


def product(a, b):
    result = 0
    while b:
        if b & 1:
            result ^= a
        a, b = double(a), b >> 1
    return result


def inverse(a):
    result = 1
    for _ in range(254):
        result = product(result, a)
    return result if a else 0


def substitute(a):
    a = inverse(a)
    rotate = lambda k: ((a << k) | (a >> (8 - k))) & 255
    return a ^ rotate(1) ^ rotate(2) ^ rotate(3) ^ rotate(4) ^ 0x63


S = [substitute(a) for a in range(256)]


def schedule(key):
    words, round_constant = [key[4 * i:4 * i + 4] for i in range(8)], 1
    for i in range(8, 60):
        t = words[i - 1]
        if i % 8 == 0:
            t = bytes([S[t[1]] ^ round_constant, S[t[2]], S[t[3]], S[t[0]]])
            round_constant = double(round_constant)
        elif i % 8 == 4:
            t = bytes(S[c] for c in t)
        words.append(bytes(a ^ b for a, b in zip(words[i - 8], t)))
    return b''.join(words)


EXAMPLE = bytes.fromhex('603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4')  # FIPS 197, A.3
assert schedule(EXAMPLE)[-4:].hex() == '706c631e'


def inverse_columns(data):
    columns = (data[i:i + 4] for i in range(0, len(data), 4))
    mix = lambda c, j: (product(c[j], 14) ^ product(c[(j + 1) % 4], 11) ^ product(c[(j + 2) % 4], 13)
                        ^ product(c[(j + 3) % 4], 9))
    return b''.join(bytes(mix(c, j) for j in range(4)) for c in columns)


def aes(key):
    words = schedule(key)
    inner = inverse_columns(words[16:224])
    h = subprocess.run(['openssl', 'enc', '-aes-256-ecb', '-K', key.hex(), '-nopad'], input=bytes(16),
                       capture_output=True, check=True).stdout
    number = int.from_bytes(h, 'big')
    doubled = (number << 1) & (2**128 - 1)
    if number >> 127:
        doubled ^= 0xc2000000000000000000000000000001
    return {**binary('key', key), **text('key', key), 'round-keys': words[32:],
            'round-keys/bswap32': swapped(words[32:], 4), 'dec-round-keys': inner,
            'dec-round-keys/last-first': b''.join(inner[i:i + 16] for i in range(192, -1, -16)),
            'dec-round-keys/bswap32': swapped(inner, 4), 'ghash-H': h, 'ghash-H/reversed': h[::-1],
            'ghash-H/bswap64': swapped(h, 8), 'ghash-H<<1/le128': doubled.to_bytes(16, 'little'),
            'ghash-H<<1/swapped': swapped(doubled.to_bytes(16, 'big'), 8)}


# --- HMAC-SHA256: the states are found by carrying on from them and comparing with the library's own result

def compress(state, block):
    primes = [n for n in range(2, 312) if all(n % d for d in range(2, int(n**0.5) + 1))]
    root = lambda n: int.from_bytes(struct.pack('>Q', integer_root(n << 96, 3))[4:], 'big')
    k = [root(p) for p in primes[:64]]
    w = list(struct.unpack('>16I', block))
    r = lambda v, n: ((v >> n) | (v << (32 - n))) & 0xffffffff
    for i in range(16, 64):
        a, b = w[i - 15], w[i - 2]
        w.append((w[i - 16] + (r(a, 7) ^ r(a, 18) ^ a >> 3) + w[i - 7] + (r(b, 17) ^ r(b, 19) ^ b >> 10)) & 0xffffffff)
    v = list(state)
    for i in range(64):
        t1 = v[7] + (r(v[4], 6) ^ r(v[4], 11) ^ r(v[4], 25)) + (v[4] & v[5] ^ ~v[4] & v[6]) + k[i] + w[i]
        t2 = (r(v[0], 2) ^ r(v[0], 13) ^ r(v[0], 22)) + (v[0] & v[1] ^ v[0] & v[2] ^ v[1] & v[2])
        v = [(t1 + t2) & 0xffffffff, v[0], v[1], v[2], (v[3] + t1) & 0xffffffff, v[4], v[5], v[6]]
    return [(a + b) & 0xffffffff for a, b in zip(state, v)]


def integer_root(n, degree):
    low, high = 0, 1 << (n.bit_length() // degree + 1)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if middle**degree <= n else (low, middle - 1)
    return low


INITIAL = [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19]


def hmac_key(key):
    pad = lambda byte: bytes(c ^ byte for c in key)
    states = {}
    for name, byte in (('inner', 0x36), ('outer', 0x5c)):
        states[name] = compress(INITIAL, pad(byte) + bytes([byte]) * 32)
    finish = lambda state, data: struct.pack('>8I', *compress(
        state, data + b'\x80' + bytes(55 - len(data)) + struct.pack('>Q', (64 + len(data)) * 8)))
    assert finish(states['outer'], finish(states['inner'], b'abc')) == hmac.new(key, b'abc', 'sha256').digest()
    return {**binary('key', key), **text('key', key), 'inner-pad': pad(0x36), 'outer-pad': pad(0x5c),
            **binary('inner-state', struct.pack('<8I', *states['inner'])),
            **binary('outer-state', struct.pack('<8I', *states['outer']))}


# --- Ed25519 (RFC 8032), slow and plain

def scalar(name, value):
    number = int.from_bytes(value, 'little')
    limbs = [(number >> 21 * i) & (2**21 - 1 if i < 11 else 2**25 - 1) for i in range(12)]
    digits = [(number >> 4 * i) & 15 for i in range(64)]
    for i in range(63):
        if digits[i] >= 8:
            digits[i], digits[i + 1] = digits[i] - 16, digits[i + 1] + 1
    return {**binary(name, value), name + '/limbs21': struct.pack('<12q', *limbs),
            name + '/radix16': struct.pack('64b', *digits)}


def public_key(seed):
    d = -121665 * pow(121666, P - 2, P) % P
    def add(a, b):
        t = d * a[0] * b[0] * a[1] * b[1]
        return ((a[0] * b[1] + a[1] * b[0]) * pow(1 + t, P - 2, P) % P,
                (a[1] * b[1] + a[0] * b[0]) * pow(1 - t, P - 2, P) % P)
    number = int.from_bytes(hashlib.sha512(seed).digest()[:32], 'little') & (2**254 - 8) | 2**254
    y = 4 * pow(5, P - 2, P) % P
    square = (y * y - 1) * pow(d * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if x & 1:
        x = P - x
    result, point = (0, 1), (x, y)
    while number:
        if number & 1:
            result = add(result, point)
        point, number = add(point, point), number >> 1
    return (result[1] | (result[0] & 1) << 255).to_bytes(32, 'little')


assert public_key(bytes.fromhex('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60')).hex()[:8] == 'd75a9801'


def clamp(value):
    value = bytearray(value)
    value[0] &= 248
    value[31] = value[31] & 127 | 64
    return bytes(value)


def ed25519(seed):
    digest = hashlib.sha512(seed).digest()
    a = clamp(digest[:32])
    modulo = (int.from_bytes(a, 'little') % L).to_bytes(32, 'little')
    return {**binary('seed', seed), **text('seed', seed), 'seed+pub/base58': base58(seed + public_key(seed)),
            **scalar('scalar', a), **text('scalar', a), **scalar('scalar-mod-L', modulo),
            **binary('nonce-prefix', digest[32:]), **text('nonce-prefix', digest[32:])}


def nonce(seed, message):
    wide = hashlib.sha512(hashlib.sha512(seed).digest()[32:] + message).digest()
    r = (int.from_bytes(wide, 'little') % L).to_bytes(32, 'little')
    return {**scalar('r', r), 'r-unreduced': wide, 'r-unreduced/bswap64': swapped(wide, 8)}


def x25519(key):
    return {**binary('key', key), **text('key', key), **binary('clamped', clamp(key))}


def password(value):
    forms = {'raw': value, 'utf16le': value.decode().encode('utf-16-le'), 'hex': value.hex().encode(),
             'HEX': value.hex().upper().encode()}
    for shift in range(3):
        forms[f'base64+{shift}'] = base64.b64encode(b'\xa5' * shift + value + b'\x5a\x5a')
    return forms


# --- running

def scan(planted, lines, methods, environment=None, arguments=()):
    """Plants bytes in places of a specimen, scans it. Returns exit code, report, text."""
    with tempfile.TemporaryDirectory() as folder:
        with open(folder + '/items', 'w') as file:
            file.writelines(f'{place} {data.hex()}\n' for place, data in planted)
        with open(folder + '/secrets', 'w') as file:
            file.writelines(line + '\n' for line in lines)
        specimen = subprocess.Popen([PROGRAMS + '/memscan-specimen', folder + '/items', *arguments],
                                    stdout=subprocess.PIPE, text=True, env={**os.environ, **(environment or {})})
        assert specimen.stdout.readline() == 'READY\n', 'the specimen failed'
        try:
            run = subprocess.run(
                [PROGRAMS + '/memscan', '--secrets', folder + '/secrets', '--pid', str(specimen.pid), '--methods', methods,
                 '--rounds', '1', '--json', folder + '/report', '--reg-samples', '20'], capture_output=True, text=True)
            with open(folder + '/report') as file:
                return run.returncode, json.load(file), run.stdout + run.stderr
        finally:
            specimen.kill()
            specimen.wait()


def every_form(canary_line, environment):
    word = 'S3cret-pass-' + secrets.token_hex(4)
    seed, message = secrets.token_bytes(32), secrets.token_bytes(50)
    key = lambda: secrets.token_bytes(32)
    a, m, e, x, s, r = key(), key(), key(), key(), key(), secrets.token_bytes(24)
    cases = [('aes256-key', aes(a), f'hex:{a.hex()}'), ('hmac-key', hmac_key(m), f'hex:{m.hex()}'),
             ('ed25519-seed', ed25519(e), f'hex:{e.hex()}'),
             ('ed25519-nonce', nonce(seed, message), f'hex:{seed.hex()} hex:{message.hex()}'),
             ('x25519-sk', x25519(x), f'hex:{x.hex()}'),
             ('shamir-share', {**binary('raw', s), **text('raw', s)}, f'hex:{s.hex()}'),
             ('password', password(word.encode()), f'text:{word}'),
             ('raw', {**binary('raw', r), **text('raw', r)}, f'hex:{r.hex()}')]
    lines = [f'{kind} {kind} {value}' for kind, _, value in cases] + [canary_line]
    listing = subprocess.run([PROGRAMS + '/memscan', '--list-forms', '--secrets', '/dev/stdin'], input='\n'.join(lines),
                             capture_output=True, text=True).stdout.splitlines()
    for kind, forms, _ in cases:
        code, report, _ = scan([('heap', value) for value in forms.values()], lines, 'mem', environment)
        found = {h['form'] for h in report['hits'] if h['kind'] == kind and h['complete'] > 0}
        for form in forms:
            same = 'base64url' in form and form.replace('url', '') in found  # equal texts are kept once
            check(form in found or same, f'{kind} {form} was planted and not reported complete')
        known = {line.split('\t')[2] for line in listing if line.startswith(kind + '\t')}
        check(known <= set(forms), f'{kind}: forms without a specimen: {known - set(forms)}')
        check(code == 1, f'{kind}: exit {code}')
    for offset in (0, 3, 9, 16):
        _, report, _ = scan([('heap', a[offset:offset + 16])], lines, 'mem', environment)
        found = any(h['kind'] == 'aes256-key' and h['longest'] >= 16 for h in report['hits'])
        check(found, f'16 bytes of a key, from {offset} on')
    print(sum(len(forms) for _, forms, _ in cases), 'forms of', len(cases), 'kinds')


def every_place(canary_line, environment):
    memory = 'mem stopmem vmreadv gcore'
    seen_by = {'heap': memory, 'freed': memory, 'stack': memory, 'thread': memory, 'bss': memory, 'anon': memory,
               'none': 'mem stopmem', 'shared': memory, 'memfd': memory + ' fds', 'fdonly': 'fds', 'file': memory + ' fds',
               'socket': 'fds', 'pipe': 'fds', 'secretfd': 'fds', 'secretmem': '', 'xmm': 'regs', 'gpr': 'regs',
               'environ': 'env ' + memory, 'argv': 'env ' + memory}
    with open('/proc/cpuinfo') as file:
        if 'avx512f' in file.read():
            seen_by['zmm'] = 'regs'
    values = {place: secrets.token_bytes(32) for place in seen_by}
    lines = [f'shamir-share {place} hex:{value.hex()}' for place, value in values.items()] + [canary_line]
    planted = [(place, value) for place, value in values.items() if place not in ('environ', 'argv')]
    _, report, _ = scan(planted, lines, ALL_METHODS, {**environment, 'LEAK': values['environ'].hex()},
                        [values['argv'].hex()])
    for place, wanted in seen_by.items():
        seen = {h['method'] for h in report['hits'] if place in h['secrets']}
        check(set(wanted.split()) <= seen, f'{place}: expected {wanted}, seen by {seen}')
        if place == 'secretmem':
            check(not seen, f'secret memory was read by {seen}')
    print(len(seen_by), 'places')


def negative(canary_line, environment):
    lines = [f'aes256-key a hex:{secrets.token_hex(32)}', f'hmac-key h hex:{secrets.token_hex(32)}',
             f'ed25519-seed b hex:{secrets.token_hex(32)}', 'password c text:' + secrets.token_hex(8), canary_line]
    planted = [('heap', secrets.token_bytes(400)) for _ in range(500)]
    code, report, text = scan(planted, lines, ALL_METHODS, environment)
    check(code == 0 and report['total_hits'] == 0, f'unrelated secrets: exit {code}\n{text}')
    code, _, _ = scan([('heap', b'x' * 40)], lines, 'mem')
    check(code == 3, f'without the canary: exit {code}, not 3')


CANARY = 'CANARY-' + secrets.token_hex(12)
every_form('canary c text:' + CANARY, {'C': CANARY})
every_place('canary c text:' + CANARY, {'C': CANARY})
negative('canary c text:' + CANARY, {'C': CANARY})
print(f'{failures} failures' if failures else 'all passed')
sys.exit(1 if failures else 0)
