import type { Event } from '../envelope.ts';
import type { AnyEventDefinition } from '../event.ts';
import type { Json } from '../json.ts';
import { isJsonObject } from '../json.ts';
import type { SignalView } from '../signal/view.ts';
import type { Instant } from '../time.ts';
import { canonical } from './canonical.ts';
import { eventDefinitionOf } from './definitions.ts';
import { type AuditRecord, eventOfRecord } from './record.ts';

/**
 * Rebuilds signals from audit records alone, as of an instant where one is given (every event with `at` up to it counts).
 * Records of a stream must come in their order; streams may be mixed, because all of a signal is in one. An event that comes
 * before the opening of its signal (order is causal per topic only) waits for it.
 */
export class Replay {
  readonly #until: Instant;
  readonly #views = new Map<string, SignalView>();
  readonly #waiting = new Map<string, Event[]>();

  constructor(until: Instant = Number.POSITIVE_INFINITY) {
    this.#until = until;
  }

  apply(record: AuditRecord): void {
    const event = eventOfRecord(record);
    const definition = eventDefinitionOf(event.type);
    if (!definition?.evolve || event.at > this.#until) return;
    if (!this.#evolve(event, definition)) this.#wait(event);
    else if (this.#waiting.has(event.subject)) this.#catchUp(event.subject);
  }

  get views(): ReadonlyMap<string, SignalView> {
    return this.#views;
  }

  #evolve(event: Event, definition: AnyEventDefinition): boolean {
    const data = dataOf(event, definition);
    const current = this.#views.get(event.subject);
    const view = definition.evolve?.(current, data, { ...event, data });
    if (view) this.#views.set(event.subject, view);
    return view !== undefined;
  }

  #wait(event: Event): void {
    const events = this.#waiting.get(event.subject) ?? [];
    events.push(event);
    this.#waiting.set(event.subject, events);
  }

  #catchUp(subject: string): void {
    const events = this.#waiting.get(subject) ?? [];
    this.#waiting.delete(subject);
    for (const event of events) {
      const definition = eventDefinitionOf(event.type);
      if (definition) this.#evolve(event, definition);
    }
  }
}

const dataOf = ({ data, v }: Event, { version, upcast }: AnyEventDefinition): never =>
  (v < version && upcast ? upcast(data, v) : data) as never;

/** The signals that the records tell of, by id; records as they are stored or parsed. */
export function replay(records: Iterable<string | AuditRecord>, until?: Instant): ReadonlyMap<string, SignalView> {
  const run = new Replay(until);
  for (const record of records) run.apply(typeof record === 'string' ? parseAuditRecord(record) : record);
  return run.views;
}

/** A record from its stored text. Throws on anything else: verify first. */
export const parseAuditRecord = (text: string): AuditRecord => JSON.parse(text) as AuditRecord;

/** One value that the two sides do not agree on; undefined: it is not there at all. */
export interface ViewDifference {
  readonly signal: string;
  /** `triage.assignee.uuid`; empty when one side lacks the signal. */
  readonly path: string;
  readonly audit: Json | undefined;
  readonly readModel: Json | undefined;
}

/** Compares rebuilt signals with those of a read model. The order of members is no difference. */
export function diffViews(
  rebuilt: ReadonlyMap<string, SignalView>,
  readModel: Iterable<SignalView>,
): readonly ViewDifference[] {
  const found: ViewDifference[] = [];
  const seen = new Set<string>();
  for (const view of readModel) {
    seen.add(view.id);
    for (const difference of differences('', jsonOf(rebuilt.get(view.id)), jsonOf(view)))
      found.push({ signal: view.id, ...difference });
  }
  for (const [signal, view] of rebuilt)
    if (!seen.has(signal)) found.push({ signal, path: '', audit: jsonOf(view), readModel: undefined });
  return found;
}

const jsonOf = (view: SignalView | undefined): Json | undefined => view as unknown as Json | undefined;

function* differences(
  path: string,
  audit: Json | undefined,
  readModel: Json | undefined,
): Generator<Omit<ViewDifference, 'signal'>> {
  if (audit === undefined && readModel === undefined) return;
  if (audit !== undefined && readModel !== undefined && canonical(audit) === canonical(readModel)) return;
  if (!isJsonObject(audit) || !isJsonObject(readModel)) yield { path, audit, readModel };
  else
    for (const name of new Set([...Object.keys(audit), ...Object.keys(readModel)]))
      yield* differences(path ? `${path}.${name}` : name, audit[name], readModel[name]);
}
