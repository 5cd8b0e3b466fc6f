import { setTimeout as pause } from 'node:timers/promises';
import type { PageOf } from './shapes.ts';

/** Each try waits at the server for the read model, too. */
const tries = 10;

/** Reads until no page says that the read model is behind the log; after some tries what there is, and `fresh` false. */
export async function freshly<T extends PageOf<unknown>>(
  load: () => Promise<readonly T[]>,
  pauseMs = 500,
): Promise<{ readonly value: readonly T[]; readonly fresh: boolean }> {
  for (let left = tries; ; left -= 1) {
    const value = await load();
    const fresh = !value.some(({ meta }) => meta?.warnings?.some(({ code }) => code === 'stale'));
    if (fresh || left <= 1) return { value, fresh };
    await pause(pauseMs);
  }
}
