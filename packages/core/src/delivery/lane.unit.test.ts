import { describe, expect, it } from 'vitest';
import { maxAttempts } from './ladder.ts';
import {
  type AttemptReport,
  type Lane,
  type LaneStep,
  laneTable,
  type Notice,
  notifyLane,
  openLane,
  reportToLane,
  wakeLane,
} from './lane.ts';

const at = (now: number) => ({ now, leaseMs: 60_000 });
const notice = (id: string, kind: Notice['kind'] = 'escalated'): Notice => ({
  id,
  kind,
  body: 'r1',
  rule: { id: 'r', name: 'R' },
  config: 3,
});
const laneOf = ({ lane }: LaneStep): Lane => {
  if (!lane) throw new Error('the lane is gone');
  return lane;
};
const opened = openLane({ key: 'hook', sink: 'hook' }, notice('first', 'opened'), at(1_000));
const told = (verdict: AttemptReport['verdict'], more: Partial<AttemptReport> = {}): AttemptReport => ({
  deliveryId: 'first',
  attempt: 1,
  lease: 1,
  verdict,
  ...more,
});
const delivered = reportToLane(laneOf(opened), told('delivered', { remember: { ts: '1' } }), at(2_000));
const kinds = ({ effects }: LaneStep) => effects.map((effect) => effect.kind);

