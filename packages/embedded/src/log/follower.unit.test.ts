import { expect, it } from 'vitest';
import { Follower } from './follower.ts';
import type { Placed } from './segment.ts';

const record = (offset: number, text: string): Placed => ({
  gid: offset,
  record: { topic: 'signals', partition: 0, offset, key: 'k', value: text, recordedAt: 0 },
  text,
});
const long = 'x'.repeat(8 * 1024 * 1024);

it('cuts off a reader for which too much waits, though in few records', () => {
  const follower = new Follower(['signals']);
  for (let offset = 0; offset < 7; offset += 1) follower.offer([record(offset, long)]);
  expect(follower.overrun).toBe(false);
  follower.offer([record(7, long)]);
  expect(follower.overrun).toBe(true);
});

it('counts only what waits', async () => {
  const follower = new Follower(['signals']);
  for (let offset = 0; offset < 20; offset += 1) {
    follower.offer([record(offset, long)]);
    expect(await follower.take()).toHaveLength(1);
  }
  expect(follower.overrun).toBe(false);
});
