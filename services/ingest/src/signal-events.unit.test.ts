import { type Detection, day, hour, type Instant, minute, second, shardOf, type SignalEvent } from '@tocsin/core';
import { describe, expect, it } from 'vitest';
import { configured, detectionOf, entriesOf, epoch, recordsOf } from '../test/detections.ts';
import { groupsOf, ids, type Outcome, run, silence } from '../test/signals.ts';
import { seenKey } from './index.ts';

type Setup = Parameters<typeof configured>[0];
type Arrived = Partial<Detection> & { readonly at: Instant };

/** Detections that occur when they arrive, unless said; `at` counts from the epoch. */
const story = (arrived: readonly Arrived[], { until = 0, ...setup }: Setup & { readonly until?: Instant } = {}) =>
  run([
    ...entriesOf(configured(setup)),
    ...entriesOf(
      recordsOf(
        arrived.map(({ at, ...about }, n) => [
          epoch + at,
          detectionOf({ id: `d${n}`, occurredAt: epoch + at, ...about }),
        ]),
      ),
    ),
    silence(epoch + until),
  ]);
const typesOf = ({ events }: Outcome) => events.map(({ type }) => type.replace('signal.', ''));
const timesOf = ({ events }: Outcome) => events.map(({ at }) => at - epoch);
const closings = ({ events }: Outcome) => events.flatMap(({ data }) => ('reason' in data ? [data.reason] : []));
const onlyView = ({ views }: Outcome) => [...views.values()][0];
const elsewhere = (at: Instant) => ({ at, rule: { id: 'other', name: 'Other', tags: [] } });

describe('an opened signal', () => {
  it('carries everything, under an id that certifies it', () => {
    const { events } = story([{ at: 5, raw: '{"line":1}' }], { rules: [{ rule_id: 'nothing' }] });
    const [event] = events as readonly Extract<SignalEvent, { type: 'signal.opened' }>[];
    expect(event).toMatchObject({
      type: 'signal.opened',
      org: 'main',
      at: epoch + 5,
      id: `${event?.subject}-r1`,
      cause: { topic: 'grouped-detections', partition: 0, offset: 0, digest: 'd0' },
      data: {
        ...{ id: event?.subject, revision: 1, createdAt: epoch + 5, firstSeen: epoch + 5, lastSeen: epoch + 5 },
        ...{ count: 1, severity: 'medium', entities: ['host:web-1'], groupBy: [{ path: 'host', value: 'web-1' }] },
        ...{ late: false, windows: { keepAlive: hour, maxDuration: day }, configVersion: 0, sourceStatus: 'active' },
        samples: [{ detectionId: 'd0', occurredAt: epoch + 5, raw: '{"line":1}' }],
      },
    });
    expect(ids.read('main', event?.subject ?? '')).toEqual({
      shard: shardOf('main', 'shell-in-container'),
      createdAt: epoch + 5,
    });
  });

  it('is closed at once where keep alive is 0', () => {
    const outcome = story([{ at: 0 }, { at: 1 }], { rules: [{ rule_id: '*', keep_alive: 0 }] });
    expect(typesOf(outcome)).toEqual(['opened', 'closed', 'opened', 'closed']);
    expect([...outcome.views.values()].map(({ count, closed }) => [count, closed])).toEqual([
      [1, true],
      [1, true],
    ]);
    expect(groupsOf(outcome)).toEqual([]);
  });

  it('goes on under its own windows when the rule changes', () => {
    const [before] = recordsOf([[epoch, detectionOf({ id: 'a', occurredAt: epoch })]]);
    const [, after] = recordsOf([
      [epoch, detectionOf({ id: 'a', occurredAt: epoch })],
      [epoch + second, detectionOf({ id: 'b', occurredAt: epoch + second })],
    ]);
    if (!before || !after) throw new Error('two records expected');
    const change = entriesOf(configured({ rules: [{ rule_id: '*', keep_alive: 0 }] }));
    const outcome = run([...entriesOf([before]), ...change, ...entriesOf([after])]);
    expect(onlyView(outcome)).toMatchObject({ count: 2, configVersion: -1, windows: { keepAlive: hour } });
  });
});

describe('escalation', () => {
  const outcome = story([
    { at: 0, entities: ['host:a'], tags: ['x'], severity: 'low', attributes: { n: 1 } },
    { at: 10, entities: ['host:b'], severity: 'low' },
    { at: 20, entities: ['host:c'], tags: ['y'], severity: 'info' },
    { at: 30, entities: ['host:d'], tags: ['z'], severity: 'critical', title: 'Worse', attributes: { n: 2 } },
    { at: 40, severity: 'high', title: 'Less bad' },
  ]);

  it('is told at once, between throttled updates', () => {
    expect(typesOf(outcome)).toEqual(['opened', 'updated', 'escalated']);
    expect(timesOf(outcome)).toEqual([0, 10, 30]);
  });

  it('shows the worst detection, and keeps what was known and what was waiting', () => {
    expect(onlyView(outcome)).toMatchObject({
      ...{ severity: 'critical', title: 'Worse', attributes: { n: 2 }, count: 4, revision: 3, createdAt: epoch },
      entities: ['host:a', 'host:b', 'host:c', 'host:d'],
      tags: ['x', 'source:falco', 'team:infra', 'y', 'z'],
    });
    expect(onlyView(outcome)?.samples.map(({ detectionId }) => detectionId)).toEqual(['d0', 'd1', 'd3']);
    expect(outcome.events[2]?.data).toMatchObject({ from: 'low', signal: { entities: ['host:c', 'host:d'] } });
  });
});

