import {
  type AuditVerification,
  ChainVerifier,
  type Fault,
  linkOf,
  readCheckpoints,
  verificationOf,
} from '@tocsin/core';
import { nodeDigest, signaturesOf } from '@tocsin/runtime';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exportOf, type Section, sampleCheckpoints, sampleSections, testSigner, textIn } from '../test/fixture.ts';
import { type Choice, flipABit, type Tampered, tamperings } from '../test/tampering.ts';
import { verifyExport } from './verify-export.ts';

const count = 30;
const sizes = [10, 20, count];
const sections = sampleSections(2, count, sizes);
const publicKey = testSigner(7).publicKey;
const outside = sections.flatMap(({ checkpoints }) => checkpoints).join('\n');
const verified = (text: string, checkpoints?: string): Promise<AuditVerification> =>
  verifyExport(bytesOf(text), { publicKey, checkpoints });

async function* bytesOf(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}
const faultOf = ({ faults }: AuditVerification, stream: string): Fault | undefined =>
  faults.find((fault) => fault.stream === stream && !fault.reason.startsWith('checkpoint_'));

describe('an untouched export', () => {
  it('verifies, with and without key and checkpoints', () =>
    fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 4 }), fc.nat(40), fc.boolean(), async (streams, records, signed) => {
        const whole = sampleSections(streams, records, records > 0 && signed ? [Math.ceil(records / 2)] : []);
        const lines = whole.flatMap(({ checkpoints }) => checkpoints);
        const found = await verified(exportOf(whole), lines.slice(1).join('\n'));
        expect(found).toMatchObject({ ok: true, records: streams * records, faults: [] });
        expect((await verifyExport(bytesOf(exportOf(whole)))).ok).toBe(true);
      }),
      { numRuns: 40 },
    ));

  it('verifies however it is cut into chunks', async () => {
    const bytes = Buffer.from(exportOf(sections));
    async function* chunks(): AsyncGenerator<Uint8Array> {
      for (let at = 0; at < bytes.length; at += 37) yield bytes.subarray(at, at + 37);
    }
    expect(await verifyExport(chunks(), { publicKey, checkpoints: outside })).toMatchObject({
      ok: true,
      records: 2 * count,
      checkpoints: 12,
      signatures: 'verified',
    });
  });
});

const { byStream } = readCheckpoints(outside.split('\n'), {
  verify: signaturesOf(publicKey),
  digest: nodeDigest,
  whole: false,
});

/** The same records where they are stored: no hash stands beside them. */
function verifiedAsStored(bad: readonly Section[]): AuditVerification {
  const streams = bad.map(({ stream, lines }) => {
    const chain = new ChainVerifier(stream, byStream.get(stream));
    for (const text of lines.map(textIn)) {
      const link = linkOf(text);
      chain.push(link && { ...link, hash: nodeDigest.sha256(text) });
    }
    return chain.finish();
  });
  return verificationOf({ streams, attested: byStream, otherFaults: [], checkpoints: 0, signatures: 'verified' });
}

function expectNamed({ stream, seq, range }: Tampered, found: AuditVerification): void {
  expect(found.ok).toBe(false);
  const fault = faultOf(found, stream);
  if (!range) expect([fault?.seq, fault]).toEqual([seq, fault]);
  if (!range) return;
  const until = fault?.until ?? fault?.seq ?? Number.NaN;
  expect(fault?.seq).toBeLessThanOrEqual(seq);
  expect(until).toBeGreaterThanOrEqual(seq);
  expect(until - (fault?.seq ?? 0)).toBeLessThan(10);
}

const anyChoice: fc.Arbitrary<Choice> = fc
  .tuple(fc.nat(1), fc.nat(count - 1), fc.nat(count - 2), fc.nat(1_000_000))
  .map(([at, k, other, n]) => ({ sections, at, k, j: other >= k ? other + 1 : other, n }));

/**
 * Against checkpoints from outside every tampering is found, and its first bad seq is named exactly, save where only the checkpoint
 * gives it away: a tail that was chained anew, and a change of the very last record whose hash was changed too. There the fault is the
 * range since the checkpoint before.
 */
