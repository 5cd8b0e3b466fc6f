import type { Actor, Cause, Event, Origin } from '../envelope.ts';
import type { AuditAction } from '../event.ts';
import type { Json, JsonObject } from '../json.ts';

export const auditStatuses = ['info', 'warn', 'error'] as const;
/** `warn`: refused; `error`: failed; `info`: everything else. */
export type AuditStatus = (typeof auditStatuses)[number];

/**
 * One line of the audit trail. What is stored is its canonical text, and nothing but that text is ever hashed: the hash of a
 * record is SHA-256 over the UTF-8 bytes of the text, without prefix; it binds stream, seq and the hash before it, because
 * they stand inside. The first record of a stream has `prev_hash` = 64 zeros.
 *
 * `type` and the shape of `attributes` follow the documented audit API of Datadog v2; the rest is ours. Member names are
 * part of the format: an existing one never changes its meaning.
 */
export interface AuditRecord {
  /** `<stream>-<seq>` */
  readonly id: string;
  readonly type: 'audit';
  /** `audit-<partition>` */
  readonly stream: string;
  /** Gapless per stream, from 0. */
  readonly seq: number;
  /** Hash of the record before, lower-case hex. */
  readonly prev_hash: string;
  readonly attributes: {
    /** Log time of the event's cause, ISO 8601. */
    readonly timestamp: string;
    /** One line for people. */
    readonly message: string;
    /** The service that wrote the event. */
    readonly service: string;
    readonly tags: readonly string[];
    readonly attributes: AuditAttributes;
  };
  /** The event itself, with what its definition's `audit.keep` keeps of `data`. Replay reads this. */
  readonly event: { readonly type: string; readonly v: number; readonly id: string; readonly data: Json };
  /** Where the event stands in the log. */
  readonly source: AuditSource;
  /** The record that the event answers. */
  readonly cause?: Cause;
  /** What the decision was taken on. */
  readonly decided?: { readonly config_version?: number; readonly signal_version?: number };
  /**
   * Reserved: fields encrypted under a key of the person they are about, by their path in this record. Absent so far. Erasing
   * a person then means to destroy a key, never to touch the chain.
   */
  readonly sealed?: JsonObject;
}

export interface AuditAttributes {
  readonly evt: { readonly name: string; readonly actor: { readonly type: Actor['type'] } };
  readonly action: AuditAction;
  readonly asset: {
    readonly type: string;
    /** Subject of the event. */
    readonly id: string;
    readonly name?: string;
    readonly prev_value?: Json;
    readonly new_value?: Json;
  };
  readonly usr: { readonly id: string; readonly uuid?: string; readonly email?: string; readonly name: string };
  readonly org: { readonly uuid: string };
  readonly status: AuditStatus;
  readonly auth_method: Origin['authMethod'];
  readonly http?: { readonly useragent?: string; readonly request_id?: string };
  readonly network?: { readonly client: { readonly ip: string } };
  readonly metadata?: { readonly command_id: string; readonly accepted_at: number; readonly permission?: string };
}

/**
 * Topics with one writer are addressed by `seq`, which is the same whether the record passed in memory or through the log;
 * the others by `offset`.
 */
export interface AuditSource {
  readonly topic: string;
  readonly partition: number;
  readonly seq?: number;
  readonly offset?: number;
  /** Log append time, ISO 8601. */
  readonly recorded_at: string;
}

export const auditStreamOf = (partition: number): string => `audit-${partition}`;
/** `prev_hash` of the first record of every stream. */
export const genesisHash = '0'.repeat(64);

/** The event as it can be read back from its record: whole but for what `audit.keep` left out. */
export function eventOfRecord(record: AuditRecord): Event {
  const { event, attributes, cause } = record;
  const { asset, org } = attributes.attributes;
  const by = originOf(attributes.attributes);
  return {
    type: event.type,
    v: event.v,
    id: event.id,
    org: org.uuid,
    subject: asset.id,
    at: Date.parse(attributes.timestamp),
    data: event.data,
    ...(by && { by }),
    ...(cause && { cause }),
  };
}

function originOf({ evt, usr, auth_method, http, network, metadata }: AuditAttributes): Origin | undefined {
  if (!metadata) return undefined;
  const { command_id, accepted_at, permission } = metadata;
  return {
    commandId: command_id,
    actor: {
      type: evt.actor.type,
      id: usr.id,
      name: usr.name,
      ...(usr.email !== undefined && { email: usr.email }),
    },
    authMethod: auth_method,
    acceptedAt: accepted_at,
    ...(network && { ip: network.client.ip }),
    ...(http?.useragent !== undefined && { userAgent: http.useragent }),
    ...(http?.request_id !== undefined && { requestId: http.request_id }),
    ...(permission !== undefined && { permission }),
  };
}
