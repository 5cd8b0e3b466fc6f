import { createHash, createHmac } from 'node:crypto';
import type { Digest } from '@tocsin/core';
import fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { signingKeyOf, standardHeaders } from './standard-webhook.ts';

const digest: Digest = {
  sha256: (data) => createHash('sha256').update(data).digest('hex'),
  hmacSha256: (key, data) => createHmac('sha256', key).update(data).digest('hex'),
};
const secretOf = (bytes: Uint8Array) => `whsec_${Buffer.from(bytes).toString('base64')}`;
const anySecret = fc.uint8Array({ minLength: 24, maxLength: 64 }).map(secretOf);

describe('Standard Webhooks headers', () => {
  it('match the published vector', () => {
    const headers = standardHeaders(
      {
        id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
        now: 1_614_265_330_999,
        body: '{"test": 2432232314}',
        secrets: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
      },
      digest,
    );
    expect(headers).toEqual({
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    });
  });

  it('are accepted by the reference library under each secret, and by no other', () => {
    fc.assert(
      fc.property(anySecret, anySecret, anySecret, fc.string({ unit: 'grapheme' }), (one, two, other, text) => {
        const body = JSON.stringify({ text });
        const headers = standardHeaders({ id: 'd-1', now: Date.now(), body, secrets: [one, two] }, digest);
        for (const secret of [one, two]) expect(new Webhook(secret).verify(body, headers)).toEqual({ text });
        fc.pre(other !== one && other !== two);
        expect(() => new Webhook(other).verify(body, headers)).toThrow('No matching signature');
        expect(() => new Webhook(one).verify(`${body} `, headers)).toThrow('No matching signature');
      }),
      { numRuns: 50 },
    );
  });

  it('carry no signature without a secret', () => {
    expect(standardHeaders({ id: 'd-1', now: 0, body: '{}' }, digest)).toEqual({
      'webhook-id': 'd-1',
      'webhook-timestamp': '0',
    });
  });

  it('never go out unsigned because of a bad secret', () => {
    expect(() => standardHeaders({ id: 'd-1', now: 0, body: '{}', secrets: ['hunter2'] }, digest)).toThrow('refuses');
  });

  it('take base64 of 24 to 64 bytes, with and without prefix', () => {
    const bytes = new Uint8Array(32).fill(7);
    expect(signingKeyOf(secretOf(bytes))).toEqual(bytes);
    expect(signingKeyOf(secretOf(bytes).replace('whsec_', ''))).toEqual(bytes);
    for (const size of [0, 1, 23, 65]) expect(signingKeyOf(secretOf(new Uint8Array(size)))).toBeUndefined();
    for (const text of ['', 'whsec_', 'hunter2', 'whsec_%%%%', 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS'])
      expect(signingKeyOf(text)).toBeUndefined();
  });
});
