import {
  type Append,
  claimsOfSignal,
  type Command,
  commandAppend,
  configAppend,
  type Detection,
  deliveryAttempted,
  type DeliveryRequested,
  detectionRejected,
  type Event,
  type JsonObject,
  type Origin,
  type Recorded,
  type Severity,
  severities,
  shardOf,
  type SignalOpened,
  type SinkTypes,
} from '@tocsin/core';
import { type Moment, testCommandKeys as signer } from '@tocsin/conformance';

/** Sources, people and sinks of a simulated installation: everything that they do is drawn from the seed. */

const user = { uuid: '7d444840-9dc0-41f1-95a1-b8d44d2b3a11', handle: 'ana@example.com', name: 'Ana' };

export const sinkTypes: SinkTypes = (type) =>
  ({ webhook: { followUps: ['state_changed', 'escalated'] as const } })[type];

/** What comes from outside in one turn. */
export function inputs(moment: Moment): readonly Append[] {
  const { random, turn } = moment;
  return [
    ...(turn === 0 ? configuration(moment) : []),
    ...(random.chance(0.1) ? [changedRule(moment)] : []),
    ...Array.from({ length: random.below(12) }, () => detection(moment)),
    ...(random.chance(0.2) ? [rejected(moment)] : []),
    ...commands(moment),
  ];
}

const by = ({ random, now }: Moment, commandId = `c-${random.below(1e9)}`): Origin => ({
  commandId,
  actor: { type: 'USER', id: user.uuid, name: user.name },
  authMethod: 'TOKEN',
  acceptedAt: now,
});

const put = (
  moment: Moment,
  kind: 'sink' | 'notification_rule' | 'signal_rule' | 'user',
  id: string,
  value: JsonObject,
): Append => configAppend({ type: 'config.put', data: { kind, id, value } }, { by: by(moment), signer });

const configuration = (moment: Moment): readonly Append[] => [
  put(moment, 'user', user.uuid, user),
  put(moment, 'sink', 'hook', { handle: 'hook', type: 'webhook', config: {} }),
  put(moment, 'notification_rule', 'loud', {
    id: 'loud',
    name: 'Loud',
    selectors: { severities: ['high', 'critical'] },
    targets: ['@hook'],
    notify_on: ['opened', 'escalated'],
  }),
  put(moment, 'signal_rule', 'short', { id: 'short', rule_id: 'rule-1', keep_alive: '1m', max_duration: '5m' }),
];

/** Configuration changes while everything runs: every task must see it in order. */
const changedRule = (moment: Moment): Append =>
  put(moment, 'signal_rule', 'short', {
    id: 'short',
    rule_id: 'rule-1',
    keep_alive: moment.random.pick(['0s', '1m', '5m']),
    max_duration: '1h',
  });

/** Often one that was sent before: sources repeat themselves. */
function detection(moment: Moment): Append {
  const { random, now, committed } = moment;
  const before = committed.filter(({ topic }) => topic === 'grouped-detections');
  const again = before.length > 0 && random.chance(0.15) ? (random.pick(before).value as Detection) : undefined;
  const value = again ?? fresh(moment);
  return {
    topic: 'grouped-detections',
    key: value.rule.id,
    value,
    shard: shardOf(value.org, value.rule.id),
    occurredAt: Math.min(value.occurredAt, now + 60_000),
  };
}

function fresh({ random, now }: Moment): Detection {
  const rule = `rule-${random.below(6)}`;
  const host = `host-${random.below(3)}`;
  return {
    id: `d-${random.below(1e9)}`,
    org: 'main',
    format: 'falco',
    source: 'falco',
    ruleType: 'workload_security',
    rule: { id: rule, name: rule, tags: [] },
    severity: random.pick<Severity>(severities),
    title: rule,
    message: '',
    groupBy: [{ path: 'host', value: host }],
    entities: [`host:${host}`],
    tags: [`env:${random.pick(['prod', 'test'])}`],
    attributes: { host },
    flags: [],
    sourceStatus: 'active',
    occurredAt: now - random.pick([0, 500, 90_000, 7_200_000]),
    receivedAt: now,
    raw: '{}',
  };
}

function rejected(moment: Moment): Append {
  const id = `x-${moment.random.below(1e9)}`;
  const data = { format: 'falco', code: 'invalid_json', message: 'truncated', line: 1, bytes: 'ew==' } as const;
  const value = detectionRejected.make({ id, org: 'main', subject: id, at: moment.now, data });
  return { topic: 'intake.dead', key: id, value, shard: moment.random.below(0x10000) };
}

function commands(moment: Moment): readonly Append[] {
  const { random, committed } = moment;
  const opened = committed.filter(
    ({ topic, value }) => topic === 'signals' && (value as Event).type === 'signal.opened',
  );
  const sent = committed.filter(({ topic }) => topic === 'commands');
  return Array.from({ length: random.below(4) }, () => {
    if (sent.length > 0 && random.chance(0.15)) return again(random.pick(sent).value as Command, moment);
    const signal =
      opened.length > 0 && random.chance(0.9) ? (random.pick(opened).value as SignalOpened).subject : 'forged';
    return commandAppend({ ...asked(moment), org: 'main', subject: signal, by: by(moment) }, signer);
  });
}

/** A client that got no answer asks again; now and then the record itself comes again, or one that somebody has touched or moved. */
function again(command: Command, { random, now }: Moment): Append {
  const accepted = commandAppend({ ...command, by: { ...command.by, acceptedAt: now } }, signer);
  const touched = { ...accepted, value: { ...accepted.value, data: { state: 'archived' } } };
  const moved = { ...accepted, shard: accepted.shard + 1 };
  return random.pick([accepted, accepted, { ...accepted, value: command }, touched, moved]);
}

function asked({ random }: Moment): Pick<Command, 'type' | 'data'> {
  const expected = random.chance(0.3) ? { expectedVersion: random.below(4) } : {};
  return random.pick<Pick<Command, 'type' | 'data'>>([
    { type: 'signal.set_state', data: { state: random.pick(['open', 'under_review', 'archived']), ...expected } },
    { type: 'signal.assign', data: { assignee: random.pick(['me', user.uuid, 'nobody-known']), ...expected } },
    { type: 'signal.comment', data: { text: 'seen' } },
    { type: 'signal.nonsense', data: {} },
  ]);
}

/** A worker and its sink: mostly it works; sometimes it asks for time, refuses, says nothing, or reports twice. */
export function respond({ value }: Recorded, { random, now }: Moment): readonly Append[] {
  const { type, subject, data } = value as DeliveryRequested;
  if (type !== 'delivery.requested' || random.chance(0.1)) return [];
  const { deliveryId, signalId, sink, attempt, lease } = data;
  const verdict = random.pick(['delivered', 'delivered', 'delivered', 'retry', 'rejected'] as const);
  const told = { deliveryId, signalId, sink, attempt, lease, verdict, startedAt: now, tookMs: 3 };
  const event = deliveryAttempted.make({
    id: `${deliveryId}-${attempt}-${lease}`,
    org: 'main',
    subject,
    at: now,
    data: told,
  });
  const report: Append = { topic: 'attempts', key: subject, value: event, shard: claimsOfSignal(signalId)?.shard ?? 0 };
  return random.chance(0.15) ? [report, report] : [report];
}
