import {
  type AuditRecord,
  auditedTopics,
  canonical,
  eventDefinitionOf,
  eventDefinitions,
  eventOfRecord,
  type Entry,
  type Event,
  fold,
  genesisHash,
  type Json,
  linkOf,
  parseAuditRecord,
  type Recorded,
  type TopicName,
  topicShape,
} from '@tocsin/core';
import { nodeDigest } from '@tocsin/runtime';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { auditProcessor, repeatsWithinMs } from './audit-processor.ts';

const at = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
const processor = auditProcessor({ digest: nodeDigest, deadLetters: ['signals.dead'] });
const by = {
  commandId: 'c-1',
  actor: { type: 'USER', id: 'u-1', name: 'Ada', email: 'ada@example.org' },
  authMethod: 'TOKEN',
  ip: '192.0.2.7',
  userAgent: 'test/1',
  requestId: 'r-1',
  acceptedAt: at - 5,
  permission: 'security_monitoring_signals_write',
} as const;

const recordedOf = (topic: TopicName, value: unknown, offset = 0, recordedAt = at): Recorded => ({
  topic,
  partition: 0,
  offset,
  key: 'k',
  value,
  recordedAt,
  ...(topicShape(topic).writers === 'one' && { seq: offset }),
});
const texts = (records: readonly Recorded[]): readonly string[] => {
  const entries: Entry[] = records.map((record) => ({ kind: 'record', record }));
  return fold([processor], 0, entries).out.map(({ value }) => value as string);
};
const recordOf = (topic: TopicName, event: Event): AuditRecord =>
  parseAuditRecord(texts([recordedOf(topic, event)])[0] as string);

const before = { state: 'open', version: 3, archiveReason: 'none', incidentIds: [] };
const stateChanged: Event = {
  type: 'signal.state_changed',
  v: 1,
  id: 's-1-t4',
  org: 'main',
  subject: 's-1',
  at,
  data: { before, after: { ...before, state: 'under_review', version: 4 }, configVersion: 12 },
  by,
  cause: { topic: 'commands', partition: 0, offset: 9 },
};

describe('the audit record', () => {
  it('has the documented shape for what a person does', () => {
    expect(recordOf('triage-events', stateChanged)).toEqual({
      id: 'audit-0-0',
      type: 'audit',
      stream: 'audit-0',
      seq: 0,
      prev_hash: genesisHash,
      attributes: {
        timestamp: '2026-01-02T03:04:05.678Z',
        message: 'State open → under_review',
        service: 'triage',
        tags: ['source:audit'],
        attributes: {
          evt: { name: 'Cloud Security Platform', actor: { type: 'USER' } },
          action: 'modified',
          asset: {
            type: 'security_signal',
            id: 's-1',
            prev_value: before,
            new_value: { ...before, state: 'under_review', version: 4 },
          },
          usr: { id: 'u-1', uuid: 'u-1', email: 'ada@example.org', name: 'Ada' },
          org: { uuid: 'main' },
          status: 'info',
          auth_method: 'TOKEN',
          http: { useragent: 'test/1', request_id: 'r-1' },
          network: { client: { ip: '192.0.2.7' } },
          metadata: {
            command_id: 'c-1',
            accepted_at: at - 5,
            permission: 'security_monitoring_signals_write',
          },
        },
      },
      event: { type: 'signal.state_changed', v: 1, id: 's-1-t4', data: stateChanged.data },
      source: { topic: 'triage-events', partition: 0, seq: 0, recorded_at: '2026-01-02T03:04:05.678Z' },
      cause: { topic: 'commands', partition: 0, offset: 9 },
      decided: { config_version: 12, signal_version: 3 },
    });
  });

  it('names the service where no person acted, and the origin of a refused request', () => {
    const data = {
      method: 'GET',
      path: '/x',
      reason: 'no token',
      ip: '192.0.2.9',
      userAgent: 'curl',
      requestId: 'r',
      count: 2,
    };
    const refused = { type: 'access.refused', v: 1, id: 'a', org: 'main', subject: '192.0.2.9', at, data };
    const { attributes } = recordOf('activity', refused).attributes;
    expect(attributes).toMatchObject({
      status: 'warn',
      auth_method: 'SYSTEM',
      evt: { actor: { type: 'SYSTEM' } },
      usr: { id: 'api', name: 'api' },
      network: { client: { ip: '192.0.2.9' } },
      http: { useragent: 'curl', request_id: 'r' },
    });
    const started = {
      ...refused,
      type: 'service.started',
      data: { service: 'notifier', instance: 'i', version: '1', pid: 1 },
    };
    expect(recordOf('activity', started).attributes.attributes.usr).toEqual({ id: 'notifier', name: 'notifier' });
  });

  it('is whole for a type or a shape that nobody here knows', () => {
    const stranger = { ...stateChanged, type: 'from.tomorrow', data: { a: 1 } };
    const newer = { ...stateChanged, v: 99 };
    const odd = { ...stateChanged, data: { before: 7 } };
    for (const event of [stranger, newer, odd]) {
      const record = recordOf('triage-events', event);
      expect(record.event).toEqual({ type: event.type, v: event.v, id: event.id, data: event.data });
      expect(record.attributes.tags).toContain('undescribed');
      expect(record.attributes.attributes.usr.id).toBe('u-1');
    }
  });

  it('leaves out what the definition does not keep', () => {
    const data = { processor: 'signals', reason: 'r', topic: 'x', partition: 0, offset: 1, key: 'k', value: 'secret' };
    const record = recordOf('signals.dead', {
      type: 'record.dead',
      v: 1,
      id: 'd',
      org: 'main',
      subject: 'd',
      at,
      data,
    });
    expect(record.attributes.service).toBe('signals');
    expect(canonical(record as unknown as Json)).not.toContain('secret');
  });

  it('gives the event back', () =>
    fc.assert(
      fc.property(anyEvent, ({ topic, event }) => {
        const kept = eventDefinitionOf(event.type)?.audit.keep;
        const record = recordOf(topic, event);
        if (!record.attributes.tags.includes('undescribed') && kept) return;
        expect(eventOfRecord(record)).toEqual(JSON.parse(JSON.stringify(event)));
      }),
    ));
});

