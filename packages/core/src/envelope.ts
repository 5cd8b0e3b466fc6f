import { field, type ValueOf } from './field.ts';
import type { Instant } from './time.ts';

export const actorTypes = ['USER', 'API_KEY', 'SERVICE_ACCOUNT', 'SYSTEM'] as const;
export const authMethods = ['TOKEN', 'SESSION', 'API_AND_APP_KEY', 'OAUTH_TOKEN', 'SYSTEM'] as const;

const actorFields = {
  type: field.oneOf('ActorType', actorTypes),
  id: field.text({ max: 256 }),
  name: field.text({ max: 256 }),
  email: field.optional(field.text({ max: 320 })),
};
/** Who did it. `id` is a user's uuid, or the name of a service. */
export type Actor = ValueOf<typeof actorFields>;

export const originFields = {
  /** Idempotency key of the command; the outcome of a repeated one is the first outcome. */
  commandId: field.text({ max: 128 }),
  actor: field.object('Actor', actorFields),
  authMethod: field.oneOf('AuthMethod', authMethods),
  ip: field.optional(field.text({ max: 64 })),
  userAgent: field.optional(field.text({ max: 512 })),
  requestId: field.optional(field.text({ max: 128 })),
  /** When the door accepted it, and with which permission; decided there, never again later. */
  acceptedAt: field.instant(),
  permission: field.optional(field.text({ max: 128 })),
};
/** Where a command comes from: recorded with the command and with each outcome. */
export type Origin = ValueOf<typeof originFields>;

/**
 * What happened, as it is stored. `id` is derived from the subject and its own version, so that a replay makes the same id.
 * `by` is absent on what the pipeline itself decided: the actor is then the processor that wrote the topic.
 */
export interface Event<T extends string = string, D = unknown> {
  readonly type: T;
  /** Version of the shape of `data`. */
  readonly v: number;
  readonly id: string;
  readonly org: string;
  /** Id of the thing that the event is about: signal id, configuration object, actor. */
  readonly subject: string;
  /** Log time of the cause. */
  readonly at: Instant;
  readonly data: D;
  readonly by?: Origin;
  /** The record that this event answers, for the audit trail. */
  readonly cause?: Cause;
}

/** Coordinates of a record in the log; `digest` (SHA-256, hex) proves its content after the record itself has expired. */
export interface Cause {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly digest?: string;
}

/** A request to change something, as it is stored: decided by one processor, answered by exactly one event. */
export interface Command<T extends string = string, D = unknown> {
  readonly type: T;
  readonly org: string;
  /** Signal id or configuration object id. */
  readonly subject: string;
  readonly data: D;
  readonly by: Origin;
}

/** The single organisation of an installation that has not been told of others. */
export const defaultOrg = 'main';
