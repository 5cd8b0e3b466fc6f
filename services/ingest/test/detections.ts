import {
  configCreated,
  type Detection,
  type Entry,
  groupedDetection,
  type Instant,
  type Json,
  type Recorded,
  type Settings,
  type SignalRuleObject,
} from '@tocsin/core';

export const epoch: Instant = Date.UTC(2026, 0, 1);

export const detectionOf = (about: Partial<Detection> & Pick<Detection, 'id' | 'occurredAt'>): Detection => ({
  org: 'main',
  format: 'falco',
  source: 'falco',
  ruleType: 'workload_security',
  rule: { id: 'shell-in-container', name: 'Shell in container', tags: ['team:infra'] },
  severity: 'medium',
  title: 'Shell in container',
  message: 'A shell was started in a container',
  groupBy: [{ path: 'host', value: 'web-1' }],
  entities: ['host:web-1'],
  tags: ['source:falco', 'team:infra'],
  attributes: { host: 'web-1', usr: { name: 'root' } },
  flags: [],
  sourceStatus: 'active',
  receivedAt: about.occurredAt,
  raw: '{"output":"shell"}',
  ...about,
});

/** Detections as the log holds them, each with its log time. */
export function recordsOf(arrivals: readonly (readonly [Instant, Detection])[]): readonly Recorded[] {
  return arrivals.map(([recordedAt, detection], offset) => {
    const { shard, ...draft } = groupedDetection(detection);
    return { ...draft, partition: 0, offset, recordedAt };
  });
}

export const entriesOf = (records: readonly Recorded[]): readonly Entry[] =>
  records.map((record) => ({ kind: 'record', record }));

interface Setup {
  readonly rules?: readonly (Partial<SignalRuleObject> & { readonly rule_id: string })[];
  readonly settings?: Partial<Settings>;
}

/** Configuration as the control service would have recorded it. */
export function configured({ rules = [], settings }: Setup): readonly Recorded[] {
  const objects = rules.map((rule, index) => ({
    kind: 'signal_rule' as const,
    id: `rule-${index}`,
    value: { evaluation: 0, keep_alive: 3_600_000, max_duration: 86_400_000, ...rule },
  }));
  const all = [
    ...objects,
    ...(settings ? [{ kind: 'settings' as const, id: 'settings', value: { ...defaults, ...settings } }] : []),
  ];
  return all.map(({ kind, id, value }, seq) => ({
    topic: 'config',
    partition: 0,
    offset: seq,
    seq,
    key: id,
    recordedAt: epoch - 1,
    value: configCreated.make({
      ...{ id: `${id}-1`, org: 'main', subject: id, at: epoch - 1 },
      data: { kind, id, name: id, version: 1, value: value as unknown as Json, previous: null },
    }),
  }));
}

const defaults: Settings = {
  lifecycle: 'documented',
  lock: 'all',
  deduplicate_for: 3_600_000,
  allowed_lateness: 3_600_000,
};
