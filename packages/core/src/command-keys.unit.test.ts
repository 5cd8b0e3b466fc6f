import { createHash, createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CommandKeys } from './command-keys.ts';
import { decisionHoldsMs, type SignedCommand } from './command-signature.ts';
import type { Command } from './envelope.ts';

const digest = {
  sha256: (data: string | Uint8Array) => createHash('sha256').update(data).digest('hex'),
  hmacSha256: (key: Uint8Array, data: string) => createHmac('sha256', key).update(data).digest('hex'),
};
const secret = (byte: number) => new Uint8Array(32).fill(byte);
const keysOf = (...secrets: readonly Uint8Array[]) => new CommandKeys({ digest, secrets });
const keys = keysOf(secret(1));

const acceptedAt = Date.UTC(2026, 0, 1);
const command: Command = {
  type: 'signal.set_state',
  org: 'main',
  subject: 's1',
  data: { state: 'archived', expectedVersion: 2 },
  by: {
    commandId: 'c1',
    actor: { type: 'USER', id: 'ana', name: 'Ana' },
    authMethod: 'TOKEN',
    ip: '192.0.2.1',
    acceptedAt,
    permission: 'security_monitoring_signals_write',
  },
};
const codeOf = (signed: Command, at = acceptedAt, by = keys) => by.faultOf(signed, at)?.code;
const throughStorage = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

/** Every readable command that the log can hold. */
const text = fc.string({ unit: 'binary', maxLength: 12 });
const anyCommand: fc.Arbitrary<Command> = fc.record({
  type: text,
  org: text,
  subject: text,
  data: fc.dictionary(text, fc.jsonValue()),
  by: fc.record({
    commandId: text,
    actor: fc.record({ type: fc.constantFrom('USER', 'API_KEY'), id: text, name: text }),
    authMethod: fc.constant('TOKEN'),
    acceptedAt: fc.constant(acceptedAt),
    userAgent: fc.option(text, { nil: undefined }),
  }),
}) as fc.Arbitrary<Command>;

test('whatever is signed holds after storage, in any order of its members', () => {
  fc.assert(
    fc.property(anyCommand, (any) => {
      const stored = throughStorage(keys.sign(any));
      expect(codeOf(stored)).toBeUndefined();
      expect(codeOf(Object.fromEntries(Object.entries(stored).reverse()) as unknown as Command)).toBeUndefined();
    }),
  );
});

test('a signature belongs to one command only', () => {
  fc.assert(
    fc.property(anyCommand, anyCommand, (one, other) => {
      const [stored, replaced] = [throughStorage(one), throughStorage(other)];
      fc.pre(JSON.stringify(stored) !== JSON.stringify(replaced));
      const { signature } = keys.sign(stored);
      for (const part of ['type', 'org', 'subject', 'data', 'by'] as const) {
        const moved = { ...stored, [part]: replaced[part], signature };
        const same = digest.sha256(JSON.stringify(moved)) === digest.sha256(JSON.stringify({ ...stored, signature }));
        if (!same) expect(codeOf(moved)).toBe('bad_signature');
      }
    }),
  );
});

