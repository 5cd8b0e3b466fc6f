import {
  absorb,
  type Arrival,
  configTable,
  type Context,
  type Detection,
  type Digest,
  type Draft,
  emptyLedger,
  entered,
  groupingOf,
  groupKeyOf,
  type Moment,
  type Processor,
  type Recorded,
  settingsOf,
  settle,
  settleAt,
  type SignalEvent,
  type SignalIds,
  type StateKey,
  type Step,
} from '@tocsin/core';
import { isGroup, isLedger, ledgerKey, type SignalsEntry, seenKey, signalsCodec } from './signals-state.ts';

type States = ReadonlyMap<StateKey, SignalsEntry>;

export interface SignalsPorts {
  readonly digest: Digest;
  readonly ids: SignalIds;
}

/** Groups detections into signals. Each detection read is entered in the ledger: in exactly one signal, or as a duplicate. */
export const signalsProcessor = (ports: SignalsPorts): Processor<SignalsEntry> => ({
  id: 'signals',
  inputs: [{ topic: 'grouped-detections', onBad: 'stop' }],
  outputs: ['signals'],
  tables: [configTable],
  state: signalsCodec,
  keys({ value }, tables) {
    const detection = value as Detection;
    const { groupBy } = groupingOf(tables.get(configTable).value, detection);
    return [groupKeyOf(ports.digest, detection, groupBy), seenKey(detection.id), ledgerKey];
  },
  step(states, record, context) {
    const entry = states.get(ledgerKey);
    const ledger = isLedger(entry) ? entry : emptyLedger;
    if (states.has(seenKey((record.value as Detection).id)))
      return { puts: new Map([[ledgerKey, entered(ledger, 'duplicates')]]), out: [] };
    const { puts, out } = count(ports, states, record, context);
    return { puts: puts.set(ledgerKey, entered(ledger, 'inSignals')), out };
  },
  wakeAt(entry) {
    if (typeof entry === 'number') return entry;
    return isGroup(entry) ? settleAt(entry) : undefined;
  },
  wake(key, entry, context) {
    if (!isGroup(entry)) return { puts: new Map([[key, undefined]]), out: [] };
    const { group, events } = settle(entry, momentOf(context));
    return { puts: new Map([[key, group]]), out: events.map(draftOf) };
  },
});

interface Counting extends Step<SignalsEntry> {
  readonly puts: Map<StateKey, SignalsEntry | undefined>;
}

function count({ digest, ids }: SignalsPorts, states: States, record: Recorded, context: Context): Counting {
  const detection = record.value as Detection;
  const { value: configuration, version } = context.tables.get(configTable);
  const grouping = groupingOf(configuration, detection);
  const key = groupKeyOf(digest, detection, grouping.groupBy);
  const before = states.get(key);
  const { topic, partition, offset } = record;
  const cause = { topic, partition, offset, digest: detection.id };
  const arrival: Arrival = { detection, cause, grouping, configVersion: version, moment: momentOf(context) };
  const { group, events } = absorb(ids, isGroup(before) ? before : undefined, arrival);
  const puts = new Map<StateKey, SignalsEntry | undefined>();
  if (group || before) puts.set(key, group);
  const { deduplicate_for } = settingsOf(configuration);
  if (deduplicate_for > 0) puts.set(seenKey(detection.id), context.now + deduplicate_for);
  return { puts, out: events.map(draftOf) };
}

function momentOf({ now, watermark, partition, tables }: Context): Moment {
  const { allowed_lateness } = settingsOf(tables.get(configTable).value);
  return { now, watermark, lateness: allowed_lateness, partition };
}

const draftOf = (event: SignalEvent): Draft => ({ topic: 'signals', key: event.subject, value: event });
