// What both tests share: the gateway's address with its authority trusted, and accounts.
import { spawnSync } from 'node:child_process';

export const url = process.env.WAAS_GATEWAY_URL;

/** Starts this script anew with the stack's authority among the trusted ones, which node reads at its start only. */
export function trustAuthority() {
  if (!process.env.WAAS_GATEWAY_CA || process.env.NODE_EXTRA_CA_CERTS === process.env.WAAS_GATEWAY_CA) return;
  const env = { ...process.env, NODE_EXTRA_CA_CERTS: process.env.WAAS_GATEWAY_CA };
  const run = spawnSync(process.execPath, process.argv.slice(1), { env, stdio: 'inherit' });
  process.exit(run.status ?? 1);
}

export async function call(method, path, { body, headers = {}, token } = {}) {
  const response = await fetch(url + path, {
    method,
    redirect: 'error',
    body: body === undefined ? undefined : JSON.stringify(body),
    headers: {
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      ...(token ? { Authorization: `Bearer ${token}` } : {}),
      ...headers,
    },
  });
  const text = await response.text();
  const type = response.headers.get('content-type') ?? '';
  return { status: response.status, type, headers: response.headers, body: type.includes('json') ? JSON.parse(text) : text };
}

let people = 0;
export async function signUp() {
  const email = `person${++people}-${process.pid}@example.org`;
  const password = 'correct horse battery staple';
  const made = await call('POST', '/api/auth/signup', { body: { email, password } });
  if (made.status !== 201) throw new Error(`sign-up: ${made.status} ${JSON.stringify(made.body)}`);
  return { email, password, ...made.body };
}
