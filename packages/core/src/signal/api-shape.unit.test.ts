import { describe, expect, it } from 'vitest';
import { signalResource, type SignalToShow } from './api-shape.ts';
import { untriaged } from './triage.ts';

const signal: SignalToShow = {
  id: 's1',
  org: 'main',
  revision: 3,
  createdAt: Date.UTC(2026, 0, 2, 3, 4, 5, 6),
  firstSeen: Date.UTC(2026, 0, 2, 3, 0, 0),
  lastSeen: Date.UTC(2026, 0, 2, 3, 10, 0),
  count: 7,
  format: 'falco',
  source: 'falco',
  ruleType: 'workload_security',
  rule: { id: 'shell', name: 'Shell in container', version: '2', tags: ['mitre'] },
  severity: 'high',
  title: 'Shell in container',
  message: 'A shell was spawned',
  groupBy: [{ path: 'host', value: 'web-1' }],
  entities: ['host:web-1', '@usr.name:root'],
  tags: ['env:prod', 'service:shop'],
  attributes: { usr: { name: 'root' }, title: 'forged', workflow: { triage: { state: 'archived' } } },
  flags: ['time_clamped'],
  sourceStatus: 'active',
  late: true,
  windows: { keepAlive: 1, maxDuration: 2 },
  samples: [{ detectionId: 'd1', occurredAt: Date.UTC(2026, 0, 2, 3, 0, 0), raw: '{"rule":"x"}' }],
  configVersion: 1,
  triage: untriaged,
};

describe('signalResource', () => {
  it('shows the documented envelope and attributes', () => {
    const { id, type, attributes } = signalResource(signal);
    expect({ id, type }).toEqual({ id: 's1', type: 'signal' });
    expect(attributes).toMatchObject({
      message: 'A shell was spawned',
      tags: ['env:prod', 'service:shop'],
      timestamp: '2026-01-02T03:04:05.006Z',
      custom: {
        status: 'high',
        severity: 3,
        title: 'Shell in container',
        host: 'web-1',
        service: ['shop'],
        source: 'falco',
        entities: ['host:web-1', '@usr.name:root'],
        groupByPaths: ['host'],
        flags: ['time_clamped', 'late'],
        usr: { name: 'root' },
        samples: [{ eventId: 'd1', content: { timestamp: '2026-01-02T03:00:00.000Z', message: '{"rule":"x"}' } }],
        workflow: {
          first_seen: '2026-01-02T03:00:00.000Z',
          last_seen: '2026-01-02T03:10:00.000Z',
          events_matched: 7,
          rule: { id: 'shell', name: 'Shell in container', type: 'Workload Security', version: '2' },
        },
      },
    });
  });

  it('lets no attribute of the source forge what Tocsin says', () => {
    const { custom } = signalResource(signal).attributes;
    expect(custom.title).toBe('Shell in container');
    expect(custom.workflow).toMatchObject({
      triage: { state: 'open', version: 0, archiveReason: 'none', incidentIds: [], assignee: { uuid: '' } },
    });
  });

  it('shows triage in camel case', () => {
    const user = { uuid: 'u1', handle: 'a@b', name: 'Ann' };
    const triage = {
      state: 'archived',
      version: 4,
      stateAt: 5,
      stateBy: user,
      archiveReason: 'false_positive',
      archiveComment: 'noise',
      archiveCommentAt: 5,
      archiveCommentBy: user,
      assignee: user,
      incidentIds: [7],
    } as const;
    const { custom } = signalResource({ ...signal, triage, closed: true }).attributes;
    expect(custom.workflow).toMatchObject({
      closed: true,
      triage: {
        state: 'archived',
        version: 4,
        assignee: user,
        incidentIds: [7],
        archiveReason: 'false_positive',
        archiveComment: 'noise',
        archiveCommentTimestamp: 5,
        archiveCommentUser: user,
        stateUpdateTimestamp: 5,
        stateUpdateUser: user,
      },
    });
  });

  it('is plain JSON, odd attribute names included', () => {
    const attributes = JSON.parse('{"__proto__":{"polluted":true},"constructor":1}') as SignalToShow['attributes'];
    const shown = signalResource({ ...signal, attributes });
    expect(JSON.parse(JSON.stringify(shown))).toEqual(shown);
    expect(Object.hasOwn(shown.attributes.custom, '__proto__')).toBe(true);
    expect((shown.attributes.custom as { polluted?: unknown }).polluted).toBeUndefined();
  });
});
