import { defineEvent, type EventOf } from '../../event.ts';
import { field } from '../../field.ts';
import { intakeRejections } from '../detector.ts';

const fields = {
  format: field.text({ max: 32 }),
  code: field.oneOf('IntakeRejection', intakeRejections),
  message: field.text({ max: 1024 }),
  /** Line of the request, from 1. */
  line: field.count(),
  /** Byte inside the line, from 0, where that is known. */
  position: field.optional(field.count()),
  /** The input, byte for byte, base64. */
  bytes: field.text({ max: 43 * 1024 * 1024 }),
  requestId: field.optional(field.text({ max: 128 })),
};

/** Input that nobody can read: kept with its bytes and the reason. */
export const detectionRejected = defineEvent({
  type: 'detection.rejected',
  version: 1,
  topic: 'intake.dead',
  fields,
  audit: {
    name: 'Signal Pipeline',
    action: 'refused',
    asset: 'dead_letter',
    keep: ({ bytes, ...rest }) => ({ ...rest, byteCount: Math.floor((bytes.length * 3) / 4) }),
  },
  summary: ({ format, code, line }) => `Could not read line ${line} as ${format}: ${code}`,
});
export type DetectionRejected = EventOf<typeof detectionRejected>;
