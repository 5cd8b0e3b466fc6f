import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CommandKeys } from './command-keys.ts';
import { commandAppend, idPart } from './command.ts';
import type { Command } from './envelope.ts';
import { shardOf } from './shard.ts';
import { SignalIds } from './signal/signal-id.ts';

const digest = { sha256: () => 'ab'.repeat(32), hmacSha256: () => 'cd'.repeat(32) };
const id = new SignalIds({ digest, secret: new Uint8Array(32) }).make({
  shard: 77,
  createdAt: 5,
  cause: 'x',
  org: 'main',
});
const signer = new CommandKeys({ digest, secrets: [new Uint8Array(32)] });
const command = (subject: string): Command => ({
  type: 'signal.comment',
  org: 'main',
  subject,
  data: { text: 'x' },
  by: { commandId: 'c', actor: { type: 'USER', id: 'u', name: 'U' }, authMethod: 'TOKEN', acceptedAt: 0 },
});

test('a command is signed, and goes where the events of its signal are', () => {
  expect(commandAppend(command(id), signer)).toEqual({
    topic: 'commands',
    key: id,
    value: { ...command(id), signature: { keyId: 'ab'.repeat(8), mac: 'cd'.repeat(32) } },
    shard: 77,
  });
});

test('a command on text that is no id goes somewhere, always the same', () => {
  expect(commandAppend(command('nonsense'), signer).shard).toBe(shardOf('main', 'nonsense'));
});

test('parts of ids keep different texts apart and are safe wherever ids go', () => {
  expect(idPart('a:b/ü\ud800~')).toBe('a~3a~b~2f~~fc~~d800~~7e~');
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (a, b) => {
      expect(idPart(a)).toMatch(/^[A-Za-z0-9._~-]*$/);
      expect(idPart(a) === idPart(b)).toBe(a === b);
    }),
  );
});
