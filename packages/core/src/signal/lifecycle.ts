import { day, type Instant } from '../time.ts';

export const signalStates = ['open', 'under_review', 'archived'] as const;
export type SignalState = (typeof signalStates)[number];

/** Shown in help, API description and pages. */
export const stateMeanings: Readonly<Record<SignalState, string>> = {
  open: 'not yet resolved',
  under_review: 'being investigated',
  archived: 'the cause has been resolved',
};

export const lifecycles = ['documented', 'any'] as const;
export type Lifecycle = (typeof lifecycles)[number];
export const locks = ['all', 'reopen-only'] as const;
export type Lock = (typeof locks)[number];

type Table = Readonly<Record<SignalState, Readonly<Record<SignalState, boolean>>>>;
const all = { open: true, under_review: true, archived: true };

/** From, then to. Complete by type; buttons, help and the decision are all drawn from it. The same state again re-stamps. */
export const transitions: Readonly<Record<Lifecycle, Table>> = {
  documented: { open: all, under_review: all, archived: { open: true, under_review: false, archived: true } },
  any: { open: all, under_review: all, archived: all },
};

/** Counted from the creation of the signal (log time of its opening), never from first_seen, which can move. */
export const lockAfterMs = 30 * day;

/** The last instant at which triage may still be changed; one millisecond later the signal is locked. */
export const lockedAfter = (createdAt: Instant): Instant => createdAt + lockAfterMs;

/** Leaving `archived`, whatever for. */
export const isReopening = (from: SignalState, to: SignalState): boolean => from === 'archived' && to !== 'archived';

/** Whether the lock stands against a triage edit that leaves the signal in `to` (an edit of other values keeps the state). */
export const isLocked = (
  lock: Lock,
  { createdAt, now, from, to }: { createdAt: Instant; now: Instant; from: SignalState; to: SignalState },
): boolean => now > lockedAfter(createdAt) && (lock === 'all' || isReopening(from, to));

export const archiveReasons = [
  'none',
  'false_positive',
  'testing_or_maintenance',
  'remediated',
  'investigated_case_opened',
  'true_positive_benign',
  'true_positive_malicious',
  'other',
] as const;
export type ArchiveReason = (typeof archiveReasons)[number];
