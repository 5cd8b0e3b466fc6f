import type { JsonObject } from '@tocsin/core';

/** The parts of an API signal that the command line shows. */
export interface ShownSignal extends JsonObject {
  readonly id: string;
  readonly attributes: {
    readonly timestamp: string;
    readonly custom: {
      readonly title: string;
      readonly status: string;
      readonly version: number;
      readonly groupByValues: readonly { readonly path: string; readonly value: string }[];
      readonly workflow: {
        readonly events_matched: number;
        readonly last_seen: string;
        readonly rule: { readonly id: string; readonly name: string };
        readonly triage: {
          readonly state: string;
          readonly version: number;
          readonly assignee: { readonly name: string };
        };
      };
    } & JsonObject;
  } & JsonObject;
}

/** The parts of an audit record that the command line shows. */
export interface ShownAudit extends JsonObject {
  readonly stream: string;
  readonly seq: number;
  readonly attributes: {
    readonly timestamp: string;
    readonly message: string;
    readonly attributes: {
      readonly evt: { readonly name: string };
      readonly action: string;
      readonly asset: { readonly type: string; readonly id: string };
      readonly usr?: { readonly name: string };
    } & JsonObject;
  } & JsonObject;
}

export interface PageOf<T> {
  readonly data: readonly T[];
  readonly meta?: {
    readonly page?: { readonly after?: string };
    readonly warnings?: readonly { readonly code: string; readonly title?: string }[];
  };
}

/** A facet with its values. */
export interface ShownFacet extends JsonObject {
  readonly id: string;
  readonly attributes: {
    readonly label: string;
    readonly values: readonly { readonly value: string; readonly count: number }[];
    readonly distinct: number;
  };
}

type Computes = Readonly<Record<string, number | null>>;

/** Groups of signals, counted. */
export interface ShownAggregate extends JsonObject {
  readonly type: 'aggregate';
  readonly attributes: {
    readonly buckets: readonly {
      readonly by: Readonly<Record<string, string>>;
      readonly computes: Computes;
      readonly series?: readonly { readonly time: string; readonly computes: Computes }[];
    }[];
  };
}
