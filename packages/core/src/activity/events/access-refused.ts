import { defineEvent, type EventOf } from '../../event.ts';
import { field } from '../../field.ts';

const fields = {
  method: field.text({ max: 16 }),
  path: field.text({ max: 512 }),
  reason: field.text({ max: 256 }),
  ip: field.text({ max: 64 }),
  userAgent: field.text({ max: 512 }),
  requestId: field.text({ max: 128 }),
  /** How many alike this one stands for: repeats within a minute are counted, not repeated. */
  count: field.count(),
};

/** A request without a valid token. */
export const accessRefused = defineEvent({
  type: 'access.refused',
  version: 1,
  topic: 'activity',
  fields,
  audit: {
    name: 'Authentication',
    action: 'refused',
    asset: 'request',
    origin: ({ ip, userAgent, requestId }) => ({ ip, userAgent, requestId }),
  },
  summary: ({ method, path, ip, count }) =>
    `Refused ${method} ${path} from ${ip}${count > 1 ? ` (${count} times)` : ''}`,
});
export type AccessRefused = EventOf<typeof accessRefused>;
