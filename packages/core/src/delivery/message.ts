import { field, type ValueOf } from '../field.ts';
import { severities } from '../severity.ts';

/**
 * Why a sink hears of a signal. The first message of a lane is always `opened`, even if it was an escalation that brought the
 * sink in: for those who get it, the signal is new.
 */
export const messageKinds = ['opened', 'escalated', 'state_changed'] as const;
export type MessageKind = (typeof messageKinds)[number];

export const messageFields = {
  /** Constant over attempts and repeats: the receiver's idempotency key. No colon, not only digits, at most 128 characters. */
  deliveryId: field.text({ min: 1, max: 128 }),
  kind: field.oneOf('MessageKind', messageKinds),
  signalId: field.text({ min: 1, max: 64 }),
  title: field.text({ max: 512 }),
  severity: field.oneOf('Severity', severities),
  /** One or two sentences in plain text. */
  summary: field.text({ max: 1024 }),
  /** Absolute URL of the signal. */
  link: field.text({ max: 2048 }),
  /** When what the message tells happened, log time. */
  at: field.instant(),
  /** The notification rule that asked for it. */
  rule: field.object('NotifyingRule', { id: field.text({ max: 128 }), name: field.text({ max: 256 }) }),
  /** The signal in the shape of the API (`type`, `id`, `attributes`). */
  signal: field.jsonObject(),
  /** Arguments of a workflow target, typed and with defaults filled in. */
  inputs: field.optional(field.jsonObject()),
};
export type Message = ValueOf<typeof messageFields>;
