import { defaultOrg } from '@tocsin/core';
import { guessFormat, intake } from '@tocsin/detectors';
import { nodeDigest } from '@tocsin/runtime';
import { describe, expect, test } from 'vitest';
import { Checks } from './checks.ts';
import { type Act, outcome, storyUntil } from './story.ts';

const end = Date.UTC(2026, 0, 31, 12);

const read = ({ format, lines }: Act) =>
  intake({
    format,
    body: new TextEncoder().encode(lines.join('\n')),
    org: defaultOrg,
    receivedAt: end,
    digest: nodeDigest,
  });

describe('the story of the demo', () => {
  test.each(storyUntil(end).map((act) => [act.format, act] as const))('%s is read as its act expects', (_, act) => {
    const { detections, skipped, rejected } = read(act);
    const counts = { skipped: [...skipped.values()].reduce((sum, count) => sum + count, 0), rejected: rejected.length };
    expect({ accepted: detections.length, ...counts }).toEqual(act.expected);
    expect(detections.flatMap(({ flags }) => flags)).toEqual([]);
  });

  test('its lines look like the tools that they are said to come from', () => {
    for (const { format, lines } of storyUntil(end)) expect(guessFormat(JSON.parse(lines[0] ?? ''))).toBe(format);
  });

  test('its sums are those that the demo checks', () => {
    const acts = storyUntil(end).map(({ expected }) => expected);
    const accepted = acts.reduce((sum, expected) => sum + expected.accepted, 0);
    const unread = acts.reduce((sum, { rejected }) => sum + rejected, 0);
    expect({ accepted: accepted + unread, deadLetters: unread, inSignals: accepted - outcome.duplicates }).toEqual({
      accepted: outcome.accepted,
      deadLetters: outcome.deadLetters,
      inSignals: outcome.inSignals,
    });
    const ids = storyUntil(end).flatMap((act) => read(act).detections.map(({ id }) => id));
    expect(ids.length - new Set(ids).size).toBe(outcome.duplicates);
  });
});

test('a claim that does not hold is counted', () => {
  const checks = new Checks();
  checks.same('one is one', 1, 1);
  checks.same('one is two', 1, 2);
  checks.that('nothing', false, []);
  expect(checks.failed).toBe(2);
});
