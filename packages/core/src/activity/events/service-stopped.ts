import { defineEvent, type EventOf } from '../../event.ts';
import { field } from '../../field.ts';

const fields = {
  service: field.text({ max: 64 }),
  instance: field.text({ max: 128 }),
  reason: field.text({ max: 256 }),
};

/** A process of ours went down in good order; after a crash there is none of these before the next start. */
export const serviceStopped = defineEvent({
  type: 'service.stopped',
  version: 1,
  topic: 'activity',
  fields,
  audit: { name: 'Service', action: 'stopped', asset: 'service' },
  summary: ({ service, reason }) => `${service} stopped (${reason})`,
});
export type ServiceStopped = EventOf<typeof serviceStopped>;
