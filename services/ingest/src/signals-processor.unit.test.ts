import { hour, minute, second } from '@tocsin/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { configured, detectionOf, entriesOf, epoch, recordsOf } from '../test/detections.ts';
import { expectedSignals, type Seen } from '../test/session-oracle.ts';
import { run, silence } from '../test/signals.ts';

const windows = fc.constantFrom(
  { keepAlive: 0, maxDuration: 0 },
  { keepAlive: 0, maxDuration: hour },
  { keepAlive: minute, maxDuration: minute },
  { keepAlive: 10 * minute, maxDuration: hour },
  { keepAlive: hour, maxDuration: 2 * hour },
  { keepAlive: hour, maxDuration: 24 * hour },
);
const rules = fc
  .tuple(windows, fc.constantFrom(0, 5 * minute, hour), fc.constantFrom(0, minute, hour))
  .map(([window, lateness, deduplicateFor]) => ({ ...window, lateness, deduplicateFor }));

const gap = fc.oneof(
  { weight: 5, arbitrary: fc.nat({ max: 3 * second }) },
  { weight: 3, arbitrary: fc.nat({ max: 20 * minute }) },
  { weight: 1, arbitrary: fc.nat({ max: 5 * hour }) },
);
const lag = fc.oneof(
  { weight: 4, arbitrary: fc.nat({ max: second }) },
  { weight: 3, arbitrary: fc.nat({ max: 2 * hour }) },
  { weight: 1, arbitrary: fc.nat({ max: 72 * hour }) },
  { weight: 1, arbitrary: fc.integer({ min: -6 * minute, max: 0 }) },
);
/** On a grid, where times meet the edges of windows exactly. */
const grid = (max: number) => fc.nat({ max }).map((steps) => steps * 5 * minute);
const wild = fc.record({ gap, lag, group: fc.constantFrom('a', 'b'), id: fc.nat({ max: 150 }) });
const edgy = fc.record({ gap: grid(4), lag: grid(16), group: fc.constant('a'), id: fc.nat({ max: 60 }) });
const arrivals = fc.oneof(fc.array(wild, { maxLength: 60 }), fc.array(edgy, { maxLength: 60 })).map((steps) => {
  let recordedAt = epoch;
  return steps.map(({ gap, lag, group, id }): Seen => {
    recordedAt += gap;
    return { id: `${group}${id}`, group, recordedAt, occurredAt: recordedAt - lag };
  });
});

type Windows = { keepAlive: number; maxDuration: number; lateness: number; deduplicateFor: number };
const configOf = ({ keepAlive, maxDuration, lateness, deduplicateFor }: Windows) =>
  entriesOf(
    configured({
      rules: [{ rule_id: 'shell-*', keep_alive: keepAlive, max_duration: maxDuration }],
      settings: { allowed_lateness: lateness, deduplicate_for: deduplicateFor },
    }),
  );
const recordsFrom = (seen: readonly Seen[]) =>
  recordsOf(
    seen.map(({ id, group, occurredAt, recordedAt }) => [
      recordedAt,
      detectionOf({ id, occurredAt, groupBy: [{ path: 'host', value: group }] }),
    ]),
  );
const endOf = (seen: readonly Seen[]) => (seen.at(-1)?.recordedAt ?? epoch) + 10 * minute;

