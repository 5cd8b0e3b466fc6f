import { createPrivateKey } from 'node:crypto';
import {
  type Actor,
  auditStreamOf,
  checkpointLine,
  checkpointText,
  type Entry,
  type Event,
  exportEnd,
  exportHeader,
  exportRecord,
  exportSection,
  fold,
  type TopicName,
  topicShape,
} from '@tocsin/core';
import { nodeDigest } from '@tocsin/runtime';
import { type AuditSigner, signerOf } from '../src/audit-keys.ts';
import { auditProcessor } from '../src/audit-processor.ts';

export const began = Date.UTC(2026, 0, 2, 3, 4, 5, 678);

/** A fixed Ed25519 key: 32 equal bytes behind the PKCS #8 head. For tests and published vectors only. */
export const testSigner = (byte: number): AuditSigner =>
  signerOf(
    createPrivateKey({
      key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), Buffer.alloc(32, byte)]),
      format: 'der',
      type: 'pkcs8',
    }),
  );

const ada: Actor = { type: 'USER', id: '3f0c2d1e-0000-4000-8000-000000000001', name: 'Ada', email: 'ada@example.org' };
const block = (version: number, state: string) => ({ state, version, archiveReason: 'none', incidentIds: [] });

/** The `n`-th event of a partition: what the pipeline and people do to a few signals. */
export function sampleEvent(partition: number, n: number): { readonly topic: TopicName; readonly event: Event } {
  const subject = `signal-${partition}-${n % 5}`;
  const about = { v: 1, id: `event-${partition}-${n}`, org: 'main', subject, at: began + n * 1_000 };
  const by = { commandId: `c-${n}`, actor: ada, authMethod: 'TOKEN', ip: '192.0.2.7', acceptedAt: about.at } as const;
  const changed = { before: block(n, 'open'), after: block(n + 1, 'under_review'), configVersion: 3 };
  const samples = [
    {
      topic: 'signals',
      event: {
        ...about,
        type: 'signal.updated',
        data: {
          revision: n,
          firstSeen: 1,
          lastSeen: n,
          count: n,
          sourceStatus: 'active',
          newEntities: ['host:wéb-1 😀'],
          newTags: [],
          newSamples: [],
        },
      },
    },
    { topic: 'triage-events', event: { ...about, type: 'signal.state_changed', data: changed, by } },
    {
      topic: 'triage-events',
      event: {
        ...about,
        type: 'signal.commented',
        data: { commentId: `k-${n}`, text: 'Looks "odd" \\ \n\u0007 €', configVersion: 3 },
        by,
      },
    },
    {
      topic: 'activity',
      event: { ...about, type: 'service.started', data: { service: 'api', instance: 'a', version: '1', pid: n } },
    },
  ] as const;
  return samples[n % samples.length] as { topic: TopicName; event: Event };
}

/** The audit log of one partition after `count` events. */
export function sampleTexts(partition: number, count: number): readonly string[] {
  const entries: Entry[] = Array.from({ length: count }, (_, n) => {
    const { topic, event } = sampleEvent(partition, n);
    const place = { partition, offset: n, ...(topicShape(topic).writers === 'one' && { seq: n }) };
    return { kind: 'record', record: { topic, key: event.subject, value: event, recordedAt: event.at, ...place } };
  });
  const { out } = fold([auditProcessor({ digest: nodeDigest })], partition, entries);
  return out.map(({ value }) => value as string);
}

/** Checkpoints of a stream at the given sizes. */
export function sampleCheckpoints(
  texts: readonly string[],
  {
    stream,
    sizes,
    signer,
  }: { readonly stream: string; readonly sizes: readonly number[]; readonly signer: AuditSigner },
): readonly string[] {
  let previous: string | undefined;
  return sizes.map((size) => {
    const text = checkpointText({
      stream,
      size,
      lastHash: nodeDigest.sha256(texts[size - 1] ?? ''),
      previous,
      time: began + size * 1_000,
      keyId: signer.keyId,
      digest: nodeDigest,
    });
    previous = text;
    return checkpointLine(text, signer.sign(text));
  });
}

/** A stream of an export, taken apart so that a test can tamper with it. */
export interface Section {
  readonly stream: string;
  readonly checkpoints: readonly string[];
  readonly lines: readonly string[];
}

export const recordLine = (text: string): string => exportRecord(nodeDigest.sha256(text), text);
export const textIn = (line: string): string => line.slice(84, -1);

export function sampleSections(streams: number, count: number, sizes: readonly number[]): readonly Section[] {
  const signer = testSigner(7);
  return Array.from({ length: streams }, (_, partition) => {
    const stream = auditStreamOf(partition);
    const texts = sampleTexts(partition, count);
    return { stream, lines: texts.map(recordLine), checkpoints: sampleCheckpoints(texts, { stream, sizes, signer }) };
  });
}

/** The counts of the end are those of what is there: whoever tampers would see to that. */
export function exportOf(sections: readonly Section[]): string {
  const records = sections.reduce((sum, { lines }) => sum + lines.length, 0);
  const body = sections.flatMap(({ stream, checkpoints, lines }) => [exportSection(stream), ...checkpoints, ...lines]);
  return [exportHeader, ...body, exportEnd(sections.length, records), ''].join('\n');
}