describe('refused', () => {
  const signed = keys.sign(command);
  const by = (change: object) => ({ ...signed, by: { ...signed.by, ...change } }) as Command;
  const data = (change: object) => ({ ...signed, data: { ...(signed.data as object), ...change } }) as Command;
  const bearing = (signature: unknown) => ({ ...command, signature }) as Command;
  const { mac, keyId } = signed.signature;
  test.each<[string, Command, string]>([
    ['no signature', command, 'unsigned'],
    ['an empty one', bearing(null), 'unsigned'],
    ['text', bearing('x'), 'bad_signature'],
    ['half of one', bearing({ keyId }), 'bad_signature'],
    ['numbers', bearing({ keyId: 1, mac: 2 }), 'bad_signature'],
    ['an empty code', bearing({ keyId, mac: '' }), 'bad_signature'],
    ['a shortened code', bearing({ keyId, mac: mac.slice(0, -1) }), 'bad_signature'],
    ['capitals', bearing({ keyId, mac: mac.toUpperCase() }), 'bad_signature'],
    ['a key that is not known', keysOf(secret(2)).sign(command), 'unknown_key'],
    ['a name that every object has', bearing({ keyId: 'constructor', mac }), 'unknown_key'],
    [
      'another secret under the same name',
      bearing({ keyId, mac: keysOf(secret(2)).sign(command).signature.mac }),
      'bad_signature',
    ],
    ['another actor', by({ actor: { type: 'USER', id: 'eve', name: 'Ana' } }), 'bad_signature'],
    ['another permission', by({ permission: 'everything' }), 'bad_signature'],
    ['no permission', by({ permission: undefined }), 'bad_signature'],
    ['another time', by({ acceptedAt: acceptedAt + 1 }), 'bad_signature'],
    ['another command id', by({ commandId: 'c2' }), 'bad_signature'],
    ['another address', by({ ip: '192.0.2.2' }), 'bad_signature'],
    ['another state', data({ state: 'open' }), 'bad_signature'],
    ['another expected version', data({ expectedVersion: 3 }), 'bad_signature'],
    ['one value more', data({ archiveReason: 'other' }), 'bad_signature'],
    ['another type', { ...signed, type: 'signal.update' }, 'bad_signature'],
    ['another signal', { ...signed, subject: 's2' }, 'bad_signature'],
    ['another organisation', { ...signed, org: 'other' }, 'bad_signature'],
  ])('%s', (_, changed, code) => {
    expect(keys.faultOf(changed, acceptedAt)).toMatchObject({ code, proved: false });
  });

  test.each([
    [decisionHoldsMs, undefined],
    [decisionHoldsMs + 1, 'stale_decision'],
    [-decisionHoldsMs, undefined],
    [-decisionHoldsMs - 1, 'stale_decision'],
  ])('a decision is judged by its age: %i ms', (age, code) => {
    expect(codeOf(signed, acceptedAt + age)).toBe(code);
  });

  test('who made a stale decision is proved', () => {
    expect(keys.faultOf(signed, acceptedAt + 90_000)).toEqual({
      code: 'stale_decision',
      proved: true,
      message: expect.stringContaining('accepted 90 s before it was recorded, 60 s at most'),
    });
  });
});

test('a new secret takes over while commands of the old one are unread', () => {
  const [old, both, next] = [keysOf(secret(1)), keysOf(secret(2), secret(1)), keysOf(secret(2))];
  const [before, after] = [old.sign(command), both.sign(command)];
  expect(both.keyId).toBe(next.keyId);
  expect(codeOf(before, acceptedAt, both)).toBeUndefined();
  expect(codeOf(after, acceptedAt, both)).toBeUndefined();
  expect(codeOf(after, acceptedAt, next)).toBeUndefined();
  expect(codeOf(before, acceptedAt, next)).toBe('unknown_key');
  expect(codeOf(after, acceptedAt, old)).toBe('unknown_key');
});

test('signing again replaces the signature', () => {
  const again: SignedCommand = keysOf(secret(2)).sign(keys.sign(command));
  expect(again).toEqual(keysOf(secret(2)).sign(command));
});

test('a secret is needed, and a long one', () => {
  expect(() => keysOf()).toThrow('without a secret');
  expect(() => keysOf(new Uint8Array(31))).toThrow('too short');
});

// Processes of two releases must agree: what this release makes of a secret and a command never changes.
test('the same secret and command give the same key id and code for ever', () => {
  expect(keys.sign(command).signature).toEqual({
    keyId: '6c53541754af09ff',
    mac: 'c03922c02cf3b0a493260600ba57b88b932a4b3e37c2b3f1fe802748a8dcff13',
  });
});
