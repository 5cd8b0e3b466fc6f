import type { Json } from '@tocsin/core';
import { textAt, valueAt } from '../attribute-reading.ts';
import { readJson } from '../json-reading.ts';

export interface Unpacked {
  /** What EventBridge calls the kind of event; absent outside of an envelope. */
  readonly detailType?: string | undefined;
  readonly content: Json;
}

/** Takes away what AWS wraps around an event on its way: an SNS message, an EventBridge envelope, both. */
export function unpacked(line: Json): Unpacked {
  const message = snsMessage(line) ?? line;
  const detail = valueAt(message, 'detail');
  const detailType = textAt(message, 'detail-type');
  return detailType !== undefined && detail !== undefined ? { detailType, content: detail } : { content: message };
}

/** The message of an SNS notification is text; what is no JSON stays as it is. */
function snsMessage(line: Json): Json | undefined {
  const text = valueAt(line, 'Type') === 'Notification' ? valueAt(line, 'Message') : undefined;
  if (typeof text !== 'string') return undefined;
  const read = readJson(new TextEncoder().encode(text));
  return read.kind === 'value' ? read.value : undefined;
}

/** SNS also writes about itself: it asks to confirm a subscription. */
export const isSnsControl = (line: Json): boolean =>
  ['SubscriptionConfirmation', 'UnsubscribeConfirmation'].includes(textAt(line, 'Type') ?? '') &&
  textAt(line, 'TopicArn') !== undefined;