describe('a lane', () => {
  it('has an answer to everything that can happen in every phase', () => {
    for (const phase of Object.values(laneTable))
      expect(Object.keys(phase).sort()).toEqual(['delivered', 'due', 'newer', 'rejected', 'retry']);
  });

  it('issues its first message at once, under a lease', () => {
    expect(opened.effects).toEqual([{ kind: 'issue', head: laneOf(opened).head }]);
    expect(laneOf(opened)).toMatchObject({ told: false, head: { attempt: 1, lease: 1, phase: 'issued', at: 61_000 } });
  });

  it('keeps a few words once it was delivered', () => {
    expect(laneOf(delivered)).toEqual({
      key: 'hook',
      sink: 'hook',
      rule: { id: 'r', name: 'R' },
      told: true,
      remembered: { ts: '1' },
    });
    expect(delivered.effects).toEqual([]);
  });

  it('tries again along the ladder, then gives up and is forgotten', () => {
    let step = opened;
    for (let attempt = 1; attempt < maxAttempts; attempt += 1) {
      const waiting = reportToLane(laneOf(step), told('retry', { attempt, reason: 'HTTP 503' }), at(0));
      expect(waiting.effects).toEqual([]);
      const due = laneOf(waiting).head?.at ?? Number.NaN;
      expect(kinds(wakeLane(laneOf(waiting), at(due - 1)))).toEqual([]);
      step = wakeLane(laneOf(waiting), at(due));
      expect(laneOf(step).head).toMatchObject({ attempt: attempt + 1, lease: 1, phase: 'issued' });
    }
    const last = reportToLane(laneOf(step), told('retry', { attempt: maxAttempts, reason: 'HTTP 503' }), at(0));
    expect(last.lane).toBeUndefined();
    expect(last.effects).toMatchObject([{ kind: 'abandoned', attempts: 10, reason: 'last attempt failed: HTTP 503' }]);
  });

  it('gives up at once when the far end refuses', () => {
    const step = reportToLane(laneOf(opened), told('rejected', { reason: 'HTTP 400' }), at(2_000));
    expect(step).toMatchObject({ lane: undefined, effects: [{ kind: 'abandoned', attempts: 1, reason: 'HTTP 400' }] });
  });

  it('issues an unreported attempt again under the next lease', () => {
    const again = wakeLane(laneOf(opened), at(61_000));
    expect(laneOf(again).head).toMatchObject({ attempt: 1, lease: 2, at: 61_000 + 120_000 });
    expect(kinds(again)).toEqual(['issue']);
  });

  it('ignores reports that are late, repeated, or not about its head', () => {
    const again = laneOf(wakeLane(laneOf(opened), at(61_000)));
    for (const report of [
      told('retry'),
      told('rejected'),
      told('retry', { attempt: 2, lease: 2 }),
      told('delivered', { deliveryId: 'other' }),
      told('delivered', { attempt: 2 }),
    ])
      expect(reportToLane(again, report, at(62_000))).toEqual({ lane: again, effects: [] });
    expect(reportToLane(laneOf(delivered), told('delivered'), at(3_000))).toEqual({
      lane: laneOf(delivered),
      effects: [],
    });
  });

  it('believes that it was delivered whatever the lease', () => {
    const again = wakeLane(laneOf(opened), at(61_000));
    expect(laneOf(reportToLane(laneOf(again), told('delivered'), at(62_000))).told).toBe(true);
    const waiting = reportToLane(laneOf(again), told('retry', { lease: 2 }), at(62_000));
    expect(laneOf(reportToLane(laneOf(waiting), told('delivered'), at(63_000))).told).toBe(true);
  });

  it('lets follow-ups wait for the first message, and sends only the newest', () => {
    const one = notifyLane(laneOf(opened), notice('second'), at(2_000));
    expect(one.effects).toEqual([]);
    const two = notifyLane(laneOf(one), notice('third'), at(3_000));
    expect(two.effects).toMatchObject([{ kind: 'superseded', notice: { id: 'second' }, by: 'third' }]);
    const after = reportToLane(laneOf(two), told('delivered'), at(4_000));
    expect(after.effects).toMatchObject([{ kind: 'issue', head: { id: 'third', attempt: 1, lease: 1 } }]);
  });

  it('never supersedes the first message, even while it waits for its next attempt', () => {
    const waiting = reportToLane(laneOf(opened), told('retry'), at(2_000));
    const queued = notifyLane(laneOf(waiting), notice('second'), at(3_000));
    expect(queued.effects).toEqual([]);
    expect(laneOf(queued)).toMatchObject({ head: { id: 'first' }, next: { id: 'second' } });
  });

  it('supersedes a follow-up that waits for its next attempt', () => {
    const second = notifyLane(laneOf(delivered), notice('second'), at(3_000));
    const failed = reportToLane(laneOf(second), told('retry', { deliveryId: 'second' }), at(4_000));
    const third = notifyLane(laneOf(failed), notice('third'), at(5_000));
    expect(kinds(third)).toEqual(['superseded', 'issue']);
    expect(laneOf(third).head).toMatchObject({ id: 'third', attempt: 1 });
  });

  it('does not repeat a failed follow-up when a newer one waits', () => {
    const second = notifyLane(laneOf(delivered), notice('second'), at(3_000));
    const third = notifyLane(laneOf(second), notice('third'), at(4_000));
    expect(third.effects).toEqual([]);
    const failed = reportToLane(laneOf(third), told('retry', { deliveryId: 'second' }), at(5_000));
    expect(failed.effects).toMatchObject([
      { kind: 'superseded', notice: { id: 'second' }, by: 'third' },
      { kind: 'issue', head: { id: 'third' } },
    ]);
    expect(laneOf(failed).next).toBeUndefined();
  });

  it('gives up what waited when the first message never arrived', () => {
    const queued = notifyLane(laneOf(opened), notice('second'), at(2_000));
    const step = reportToLane(laneOf(queued), told('rejected', { reason: 'gone' }), at(3_000));
    expect(step.lane).toBeUndefined();
    expect(step.effects).toMatchObject([
      { kind: 'abandoned', notice: { id: 'first' }, reason: 'gone' },
      { kind: 'abandoned', notice: { id: 'second' }, attempts: 0 },
    ]);
  });

  it('goes on with the next message when a follow-up is refused', () => {
    const second = notifyLane(laneOf(delivered), notice('second'), at(3_000));
    const third = notifyLane(laneOf(second), notice('third'), at(4_000));
    const step = reportToLane(laneOf(third), told('rejected', { deliveryId: 'second' }), at(5_000));
    expect(kinds(step)).toEqual(['abandoned', 'issue']);
    expect(laneOf(step).told).toBe(true);
  });
});