describe('what the source says', () => {
  it('is told without waiting for a backed-off interval, and never opens the signal twice', () => {
    const hot = Array.from({ length: 240 }, (_, n) => ({ at: n * 250 }));
    const outcome = story([...hot, { at: minute, sourceStatus: 'resolved' }], { until: 2 * minute });
    expect(onlyView(outcome)?.sourceStatus).toBe('resolved');
    const told = outcome.events.find(({ data }) => 'sourceStatus' in data && data.sourceStatus === 'resolved');
    expect((told?.at ?? 0) - epoch - minute).toBeLessThanOrEqual(second + second / 4);
    expect(outcome.views.size).toBe(1);
  });

  it('counts when it is the newest by the source’s clock', () => {
    const resolved = { at: minute, sourceStatus: 'resolved' } as const;
    const older = { at: 2 * minute, occurredAt: epoch + second, sourceStatus: 'active' } as const;
    expect(onlyView(story([{ at: 0 }, resolved, older]))).toMatchObject({ sourceStatus: 'resolved', count: 3 });
    const again = { at: 3 * minute, sourceStatus: 'active' } as const;
    expect(onlyView(story([{ at: 0 }, resolved, again]))).toMatchObject({ sourceStatus: 'active', count: 3 });
  });

  it('opens a resolved signal where there is none to join', () => {
    expect(onlyView(story([{ at: 0, sourceStatus: 'resolved' }]))).toMatchObject({
      sourceStatus: 'resolved',
      count: 1,
    });
  });
});

describe('closing', () => {
  it('waits for the watermark and for the log time', () => {
    const early = story([{ at: 0 }, elsewhere(2 * hour)], { until: day });
    expect(closings(early)).toEqual([]);
    const passed = story([{ at: 0 }, elsewhere(2 * hour + 1)], { until: 2 * day });
    expect(closings(passed)).toEqual(['quiet']);
    const slow = story([{ at: 3 * hour, occurredAt: epoch }, elsewhere(3 * hour + 1)], { until: 3.9 * hour });
    expect(closings(slow)).toEqual([]);
  });

  it('says when the signal had become too long', () => {
    const rules = [{ rule_id: '*', keep_alive: hour, max_duration: hour }];
    const outcome = story([{ at: 0 }, { at: 50 * minute }, { at: 70 * minute }, { at: 10 * hour }], { rules });
    expect([...outcome.views.values()].map(({ count }) => count)).toEqual([2, 1, 1]);
    expect(closings(outcome)).toEqual(['max_duration', 'quiet']);
  });

  it('tells what was still waiting', () => {
    const rules = [{ rule_id: '*', keep_alive: hour, max_duration: hour }];
    const backfill = Array.from({ length: 64 }, (_, n) => ({ at: second + n, occurredAt: epoch - (n + 1) * day }));
    const outcome = story([{ at: 0 }, { at: 1 }, { at: 2, entities: ['host:z'], tags: ['late-tag'] }, ...backfill], {
      rules,
    });
    expect(closings(outcome)).toEqual(['displaced']);
    expect(onlyView(outcome)).toMatchObject({ closed: true, count: 3, entities: ['host:web-1', 'host:z'] });
    expect(onlyView(outcome)?.tags).toContain('late-tag');
  });

  it('forgets what it displaced with the last live signal, whether or not it was awake in between', () => {
    const newest = { at: 0, occurredAt: epoch };
    const older = Array.from({ length: 64 }, (_, n) => ({ at: 1 + n, occurredAt: epoch - (n + 2) * day }));
    const again = (at: Instant) => ({ at, occurredAt: epoch - minute });
    const lateOf = (outcome: Outcome) => [...outcome.views.values()].at(-1)?.late;
    expect(lateOf(story([newest, ...older, again(minute)]))).toBe(true);
    expect(lateOf(story([newest, ...older, again(2 * hour)]))).toBe(false);
    const settings = { allowed_lateness: 10 * day };
    const rules = [{ rule_id: '*', keep_alive: hour, max_duration: hour }];
    const overtaken = [elsewhere(8 * day + 1.5 * hour), again(8 * day + 1.6 * hour)];
    expect(lateOf(story([newest, ...older, ...overtaken], { settings, rules }))).toBe(false);
    const asleep = recordsOf(
      [newest, ...older, again(2 * hour)].map(({ at, occurredAt }, n) => [
        epoch + at,
        detectionOf({ id: `d${n}`, occurredAt }),
      ]),
    );
    const cut = entriesOf(asleep);
    expect(lateOf(run([...cut.slice(0, -1), silence(epoch + 1.5 * hour), ...cut.slice(-1)]))).toBe(false);
  });
});

