import { expect, it } from 'vitest';
import { EmbeddedLog } from './embedded-log.ts';

it.each([false, true])('lets others have their turn while a long log is read (follow: %s)', async (follow) => {
  const log = new EmbeddedLog({});
  const count = 5_000;
  const drafts = Array.from({ length: count }, (_, value) => ({
    topic: 'grouped-detections' as const,
    key: 'k',
    value,
    shard: 0,
  }));
  await log.append(drafts);
  const end = new AbortController();
  let turns = 0;
  const turn = () => {
    turns += 1;
    if (!end.signal.aborted) setImmediate(turn);
  };
  setImmediate(turn);
  const seen: unknown[] = [];
  for await (const batch of log.read({ topics: ['grouped-detections'], from: 'start', follow, signal: end.signal })) {
    seen.push(...batch.map(({ value }) => value));
    if (seen.length === count) end.abort();
  }
  expect(seen).toEqual(drafts.map(({ value }) => value));
  expect(turns).toBeGreaterThanOrEqual(5);
  await log.close();
});