describe('the audit processor', () => {
  it('reads every audited topic and stops at what is no event', () => {
    expect(processor.inputs.map(({ topic }) => topic)).toEqual([...auditedTopics, 'signals.dead']);
    for (const value of [null, 7, {}, { ...stateChanged, at: Number.NaN }, { ...stateChanged, subject: undefined }])
      expect(() => texts([recordedOf('signals', value)])).toThrow('not an event');
  });

  it('appends exactly one record for each event, gapless and chained, in canonical form', () =>
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 40 }), (events) => {
        const records = events.map(({ topic, event }, offset) =>
          recordedOf(topic, { ...event, id: `${event.id}-${offset}` }, offset),
        );
        const written = texts(records);
        let prevHash = genesisHash;
        written.forEach((text, seq) => {
          expect(linkOf(text)).toEqual({ stream: 'audit-0', seq, prevHash });
          expect(canonical(JSON.parse(text) as Json)).toBe(text);
          prevHash = nodeDigest.sha256(text);
        });
        const sources = written.map((text) => parseAuditRecord(text).source);
        expect(sources.map(({ seq, offset }) => seq ?? offset)).toEqual(records.map(({ offset }) => offset));
      }),
    ));

  it('records a producer’s repetition once, and forgets it after a while', () => {
    const event = { ...stateChanged, type: 'service.started', subject: 'api' };
    const repeated = [0, 1, repeatsWithinMs - 1, repeatsWithinMs + 5].map((ms, offset) =>
      recordedOf('activity', event, offset, at + ms),
    );
    expect(texts(repeated)).toHaveLength(2);
    expect(texts(repeated.map((record) => ({ ...record, topic: 'signals', seq: record.offset })))).toHaveLength(4);
    const { states } = fold([processor], 0, [
      { kind: 'record', record: recordedOf('activity', event) },
      { kind: 'idle', until: at + repeatsWithinMs },
    ]);
    expect([...(states.get('audit')?.keys() ?? [])]).toEqual(['chain']);
  });

  it('describes every event type of the registry without failing on an empty shape', () => {
    for (const { type, topic } of eventDefinitions) {
      const target: TopicName = topic === 'dead-letters' ? 'signals.dead' : topic;
      expect(recordOf(target, { type, v: 1, id: 'x', org: 'main', subject: 's', at, data: {} }).event.type).toBe(type);
    }
  });
});

const topicsOfEvents: readonly TopicName[] = ['signals', 'triage-events', 'attempts', 'activity', 'config'];
const anyEvent: fc.Arbitrary<{ topic: TopicName; event: Event }> = fc
  .record({
    topic: fc.constantFrom(...topicsOfEvents),
    event: fc.record({
      type: fc.constantFrom(...eventDefinitions.map(({ type }) => type), 'unheard.of'),
      v: fc.constant(1),
      id: fc.string({ minLength: 1 }),
      org: fc.constant('main'),
      subject: fc.string({ unit: 'binary' }),
      at: fc.integer({ min: 0, max: at }),
      data: fc.oneof(
        fc.constant(stateChanged.data),
        fc.dictionary(fc.string(), fc.jsonValue()),
      ) as fc.Arbitrary<unknown>,
    }),
    by: fc.boolean(),
  })
  .map(({ topic, event, by: withActor }) => ({ topic, event: withActor ? { ...event, by } : event }));