describe('throttling', () => {
  const every = (step: number, from: number, to: number) =>
    Array.from({ length: Math.floor((to - from) / step) }, (_, n) => ({ at: from + n * step }));

  it('tells less and less of a hot signal, and more again after a quiet time', () => {
    const outcome = story([...every(250, 0, 10 * minute), ...every(250, 20 * minute, 20 * minute + 3 * second)]);
    const updates = timesOf(outcome).slice(1);
    expect(updates.slice(0, 7).map((at) => Math.round(at / second))).toEqual([0, 1, 3, 7, 15, 31, 63]);
    expect(updates.filter((at) => at < 10 * minute).length).toBeLessThanOrEqual(16);
    expect(updates.filter((at) => at >= 20 * minute)).toEqual([20 * minute, 20 * minute + second]);
  });

  it('hardly ever wakes for a signal on a silent partition', () => {
    const outcome = story([{ at: 0 }, { at: 1 }, { at: 2 }], { until: 365 * day });
    expect(outcome.wakes).toBeLessThan(30);
    expect(typesOf(outcome)).toEqual(['opened', 'updated', 'updated']);
  });
});

describe('bounds', () => {
  const many = (name: string, count: number, size: number) =>
    Array.from({ length: count }, (_, n) => `${name}-${n}-`.padEnd(size, 'é'));

  it('a signal shows 8 samples, 64 entities and 128 tags at most', () => {
    const flood = Array.from({ length: 300 }, (_, n) => ({
      ...{ at: n * minute, entities: [`host:${n}`, `host:${n + 1}`], tags: [`tag:${n}`], raw: `${n}` },
    }));
    const outcome = story(flood, { until: day });
    const view = onlyView(outcome);
    const sent = outcome.events.flatMap(({ data }) => ('newSamples' in data ? data.newSamples : []));
    expect(sent.length).toBe(7);
    expect(view).toMatchObject({ count: 300 });
    expect([view?.samples.length, view?.entities.length, view?.tags.length]).toEqual([8, 64, 128]);
  });

  it('a live signal takes at most 1 KiB of state, whatever detections show', () => {
    const worst = Array.from({ length: 200 }, (_, n) => ({
      at: n * 50,
      org: 'o'.repeat(64),
      entities: many(`host:${n}`, 64, 320),
      tags: many(`tag:${n}`, 128, 200),
    }));
    const slow = Array.from({ length: 200 }, (_, n) => ({
      ...{ at: n * 50, org: 'o'.repeat(64), entities: [`host:${n}`], tags: [`\u0001tag:${n}`] },
    }));
    expect(story(worst).bytesPerSignal).toBeLessThanOrEqual(1024);
    expect(story(slow).bytesPerSignal).toBeLessThanOrEqual(1024);
    expect(story(slow.slice(0, 100)).bytesPerSignal).toBeGreaterThan(700);
  });
});

describe('de-duplication', () => {
  it('counts the same detection once within the window, which starts with the first', () => {
    const again = (at: Instant) => ({ at, id: 'same' });
    const outcome = story([again(0), again(1), again(hour - 1), again(hour), again(hour + 1)], {
      until: hour + second,
    });
    expect(outcome.ledger).toEqual({ accepted: 5, inSignals: 2, duplicates: 3, suppressed: 0, excluded: 0 });
    expect(onlyView(outcome)?.count).toBe(2);
  });

  it('forgets', () => {
    expect(story([{ at: 0, id: 'a' }], { until: hour - 1 }).states.has(seenKey('a'))).toBe(true);
    expect(story([{ at: 0, id: 'a' }], { until: hour }).states.has(seenKey('a'))).toBe(false);
    const off = story([{ at: 0 }, { at: 0, id: 'd0' }], { settings: { deduplicate_for: 0 } });
    expect(off.ledger).toMatchObject({ inSignals: 2, duplicates: 0 });
  });
});

it('groups by what the rule names, and missing values together', () => {
  const rules = [{ rule_id: 'shell-in-container', group_by: ['usr.name'] }];
  const as = (name: string | undefined) => ({ at: 0, attributes: name === undefined ? {} : { usr: { name } } });
  const outcome = story([as('root'), as('ann'), as(undefined), as('root'), as(undefined)], { rules });
  expect([...outcome.views.values()].map(({ groupBy }) => groupBy)).toEqual(
    ['root', 'ann', 'N/A'].map((value) => [{ path: 'usr.name', value }]),
  );
  expect(outcome.ledger?.inSignals).toBe(5);
});
