import { chmod, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { adminToken, readAdminToken, secretsEqual } from './admin-token.ts';
import { commandSecrets } from './command-secrets.ts';
import { installationSecret } from './installation-secret.ts';

describe('secrets of the installation', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tocsin-private-'));
  });
  afterEach(() => rm(folder, { recursive: true }));
  const modeOf = async (name: string) => (await stat(join(folder, name))).mode & 0o777;

  it('are made once, for their owner alone, in a directory that need not exist', async () => {
    const data = join(folder, 'data');
    const [secret, token] = [await installationSecret(data), await adminToken(data)];
    expect(secret).toHaveLength(32);
    expect(token).toMatch(/^toc_[\w-]{43}$/);
    expect(await modeOf('data/installation.secret')).toBe(0o600);
    expect(await modeOf('data/admin.token')).toBe(0o600);
    expect(await installationSecret(data)).toEqual(secret);
    expect(await adminToken(data)).toBe(token);
    expect(await readAdminToken(data)).toBe(token);
    expect(await readdir(data)).toEqual(['admin.token', 'installation.secret']);
  });

  it('are the same for all who create them at once', async () => {
    const tokens = await Promise.all(Array.from({ length: 20 }, () => adminToken(folder)));
    expect(new Set(tokens).size).toBe(1);
    expect(await readdir(folder)).toEqual(['admin.token']);
  });

  it('are not made by a client that only looks', async () => {
    expect(await readAdminToken(folder)).toBeUndefined();
    expect(await readdir(folder)).toEqual([]);
  });

  it.each([0o644, 0o640, 0o660])('are refused when others may read them', async (mode) => {
    await adminToken(folder);
    await chmod(join(folder, 'admin.token'), mode);
    await expect(adminToken(folder)).rejects.toThrow('chmod 600');
  });

  it.each(['', 'toc_short', `${'0'.repeat(63)}`, `${'g'.repeat(64)}`])(
    'are never replaced when damaged',
    async (text) => {
      for (const name of ['admin.token', 'installation.secret'])
        await writeFile(join(folder, name), text, { mode: 0o600 });
      await expect(installationSecret(folder)).rejects.toThrow('damaged');
      await expect(adminToken(folder)).rejects.toThrow('holds no token');
    },
  );

  it('sign commands with the one of the installation, unless others are listed', async () => {
    expect(await commandSecrets(folder)).toEqual([await installationSecret(folder)]);
    const [next, old] = ['a'.repeat(64), '0b'.repeat(32)];
    await writeFile(join(folder, 'command.secrets'), `${next}\r\n${old}\n`, { mode: 0o600 });
    expect(await commandSecrets(folder)).toEqual([new Uint8Array(32).fill(0xaa), new Uint8Array(32).fill(0x0b)]);
  });

  it.each(['', '\n', 'secret', `${'0'.repeat(64)} ${'1'.repeat(64)}`, `${'0'.repeat(64)}\n# old`])(
    'of commands are refused when the list is damaged: %j',
    async (text) => {
      await writeFile(join(folder, 'command.secrets'), text, { mode: 0o600 });
      await expect(commandSecrets(folder)).rejects.toThrow('64 hex digits');
    },
  );

  it('of commands are refused when others may read them', async () => {
    await writeFile(join(folder, 'command.secrets'), 'a'.repeat(64), { mode: 0o644 });
    await expect(commandSecrets(folder)).rejects.toThrow('chmod 600');
  });

  it('are compared whole', () => {
    expect(secretsEqual('toc_a', 'toc_a')).toBe(true);
    for (const other of ['toc_b', 'toc_', 'toc_aa', '', 'TOC_A']) expect(secretsEqual('toc_a', other)).toBe(false);
  });
});
