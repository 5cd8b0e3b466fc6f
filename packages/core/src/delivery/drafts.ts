import type { Draft } from '../processor.ts';
import type { NotifierMoment, NotifierEntry } from './entry.ts';
import { deliveryAbandoned } from './events/abandoned.ts';
import { deliveryRequested } from './events/requested.ts';
import { deliverySuperseded } from './events/superseded.ts';
import type { Head, Lane, LaneEffect, Notice } from './lane.ts';
import type { Message } from './message.ts';

interface Telling {
  readonly signalId: string;
  readonly entry: NotifierEntry;
  readonly moment: NotifierMoment;
  readonly lane: Pick<Lane, 'sink' | 'remembered'>;
}

/** The events that tell of what a lane did. Their ids come from the delivery id, so that a replay makes the same. */
export const deliveryDrafts = (about: Telling & { readonly effects: readonly LaneEffect[] }): readonly Draft[] =>
  about.effects.map((effect) => {
    const value = eventOf(effect, about);
    return { topic: 'deliveries', key: about.signalId, value };
  });

function eventOf(effect: LaneEffect, about: Telling) {
  switch (effect.kind) {
    case 'issue':
      return requested(effect.head, about);
    case 'abandoned':
      return abandoned(effect, about);
    case 'superseded':
      return deliverySuperseded.make({
        ...envelope(about, `${effect.notice.id}.superseded`),
        data: { ...subject(effect.notice, about), by: effect.by },
      });
    default:
      return effect satisfies never;
  }
}

const requested = (head: Head, about: Telling) =>
  deliveryRequested.make({
    ...envelope(about, `${head.id}.q${head.attempt}.${head.lease}`),
    data: {
      ...subject(head, about),
      attempt: head.attempt,
      lease: head.lease,
      dueAt: about.moment.now,
      leaseUntil: head.at,
      configVersion: head.config,
      message: messageOf(head, about),
      remembered: about.lane.remembered ?? {},
    },
  });

const abandoned = (effect: Extract<LaneEffect, { kind: 'abandoned' }>, about: Telling) =>
  deliveryAbandoned.make({
    ...envelope(about, `${effect.notice.id}.abandoned`),
    data: { ...subject(effect.notice, about), attempts: effect.attempts, reason: effect.reason.slice(0, 512) },
  });

const envelope = ({ signalId, entry, moment }: Telling, id: string) => ({
  id,
  org: entry.org,
  subject: signalId,
  at: moment.now,
  cause: moment.cause,
});

const subject = (notice: Notice, { signalId, lane }: Telling) => ({
  deliveryId: notice.id,
  signalId,
  sink: lane.sink,
});

function messageOf(notice: Notice, { entry }: Telling): Message {
  const body = entry.bodies[notice.body];
  if (!body) throw new Error(`the text of delivery ${notice.id} is missing`);
  const { id: deliveryId, kind, rule, inputs } = notice;
  return { ...body, deliveryId, kind, rule, ...(inputs && { inputs }) };
}