describe('the signal builder', () => {
  it('builds the signals of the definition, whatever order detections arrive in', () => {
    fc.assert(
      fc.property(rules, arrivals, (windows, seen) => {
        const outcome = run([...configOf(windows), ...entriesOf(recordsFrom(seen)), silence(endOf(seen))]);
        const expected = expectedSignals(seen, windows);
        const actual = [...outcome.views.values()].map((view) => ({
          ...{ group: view.groupBy[0]?.value, openedAt: view.createdAt, late: view.late },
          ...{ count: view.count, firstSeen: view.firstSeen, lastSeen: view.lastSeen },
        }));
        expect(actual).toEqual(expected.map(({ members, ...signal }) => signal));
      }),
      { numRuns: 400 },
    );
  });

  it('counts every detection in exactly one signal or as a duplicate', () => {
    fc.assert(
      fc.property(rules, arrivals, (windows, seen) => {
        const { views, ledger } = run([...configOf(windows), ...entriesOf(recordsFrom(seen)), silence(endOf(seen))]);
        const counted = [...views.values()].reduce((sum, { count }) => sum + count, 0);
        expect(counted).toBe((ledger?.accepted ?? 0) - (ledger?.duplicates ?? 0));
        expect(ledger?.accepted ?? 0).toBe(seen.length);
        expect(ledger?.inSignals ?? 0).toBe(counted);
      }),
    );
  });

  it('numbers the revisions of each signal without a gap, under ids that are its own', () => {
    fc.assert(
      fc.property(rules, arrivals, (windows, seen) => {
        const { events } = run([...configOf(windows), ...entriesOf(recordsFrom(seen)), silence(endOf(seen))]);
        const next = new Map<string, number>();
        for (const { subject, data } of events) {
          const revision = (next.get(subject) ?? 0) + 1;
          next.set(subject, revision);
          expect('signal' in data ? data.signal.revision : data.revision).toBe(revision);
        }
        expect(new Set(events.map(({ id }) => id)).size).toBe(events.length);
      }),
    );
  });

  it('decides the same whenever it has been idle in between', () => {
    const pauses = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 60, maxLength: 60 });
    fc.assert(
      fc.property(rules, arrivals, pauses, (windows, seen, pauses) => {
        const records = recordsFrom(seen);
        const end = silence(endOf(seen));
        const interrupted = records.flatMap((record, index) => {
          const before = records[index - 1]?.recordedAt ?? epoch;
          const pause = before + (record.recordedAt - before) * (pauses[index] ?? 0);
          return [silence(Math.floor(pause)), ...entriesOf([record])];
        });
        const busy = run([...configOf(windows), ...entriesOf(records), end]);
        const idle = run([...configOf(windows), ...interrupted, end]);
        expect(idle.events).toEqual(busy.events);
        expect(idle.states).toEqual(busy.states);
      }),
    );
  });

  it('updates at most once a second, and is never more than a minute behind', () => {
    fc.assert(
      fc.property(rules, arrivals, (windows, seen) => {
        const { events, views } = run([...configOf(windows), ...entriesOf(recordsFrom(seen)), silence(endOf(seen))]);
        const signals = expectedSignals(seen, windows);
        for (const [index, id] of [...views.keys()].entries()) {
          const own = events.filter(({ subject }) => subject === id);
          const updates = own.filter(({ type }) => type === 'signal.updated').map(({ at }) => at);
          for (const [n, at] of updates.entries())
            if (n > 0) expect(at - (updates[n - 1] ?? 0)).toBeGreaterThanOrEqual(second);
          for (const [n, at] of (signals[index]?.members ?? []).entries()) {
            const told = own.find(({ data }) => ('signal' in data ? data.signal.count : data.count) > n);
            expect((told?.at ?? Number.POSITIVE_INFINITY) - at).toBeLessThanOrEqual(minute + second);
          }
        }
      }),
    );
  });

  it('keeps 64 live signals of a group and lets the quietest go', () => {
    const days = Array.from({ length: 70 }, (_, day) => day);
    const order = fc.shuffledSubarray(days, { minLength: 66, maxLength: 70 });
    fc.assert(
      fc.property(order, fc.array(fc.nat({ max: 69 }), { maxLength: 30 }), (first, again) => {
        const seen = [...first, ...again].map((day, n): Seen => {
          const at = { recordedAt: epoch + n, occurredAt: epoch - day * 24 * hour - n };
          return { id: `d${n}`, group: 'a', ...at };
        });
        const windows = { keepAlive: hour, maxDuration: 24 * hour, lateness: hour, deduplicateFor: hour };
        const outcome = run([...configOf(windows), ...entriesOf(recordsFrom(seen)), silence(endOf(seen))]);
        const expected = expectedSignals(seen, windows);
        expect([...outcome.views.values()].map(({ count, late }) => ({ count, late }))).toEqual(
          expected.map(({ count, late }) => ({ count, late })),
        );
        const displaced = outcome.events.filter(({ data }) => 'reason' in data && data.reason === 'displaced');
        expect(displaced.length).toBe(expected.length - 64);
      }),
      { numRuns: 6 },
    );
  });
});
