import { describe, expect, it } from 'vitest';
import { minute, second } from '../time.ts';
import { hurried, paceAfter, startPace } from './update-pace.ts';

describe('the pace of updates', () => {
  it('lets the first one out at once, then doubles up to a minute while the signal stays hot', () => {
    let pace = startPace(0);
    const intervals = Array.from({ length: 9 }, () => {
      pace = paceAfter(pace, pace.nextAt);
      return pace.interval / second;
    });
    expect(intervals).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60]);
  });

  it('halves for each interval of quiet, down to a second', () => {
    const hot = { nextAt: 0, interval: minute };
    expect(paceAfter(hot, minute - 1).interval).toBe(minute);
    expect(paceAfter(hot, minute).interval).toBe(minute / 2);
    expect(paceAfter(hot, minute * 1.5).interval).toBe(minute / 4);
    expect(paceAfter(hot, minute * 2).interval).toBe(second);
    expect(paceAfter({ nextAt: 0, interval: second }, second)).toEqual({ nextAt: 2 * second, interval: second });
  });

  it('keeps whole milliseconds', () => {
    for (let quiet = 0; quiet < 3 * minute; quiet += 997)
      expect(Number.isInteger(paceAfter({ nextAt: 0, interval: minute }, quiet).nextAt)).toBe(true);
  });

  it('lets news pass a second after the last update', () => {
    expect(hurried({ nextAt: 100 * second, interval: minute })).toEqual({ nextAt: 41 * second, interval: second });
    expect(hurried(startPace(7))).toEqual(startPace(7));
  });
});