describe.each(Object.entries(tamperings))('%s', (name, tamper) => {
  it('is found in an export, first bad seq named', () =>
    fc.assert(
      fc.asyncProperty(anyChoice, async (choice) => {
        const tampered = tamper(choice);
        expectNamed(tampered, await verified(exportOf(tampered.sections), outside));
      }),
      { numRuns: 40 },
    ));

  it.skipIf(name === flipABit)('is found in the log, first bad seq named', () =>
    fc.assert(
      fc.property(anyChoice, (choice) => {
        const tampered = tamper(choice);
        expectNamed(tampered, verifiedAsStored(tampered.sections));
      }),
      { numRuns: 40 },
    ),
  );
});

describe('checkpoints', () => {
  const withCheckpoints = (edit: (lines: readonly string[]) => readonly string[]): string => {
    const [first, ...rest] = sections as readonly [Section, ...Section[]];
    return exportOf([{ ...first, checkpoints: edit(first.checkpoints) }, ...rest]);
  };
  const reasons = async (text: string): Promise<readonly unknown[]> =>
    (await verified(text)).faults.map(({ seq, reason }) => [seq, reason]);

  it('are found when an old one is played again, when one is missing, and when they change places', async () => {
    expect(await reasons(withCheckpoints((lines) => [...lines, lines[0] as string]))).toEqual([
      [9, 'checkpoint_chain'],
    ]);
    expect(await reasons(withCheckpoints((lines) => lines.toSpliced(1, 1)))).toEqual([[29, 'checkpoint_chain']]);
    expect(await reasons(withCheckpoints((lines) => lines.toReversed()))).not.toEqual([]);
  });

  it('may be repeated by a writer that did not know', async () => {
    expect(await reasons(withCheckpoints((lines) => lines.flatMap((line) => [line, line])))).toEqual([]);
  });

  it('attest nothing when a stranger signed them', async () => {
    const [first] = sections as readonly [Section];
    const signed = sampleCheckpoints(first.lines.map(textIn), { stream: first.stream, sizes, signer: testSigner(8) });
    expect(await reasons(withCheckpoints(() => signed))).toEqual(
      sizes.map((size) => [size - 1, 'checkpoint_signature']),
    );
    const renamed = signed.map((line) => line.replace(testSigner(8).keyId, testSigner(7).keyId));
    expect(await reasons(withCheckpoints(() => renamed))).toEqual(
      sizes.map((size) => [size - 1, 'checkpoint_signature']),
    );
  });

  it('show any flipped bit', () =>
    fc.assert(
      fc.asyncProperty(fc.nat(2), fc.nat(), fc.nat(6), async (which, place, bit) => {
        const text = withCheckpoints((lines) => {
          const bytes = Buffer.from(lines[which] as string);
          bytes.writeUInt8((bytes[place % bytes.length] ?? 0) ^ (1 << bit), place % bytes.length);
          return lines.with(which, bytes.toString('latin1'));
        });
        expect((await verified(text)).ok).toBe(false);
      }),
      { numRuns: 100 },
    ));
});

describe('the frame of an export', () => {
  it('shows when it was cut short, extended or damaged', () =>
    fc.assert(
      fc.asyncProperty(fc.nat(), async (place) => {
        const text = exportOf(sections);
        const cut = text.slice(0, place % (text.length - 1));
        expect((await verified(cut)).ok).toBe(false);
      }),
      { numRuns: 40 },
    ));

  it.each([
    ['another first line', (text: string) => text.replace('"version":1', '"version":2')],
    ['a line after the end', (text: string) => `${text}{}\n`],
    ['other counts', (text: string) => text.replace('"records":60', '"records":61')],
    ['other line breaks', (text: string) => text.replaceAll('\n', '\r\n')],
    ['an empty line', (text: string) => text.replace('\n{"hash"', '\n\n{"hash"')],
    ['a stream twice', (text: string) => text.replace('{"stream":"audit-1"}', '{"stream":"audit-0"}')],
    ['nothing', () => ''],
    ['something else', () => 'hello\nworld\n'],
  ])('shows %s', async (_, damage) => {
    expect((await verified(damage(exportOf(sections)))).ok).toBe(false);
  });
});

it('verifies fast enough to be run often (printed, not asserted)', async () => {
  const large = exportOf(sampleSections(1, 20_000, []));
  const start = performance.now();
  const { ok, records } = await verified(large);
  const seconds = (performance.now() - start) / 1000;
  expect([ok, records]).toEqual([true, 20_000]);
  console.log(
    `verified ${Math.round(records / seconds)} records/s (${Math.round(large.length / records)} characters each)`,
  );
});
