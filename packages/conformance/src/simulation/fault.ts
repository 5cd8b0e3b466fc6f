/**
 * Defects that the simulated log can be given, to prove that a suite notices them. Only tests set one; each is a mistake that
 * real engines make.
 */
export const faults = [
  /** State and positions commit before the outputs: a crash between loses outputs. */
  'state-without-outputs',
  /** Outputs commit before state and positions: a crash between repeats them. */
  'outputs-without-state',
  /** A former owner of a task may still commit. */
  'no-fencing',
  /** Readers see records of transactions that are open or were aborted. */
  'read-uncommitted',
  /** A record is handed over before the wakes that were due at its time. */
  'wakes-after-record',
  /** Wakes follow the clock although inputs are unread. */
  'wakes-before-backlog',
  /** Log time starts again at zero after a restart. */
  'forgotten-log-time',
  /** A restarted task takes the newest table, or an older one than it had decided on. */
  'forgotten-table-version',
  /** Numbers of single-writer topics go on over aborted transactions. */
  'seq-not-restored',
  /** A step that throws is skipped. */
  'throw-skipped',
  /** The dead letter is left out. */
  'dead-letter-lost',
  /** Derived records carry the clock instead of the time of their cause. */
  'derived-by-clock',
  /** Two neighbours of one partition change places. */
  'reordered',
  /** An append is acknowledged before it is stored, and a crash forgets it. */
  'append-not-durable',
  /** Saved positions of readers do not survive. */
  'positions-forgotten',
] as const;
export type Fault = (typeof faults)[number];
