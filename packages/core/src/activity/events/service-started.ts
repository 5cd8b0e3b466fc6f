import { defineEvent, type EventOf } from '../../event.ts';
import { field } from '../../field.ts';

const fields = {
  service: field.text({ max: 64 }),
  instance: field.text({ max: 128 }),
  version: field.text({ max: 64 }),
  pid: field.count(),
};

/** A process of ours came up. */
export const serviceStarted = defineEvent({
  type: 'service.started',
  version: 1,
  topic: 'activity',
  fields,
  audit: { name: 'Service', action: 'started', asset: 'service' },
  summary: ({ service, version }) => `${service} ${version} started`,
});
export type ServiceStarted = EventOf<typeof serviceStarted>;
