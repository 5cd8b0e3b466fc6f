import { defineEvent, type EventOf } from '../../event.ts';
import { field } from '../../field.ts';

const fields = {
  commentId: field.text({ max: 128 }),
  text: field.text({ min: 1, max: 16_384 }),
  configVersion: field.integer(),
};

/** A note on the signal. Possible at any age; does not count as a triage edit. */
export const signalCommented = defineEvent({
  type: 'signal.commented',
  version: 1,
  topic: 'triage-events',
  fields,
  audit: {
    name: 'Cloud Security Platform',
    action: 'modified',
    asset: 'security_signal',
    change: ({ text }) => ({ prev: null, next: { comment: text } }),
  },
  summary: ({ text }) => `Comment: ${text.length > 200 ? `${text.slice(0, 199)}…` : text}`,
  evolve: (view, { commentId, text }, { at, by }) =>
    view && by ? { ...view, comments: [...view.comments, { id: commentId, text, at, by: by.actor }] } : view,
});
export type SignalCommented = EventOf<typeof signalCommented>;
