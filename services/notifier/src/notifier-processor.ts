import {
  configTable,
  type DeliveryAttempted,
  entryWakeAt,
  type Event,
  firstLeaseMs,
  jsonCodec,
  noteAttempt,
  noteClosed,
  nothing,
  type NotifierEntry,
  type NotifierMoment,
  type NotifierPolicy,
  type NotifierStep,
  notifyEscalated,
  notifyOpened,
  notifyTriaged,
  type Processor,
  type Recorded,
  type SignalEscalated,
  type SinkTypes,
  type Snapshots,
  type SignalOpened,
  type SignalStateChanged,
  type StateKey,
  type Step,
  wakeEntry,
} from '@tocsin/core';

export interface NotifierOptions {
  /** Absolute URL of the pages; links to signals begin with it. */
  readonly linkBase: string;
  readonly sinkTypes: SinkTypes;
  /** Milliseconds that a worker has for the first lease of an attempt. */
  readonly leaseMs?: number;
}

/** Whose outcome may change what the notifier keeps or says; all other events pass without a look at the state. */
const heard: ReadonlySet<string> = new Set([
  'signal.opened',
  'signal.escalated',
  'signal.closed',
  'signal.state_changed',
  'signal.triage_updated',
  'delivery.attempted',
]);

/**
 * Decides who hears of a signal and owns every delivery until it has arrived, was refused, or was given up. Its instructions
 * go to `deliveries`; workers carry them out and report to `attempts`. One entry a signal, only while it is needed.
 */
export function notifierProcessor(options: NotifierOptions): Processor<NotifierEntry> {
  const policy: NotifierPolicy = {
    linkBase: options.linkBase.replace(/\/+$/, ''),
    leaseMs: options.leaseMs ?? firstLeaseMs,
    sinkTypes: options.sinkTypes,
  };
  return {
    id: 'notifier',
    inputs: [
      { topic: 'signals', onBad: 'stop' },
      { topic: 'triage-events', onBad: 'stop' },
      { topic: 'attempts', onBad: 'stop' },
    ],
    outputs: ['deliveries'],
    tables: [configTable],
    state: jsonCodec(1),
    keys: (record) => {
      const { type, subject } = record.value as Event;
      return heard.has(type) ? [subject] : [];
    },
    step: (states, record, { now, tables }) => {
      const event = record.value as Event;
      const moment = momentOf({ now, tables, policy, record });
      return stepOf(event.subject, decide(event, states.get(event.subject), moment));
    },
    wakeAt: entryWakeAt,
    wake: (key, entry, { now, tables }) => stepOf(key, wakeEntry(key, entry, momentOf({ now, tables, policy }))),
  };
}

/** Undefined: nothing changes. */
function decide(event: Event, entry: NotifierEntry | undefined, moment: NotifierMoment): NotifierStep | undefined {
  if (event.type === 'signal.opened') return notifyOpened((event as SignalOpened).data, moment);
  if (event.type === 'signal.escalated') return notifyEscalated(entry, (event as SignalEscalated).data, moment);
  if (!entry) return undefined;
  const { subject: signalId } = event;
  switch (event.type) {
    case 'signal.closed':
      return noteClosed(signalId, entry, moment);
    case 'signal.state_changed':
    case 'signal.triage_updated':
      return notifyTriaged(entry, triagedBy(event as SignalStateChanged), moment);
    case 'delivery.attempted':
      return noteAttempt(signalId, entry, (event as DeliveryAttempted).data, moment);
    default:
      return undefined;
  }
}

const triagedBy = ({ subject, data, by }: SignalStateChanged) => ({
  signalId: subject,
  change: data,
  by: by?.actor.name,
});

const stepOf = (key: StateKey, decided: NotifierStep | undefined): Step<NotifierEntry> =>
  decided ? { puts: new Map([[key, decided.entry]]), out: decided.drafts } : nothing;

function momentOf(about: {
  readonly now: number;
  readonly tables: Snapshots;
  readonly policy: NotifierPolicy;
  readonly record?: Recorded;
}): NotifierMoment {
  const { version, value } = about.tables.get(configTable);
  const { record } = about;
  const cause = record && { topic: record.topic, partition: record.partition, offset: record.offset };
  return { policy: about.policy, configuration: value, configVersion: version, now: about.now, cause };
}
