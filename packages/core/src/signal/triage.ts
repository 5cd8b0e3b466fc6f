import { field, type ValueOf } from '../field.ts';
import { archiveReasons, signalStates } from './lifecycle.ts';

export const userFields = {
  uuid: field.text({ min: 1, max: 64 }),
  handle: field.text({ max: 320 }),
  name: field.text({ max: 256 }),
};
/** Somebody a signal can be assigned to, or who changed it. */
export type User = ValueOf<typeof userFields>;

export const triageFields = {
  state: field.oneOf('SignalState', signalStates),
  /** Starts at 0 and counts triage edits only. */
  version: field.count(),
  stateAt: field.optional(field.instant()),
  stateBy: field.optional(field.object('StateUser', userFields)),
  archiveReason: field.oneOf('ArchiveReason', archiveReasons),
  archiveComment: field.optional(field.text({ max: 4096 })),
  archiveCommentAt: field.optional(field.instant()),
  archiveCommentBy: field.optional(field.object('CommentUser', userFields)),
  assignee: field.optional(field.object('Assignee', userFields)),
  incidentIds: field.list(field.count(), { max: 100 }),
};
export type Triage = ValueOf<typeof triageFields>;

export const untriaged: Triage = { state: 'open', version: 0, archiveReason: 'none', incidentIds: [] };
