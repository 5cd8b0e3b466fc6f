import type { Instant } from '@tocsin/core';

/** What the oracle must be told of a detection. */
export interface Seen {
  readonly id: string;
  readonly group: string;
  readonly occurredAt: Instant;
  readonly recordedAt: Instant;
}

export interface Rules {
  readonly keepAlive: number;
  readonly maxDuration: number;
  readonly lateness: number;
  readonly deduplicateFor: number;
}

/** A signal as the oracle expects it in the end. */
export interface Expected {
  readonly group: string;
  readonly openedAt: Instant;
  readonly late: boolean;
  readonly count: number;
  readonly firstSeen: Instant;
  readonly lastSeen: Instant;
  /** Log time of each member. */
  readonly members: readonly Instant[];
}

interface Open {
  group: string;
  openedAt: Instant;
  late: boolean;
  times: Instant[];
  members: Instant[];
  displaced: boolean;
  /** Displaced, and the group has had live signals ever since. */
  remembered: boolean;
}

/** Sessions by definition, slowly: every signal ever opened is looked at for every detection. */
export function expectedSignals(seen: readonly Seen[], rules: Rules): readonly Expected[] {
  const signals: Open[] = [];
  const counted: Seen[] = [];
  let watermark = 0;
  for (const one of seen) {
    watermark = Math.max(watermark, Math.min(one.occurredAt, one.recordedAt + 300_000));
    if (counted.some(({ id, recordedAt }) => id === one.id && recordedAt + rules.deduplicateFor > one.recordedAt))
      continue;
    counted.push(one);
    place(one, signals, watermark, rules);
  }
  return signals.map(({ group, openedAt, late, times, members }) => ({
    ...{ group, openedAt, late, members, count: times.length },
    firstSeen: Math.min(...times),
    lastSeen: Math.max(...times),
  }));
}

function place(one: Seen, signals: Open[], watermark: Instant, rules: Rules): void {
  const { keepAlive, maxDuration, lateness } = rules;
  const { group, occurredAt, recordedAt } = one;
  const own = signals.filter((signal) => signal.group === group);
  const live = own.filter(
    ({ displaced, times, members }) =>
      keepAlive > 0 &&
      !displaced &&
      (recordedAt <= (members.at(-1) ?? 0) + keepAlive || watermark <= Math.max(...times) + keepAlive + lateness),
  );
  const candidates = live
    .map((signal, order) => {
      const distances = signal.times.map((time) => Math.abs(time - occurredAt));
      const [first, last] = [Math.min(...signal.times), Math.max(...signal.times)];
      const inside = first <= occurredAt && occurredAt <= last;
      const span = Math.max(last, occurredAt) - Math.min(first, occurredAt);
      return { signal, order, span, distance: inside ? 0 : Math.min(...distances) };
    })
    .filter(({ span, distance }) => distance <= keepAlive && span <= maxDuration)
    .sort((a, b) => a.distance - b.distance || a.order - b.order);
  const [best] = candidates;
  if (best) {
    best.signal.times.push(occurredAt);
    best.signal.members.push(recordedAt);
    return;
  }
  if (keepAlive > 0 && live.length >= 64) displaceOne(live);
  if (live.length === 0) for (const signal of own) signal.remembered = false;
  const bounded = own.some(({ remembered, times }) => remembered && occurredAt <= Math.max(...times));
  const late = occurredAt < watermark - lateness || bounded;
  const flags = { displaced: false, remembered: false };
  signals.push({ group, openedAt: recordedAt, late, times: [occurredAt], members: [recordedAt], ...flags });
}

function displaceOne(live: readonly Open[]): void {
  const quietest = Math.min(...live.map(({ members }) => members.at(-1) ?? 0));
  const oldest = live.find(({ members }) => members.at(-1) === quietest);
  if (oldest) oldest.displaced = oldest.remembered = true;
}
