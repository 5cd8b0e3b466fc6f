import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resolveConfigSecrets, resolveSecret } from './secret-reference.ts';

describe('secret references', () => {
  let folder: string;
  const written = async (name: string, text: string, mode = 0o600) => {
    await writeFile(join(folder, name), text);
    await chmod(join(folder, name), mode);
    return `file:${name}`;
  };
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tocsin-secrets-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('reads a variable', async () => {
    const environment = { KEY: 'v4lue\n', NONE: '' };
    expect(await resolveSecret('env:KEY', { environment })).toEqual({ ok: true, value: 'v4lue\n' });
    expect(await resolveSecret('env:NONE', { environment })).toMatchObject({ ok: false, code: 'empty' });
    expect(await resolveSecret('env:OTHER', { environment })).toMatchObject({ ok: false, code: 'unset' });
  });

  it.each([
    ['v4lue', 'v4lue'],
    ['v4lue\n', 'v4lue'],
    ['v4lue\r\n', 'v4lue'],
    ['v4lue\n\n', 'v4lue\n'],
    [' v4lue ', ' v4lue '],
  ])('reads a file that holds %j', async (text, value) => {
    expect(await resolveSecret(await written('a', text), { folder })).toEqual({ ok: true, value });
  });

  it('reads a file that its group may read', async () => {
    expect(await resolveSecret(await written('g', 'v4lue', 0o640), { folder })).toMatchObject({ ok: true });
  });

  it.each([0o604, 0o644, 0o602, 0o666])(
    'refuses a file that everybody may touch, and says what to do',
    async (mode) => {
      const secret = await resolveSecret(await written('b', 'v4lue', mode), { folder });
      expect(secret).toMatchObject({ ok: false, code: 'exposed', message: expect.stringContaining('chmod o-rwx') });
      expect(JSON.stringify(secret)).not.toContain('v4lue');
    },
  );

  it('refuses what is no reference, no file, empty or too large', async () => {
    for (const reference of ['v4lue', '', 'env:', 'file:', 'vault:x']) {
      const secret = await resolveSecret(reference);
      expect(secret).toMatchObject({ ok: false, code: 'bad_reference' });
      expect(JSON.stringify(secret)).not.toContain('v4lue');
    }
    expect(await resolveSecret('file:none', { folder })).toMatchObject({ ok: false, code: 'unreadable' });
    expect(await resolveSecret(`file:${folder}`)).toMatchObject({ ok: false });
    expect(await resolveSecret(await written('e', '\n'), { folder })).toMatchObject({ ok: false, code: 'empty' });
    expect(await resolveSecret(await written('l', 'x'.repeat(65_537)), { folder })).toMatchObject({
      code: 'too_large',
    });
  });

  it('resolves the named keys of a configuration, lists and maps included, and nothing else', async () => {
    const environment = { A: 'a', B: 'b' };
    const config = { url: 'env:A', secret: ['env:A', 'env:B'], secret_headers: { 'x-key': 'env:B' }, enabled: true };
    expect(await resolveConfigSecrets(config, ['secret', 'secret_headers', 'absent'], { environment })).toEqual({
      config: { url: 'env:A', secret: ['a', 'b'], secret_headers: { 'x-key': 'b' }, enabled: true },
      problems: [],
    });
    const { problems } = await resolveConfigSecrets({ secret: ['env:A', 'env:C'] }, ['secret'], { environment });
    expect(problems).toEqual(['secret.1: env:C is not set']);
  });
});
