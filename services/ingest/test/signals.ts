import {
  type AnyEventDefinition,
  type Entry,
  eventDefinitions,
  fold,
  type Group,
  type Ledger,
  type Processor,
  type SignalEvent,
  SignalIds,
  type SignalView,
  type Step,
  shapeOf,
} from '@tocsin/core';
import { nodeDigest } from '@tocsin/runtime';
import { isGroup, ledgerKey, type SignalsEntry, signalsProcessor } from '../src/index.ts';

export const ids = new SignalIds({ digest: nodeDigest, secret: new Uint8Array(32).fill(1) });

interface Watch {
  stored(text: string, entry: SignalsEntry): void;
  woken(): void;
}

/** The processor under test, on frozen values that have been through the codec: impurity and lossy state show at once. */
const strict = (processor: Processor<SignalsEntry>, watch: Watch) => {
  const through = ({ puts, out }: Step<SignalsEntry>): Step<SignalsEntry> => ({
    out: frozen(out),
    puts: new Map([...puts].map(([key, entry]) => [key, entry === undefined ? undefined : stored(entry)])),
  });
  const stored = (entry: SignalsEntry): SignalsEntry => {
    const text = processor.state.encode(entry);
    watch.stored(text, entry);
    return frozen(processor.state.decode(text, processor.state.version));
  };
  return {
    ...processor,
    step: (states, record, context) => through(processor.step(states, record, context)),
    wake: (key, entry, context) => {
      watch.woken();
      return through(processor.wake?.(key, entry, context) ?? { puts: new Map(), out: [] });
    },
  } satisfies Processor<SignalsEntry>;
};

export interface Outcome {
  readonly events: readonly SignalEvent[];
  /** By signal id, in the order of opening. */
  readonly views: ReadonlyMap<string, SignalView>;
  readonly ledger: Ledger | undefined;
  readonly states: ReadonlyMap<string, SignalsEntry>;
  /** Longest stored text of a group, divided by its live signals. */
  readonly bytesPerSignal: number;
  readonly wakes: number;
}

export function run(entries: readonly Entry[]): Outcome {
  let bytesPerSignal = 0;
  let wakes = 0;
  const processor = strict(signalsProcessor({ digest: nodeDigest, ids }), {
    woken: () => {
      wakes += 1;
    },
    stored: (text, entry) => {
      if (isGroup(entry)) bytesPerSignal = Math.max(bytesPerSignal, Buffer.byteLength(text) / entry.sessions.length);
    },
  });
  const folded = fold([processor], 0, frozen(entries));
  const states = (folded.states.get('signals') ?? new Map()) as ReadonlyMap<string, SignalsEntry>;
  const events = folded.out.map(({ value }) => value as SignalEvent);
  const ledger = states.get(ledgerKey) as Ledger | undefined;
  return { events, views: viewsOf(events), ledger, states, bytesPerSignal, wakes };
}

/** Lets every wait end. */
export const silence = (until: number): Entry => ({ kind: 'idle', until });

export const groupsOf = ({ states }: Outcome): readonly Group[] => [...states.values()].filter(isGroup);

/** Folds events into views, as the read model does, and checks that each has the shape that its definition declares. */
function viewsOf(events: readonly SignalEvent[]): ReadonlyMap<string, SignalView> {
  const views = new Map<string, SignalView>();
  for (const event of events) {
    const definition = definitions.get(event.type);
    if (!definition?.evolve) throw new Error(`${event.type} does not tell how it changes a signal`);
    shapeOf(definition.fields).parse(event.data);
    const view = definition.evolve(views.get(event.subject), event.data as never, event as never);
    if (view) views.set(event.subject, view);
  }
  return views;
}
const definitions = new Map(
  (eventDefinitions as unknown as readonly AnyEventDefinition[]).map((definition) => [definition.type, definition]),
);

export function frozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const inner of Object.values(value)) frozen(inner);
  return value;
}
