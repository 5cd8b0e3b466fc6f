import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';

/** A certificate for 127.0.0.1 that nobody trusts; undefined, said aloud, where there is no openssl. */
export function selfSigned(suite: string): { readonly cert: string; readonly key: string } | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-tls-'));
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  const request = 'req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1';
  try {
    execFileSync('openssl', [...request.split(' '), '-keyout', key, '-out', cert], { stdio: 'ignore' });
    return { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') };
  } catch (error) {
    if (process.env.TOCSIN_CLUSTER === 'required') throw error;
    console.warn(`SKIPPED: ${suite} needs openssl: apt-get install openssl`);
    return undefined;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
