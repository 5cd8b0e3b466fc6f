import { createHash, createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Digest } from '../digest.ts';
import { claimsOfSignal, SignalIds, shardOfSignal } from './signal-id.ts';

const digest: Digest = {
  sha256: (data) => createHash('sha256').update(data).digest('hex'),
  hmacSha256: (key, data) => createHmac('sha256', key).update(data).digest('hex'),
};
const ids = new SignalIds({ digest, secret: new Uint8Array(32).fill(7) });
const about = fc.record({
  shard: fc.integer({ min: 0, max: 0xffff }),
  createdAt: fc.integer({ min: 0, max: 2 ** 48 - 1 }),
  cause: fc.string(),
  org: fc.string({ minLength: 1, maxLength: 64 }),
});

describe('signal ids', () => {
  it('say what they were made of, to their own organisation', () => {
    fc.assert(
      fc.property(about, ({ shard, createdAt, cause, org }) => {
        const id = ids.make({ shard, createdAt, cause, org });
        expect(ids.read(org, id)).toEqual({ shard, createdAt });
        expect(claimsOfSignal(id)).toEqual({ shard, createdAt });
        expect(shardOfSignal(id)).toBe(shard);
        expect(ids.read(`${org}x`, id)).toBeUndefined();
      }),
    );
  });

  it('fit where ids go: URLs, shells, job queues', () => {
    fc.assert(
      fc.property(about, (parts) => {
        expect(ids.make(parts)).toMatch(/^[A-Za-z][A-Za-z0-9_-]{1,63}$/);
      }),
    );
  });

  it('differ with the cause alone', () => {
    fc.assert(
      fc.property(about, (parts) => {
        expect(ids.make({ ...parts, cause: `${parts.cause}.` })).not.toBe(ids.make(parts));
      }),
    );
  });

  it('are refused after any change of one character', () => {
    const character = fc.constantFrom(...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_:é ');
    fc.assert(
      fc.property(about, fc.nat({ max: 32 }), character, (parts, at, other) => {
        const id = ids.make(parts);
        fc.pre(id.charAt(at) !== other);
        expect(ids.read(parts.org, id.slice(0, at) + other + id.slice(at + 1))).toBeUndefined();
      }),
      { numRuns: 1_000 },
    );
  });

  it('are refused under another secret, cut, lengthened or made up', () => {
    const id = ids.make({ shard: 1, createdAt: 2, cause: 'c', org: 'main' });
    const others = new SignalIds({ digest, secret: new Uint8Array(32).fill(8) });
    expect(others.read('main', id)).toBeUndefined();
    for (const bad of ['', 's', id.slice(0, -1), `${id}A`, `${id}\n`, `t${id.slice(1)}`, `s${'A'.repeat(32)}`])
      expect(ids.read('main', bad)).toBeUndefined();
    expect(shardOfSignal('nonsense')).toBeUndefined();
  });

  it('refuse to be made of what does not fit', () => {
    for (const createdAt of [-1, 0.5, 2 ** 48, Number.NaN])
      expect(() => ids.make({ shard: 1, createdAt, cause: 'c', org: 'main' })).toThrow(RangeError);
  });
});
