import type { Event, Origin, Cause } from './envelope.ts';
import type { Fields, ValueOf } from './field.ts';
import type { Json } from './json.ts';
import type { SignalView } from './signal/view.ts';
import type { Instant } from './time.ts';
import type { TopicName } from './topics.ts';

export const auditActions = [
  'created',
  'modified',
  'deleted',
  'accessed',
  'refused',
  'failed',
  'started',
  'stopped',
] as const;
export type AuditAction = (typeof auditActions)[number];

/**
 * Everything that the rest of the system needs to know of an event type, in its one file: audit, timeline, projection,
 * replay, notification text and Avro emission are driven by this, so that none of them holds a list of events.
 */
export interface EventDefinition<T extends string, F extends Fields> {
  readonly type: T;
  /** Grows with the shape of `fields`; older shapes are read by `upcast`. */
  readonly version: number;
  readonly topic: TopicName | 'dead-letters';
  readonly fields: F;
  readonly audit: {
    /** `@evt.name` */
    readonly name: string;
    readonly action: AuditAction;
    /** `@asset.type` */
    readonly asset: string | ((data: ValueOf<F>) => string);
    /** Name of the asset for people, where it has one besides its id. */
    readonly assetName?: (data: ValueOf<F>) => string | undefined;
    /** Previous and new value, for what people and automations change. */
    readonly change?: (data: ValueOf<F>) => { readonly prev: Json; readonly next: Json };
    /** Where the request came from, for an event that no command made. */
    readonly origin?: (data: ValueOf<F>) => Partial<Pick<Origin, 'ip' | 'userAgent' | 'requestId'>>;
    /** What of `data` the audit record keeps; everything unless said. The signal events keep all: replay reads them. */
    readonly keep?: (data: ValueOf<F>) => Json;
  };
  /** One line for timelines, in plain words, without the time and the actor. */
  readonly summary: (data: ValueOf<F>) => string;
  /** Where the event changes what a signal looks like. */
  readonly evolve?: (
    signal: SignalView | undefined,
    data: ValueOf<F>,
    event: Event<T, ValueOf<F>>,
  ) => SignalView | undefined;
  readonly upcast?: (data: unknown, version: number) => ValueOf<F>;
}
export type AnyEventDefinition = EventDefinition<string, Fields>;

export interface DefinedEvent<T extends string, F extends Fields> extends EventDefinition<T, F> {
  /** Builds an event of this type; the shape of `data` is the compiler's business, its bounds are checked where it is read. */
  make(about: {
    readonly id: string;
    readonly org: string;
    readonly subject: string;
    readonly at: Instant;
    readonly data: ValueOf<F>;
    readonly by?: Origin | undefined;
    readonly cause?: Cause | undefined;
  }): Event<T, ValueOf<F>>;
}
export type EventOf<D> = D extends DefinedEvent<infer T, infer F> ? Event<T, ValueOf<F>> : never;
export type DataOf<D> = D extends DefinedEvent<string, infer F> ? ValueOf<F> : never;

export function defineEvent<const T extends string, F extends Fields>(
  definition: EventDefinition<T, F>,
): DefinedEvent<T, F> {
  return {
    ...definition,
    make: ({ id, org, subject, at, data, by, cause }) => ({
      type: definition.type,
      v: definition.version,
      id,
      org,
      subject,
      at,
      data,
      ...(by && { by }),
      ...(cause && { cause }),
    }),
  };
}
