import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { type Append, defaultOrg, type EventLog, serviceStarted, serviceStopped } from '@tocsin/core';
import type { Lifecycle } from './lifecycle.ts';

export interface StartAbout {
  /** As it is called in the records. */
  readonly service: string;
  readonly version: string;
}

/** Records that the process came up, and, when it goes down in good order, that it did. */
export async function recordStart(
  { log, lifecycle }: { readonly log: EventLog; readonly lifecycle: Lifecycle },
  { service, version }: StartAbout,
): Promise<void> {
  const instance = `${hostname().slice(0, 80)}-${randomUUID()}`;
  const about = { org: defaultOrg, subject: service };
  const started = { service, instance, version, pid: process.pid };
  const stopped = { service, instance, reason: 'asked to stop' };
  const activity = (value: unknown): Append => ({ topic: 'activity', key: service, shard: 0, value });
  await lifecycle.step({
    name: 'record of the start',
    start: () =>
      log.append([
        activity(serviceStarted.make({ ...about, id: `started-${instance}`, at: Date.now(), data: started })),
      ]),
    stop: async () => {
      await log.append([
        activity(serviceStopped.make({ ...about, id: `stopped-${instance}`, at: Date.now(), data: stopped })),
      ]);
    },
  });
}
