import type { Decision, DecisionContext, Refusal } from '../command.ts';
import { type Configuration, settingsOf } from '../config/configuration.ts';
import type { Actor, Command } from '../envelope.ts';
import { field, type ValueOf } from '../field.ts';
import type { Json } from '../json.ts';
import { isoOf } from '../time.ts';
import { archiveReasons, isLocked, lockedAfter, signalStates, transitions } from './lifecycle.ts';
import type { TriageChange } from './triage-change.ts';
import type { Triage, User } from './triage.ts';

/** What a triage edit may name. Each command takes the ones that are its business. */
export const editFields = {
  state: field.oneOf('SignalState', signalStates),
  archiveReason: field.optional(field.oneOf('ArchiveReason', archiveReasons)),
  /** The empty text takes the comment away. */
  archiveComment: field.optional(field.text({ max: 4096 })),
  /** Uuid of a configured user, `me` for the caller, the empty text for nobody. */
  assignee: field.text({ max: 64 }),
  /** Replaces the list. */
  incidentIds: field.list(field.count(), { max: 100 }),
  /** The triage version that the caller saw; any other than the current one is a conflict. Absent: no check. */
  expectedVersion: field.optional(field.count()),
};
export type TriageEdit = Partial<ValueOf<typeof editFields>>;

const refuse = (code: Refusal['code'], message: string): Refusal => ({ ok: false, code, message });

/** Decides a triage edit: everything it names changes together and counts as one version, or nothing does. */
export function decideEdit(command: Command<string, TriageEdit>, context: DecisionContext): Decision<TriageChange> {
  const { data: edit, by } = command;
  const refusal = refusalOf(edit, context);
  if (refusal) return refusal;
  const before = context.triage;
  const actor = userOf(by.actor, context.configuration);
  const assignee = assigneeOf(edit.assignee, { before, actor, configuration: context.configuration });
  if (!assignee.ok) return assignee;
  const after: Triage = {
    ...stateAfter(before, edit, { user: actor, now: context.now }),
    version: before.version + 1,
    ...(assignee.user && { assignee: assignee.user }),
    incidentIds: edit.incidentIds ? [...new Set(edit.incidentIds)] : before.incidentIds,
  };
  const asked = edit as unknown as Json;
  return { ok: true, triage: after, data: { before, after, asked, configVersion: context.configVersion } };
}

/** The lock comes first, because nothing else would help; then what the caller saw; then what is asked. */
function refusalOf(edit: TriageEdit, context: DecisionContext): Refusal | undefined {
  const { triage: before, createdAt, now } = context;
  const { lifecycle, lock } = settingsOf(context.configuration);
  const to = edit.state ?? before.state;
  if (isLocked(lock, { createdAt, now, from: before.state, to })) return locked(context, lock);
  if (edit.expectedVersion !== undefined && edit.expectedVersion !== before.version)
    return refuse(
      'version_conflict',
      `the signal is at triage version ${before.version}, you saw ${edit.expectedVersion}: look at it again, then repeat`,
    );
  if (!transitions[lifecycle][before.state][to])
    return refuse('invalid_transition', `${before.state} → ${to} is not possible: set it to open first`);
  if (to !== 'archived' && ((edit.archiveReason ?? 'none') !== 'none' || edit.archiveComment))
    return refuse('invalid_command', `an archive reason or comment goes with the state archived, not ${to}`);
  if (Object.entries(edit).every(([name, value]) => name === 'expectedVersion' || value === undefined))
    return refuse('invalid_command', 'nothing to change: give a state, an assignee, incidents or an archive reason');
  return undefined;
}

function locked({ createdAt }: DecisionContext, lock: 'all' | 'reopen-only'): Refusal {
  const what = lock === 'all' ? 'its triage cannot be changed any more' : 'it cannot be reopened any more';
  return refuse(
    'locked',
    `locked since ${isoOf(lockedAfter(createdAt))}, 30 days after the signal was created: ${what}; comments stay possible`,
  );
}

/** State, who set it and when, and the archive block, which an open signal does not have. */
function stateAfter(before: Triage, edit: TriageEdit, by: { user: User; now: number }): Triage {
  const { archiveComment, archiveCommentAt, archiveCommentBy, assignee: _, ...rest } = before;
  const stamped: Triage = edit.state ? { ...rest, state: edit.state, stateAt: by.now, stateBy: by.user } : rest;
  if (stamped.state !== 'archived') return { ...stamped, archiveReason: 'none' };
  const kept = {
    ...(archiveComment !== undefined && { archiveComment }),
    ...(archiveCommentAt !== undefined && { archiveCommentAt }),
    ...(archiveCommentBy && { archiveCommentBy }),
  };
  const given = { archiveComment: edit.archiveComment ?? '', archiveCommentAt: by.now, archiveCommentBy: by.user };
  return {
    ...stamped,
    archiveReason: edit.archiveReason ?? before.archiveReason,
    ...(edit.archiveComment === undefined ? kept : edit.archiveComment === '' ? {} : given),
  };
}

type Assignee = { readonly ok: true; readonly user: User | undefined } | Refusal;

function assigneeOf(
  asked: string | undefined,
  { before, actor, configuration }: { before: Triage; actor: User; configuration: Configuration },
): Assignee {
  if (asked === undefined) return { ok: true, user: before.assignee };
  if (asked === '') return { ok: true, user: undefined };
  if (asked === 'me' || asked === actor.uuid) return { ok: true, user: actor };
  const user = configuration.user.get(asked)?.value;
  if (!user) return refuse('unknown_user', `no user ${asked} is configured`);
  if (user.disabled) return refuse('unknown_user', `${user.name} is disabled and cannot be assigned`);
  return { ok: true, user: { uuid: user.uuid, handle: user.handle, name: user.name } };
}

/** The actor as configuration knows it, else as the door named it: the built-in user of the token is in no file. */
function userOf({ id, name, email }: Actor, configuration: Configuration): User {
  const known = configuration.user.get(id)?.value;
  return known
    ? { uuid: known.uuid, handle: known.handle, name: known.name }
    : { uuid: id.slice(0, 64) || 'unknown', handle: email ?? name, name };
}
