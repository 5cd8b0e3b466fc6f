import { expect, test } from 'vitest';
import type { Recorded } from '../processor.ts';
import { TableSet } from '../table.ts';
import { configTable, defaultSettings, settingsOf } from './configuration.ts';
import { configConfirmed } from './events/confirmed.ts';
import { configCreated } from './events/created.ts';
import { configDeleted } from './events/deleted.ts';
import { configRejected } from './events/rejected.ts';

const about = { org: 'main', subject: 'settings', at: 0 };
const named = { kind: 'settings', id: 'settings', name: 'settings' } as const;
const value = { ...defaultSettings, lock: 'reopen-only' };
const created = configCreated.make({ ...about, id: 'a', data: { ...named, version: 1, value, previous: null } });
const deleted = configDeleted.make({
  ...about,
  id: 'd',
  data: { ...named, version: 2, value: null, previous: value },
});
const rejected = configRejected.make({ ...about, id: 'b', data: { ...named, code: 'invalid', message: 'no' } });
const confirmed = configConfirmed.make({ ...about, id: 'c', data: { ...named, version: 1 } });

function lockAfter(...values: readonly unknown[]) {
  const tables = new TableSet([configTable]);
  for (const [seq, value] of values.entries())
    tables.apply({
      topic: 'config',
      partition: 0,
      offset: seq,
      seq,
      key: '',
      value,
      recordedAt: 0,
    } satisfies Recorded);
  const snapshot = tables.get(configTable);
  return [snapshot.version, settingsOf(snapshot.value).lock];
}

test.each([
  [[], [-1, 'all']],
  [[created], [0, 'reopen-only']],
  [
    [created, rejected, confirmed],
    [2, 'reopen-only'],
  ],
  [
    [created, deleted],
    [1, 'all'],
  ],
  [[rejected], [0, 'all']],
])('configuration is the fold of what changed it; answers count as versions only (%#)', (events, expected) => {
  expect(lockAfter(...events)).toEqual(expected);
});
