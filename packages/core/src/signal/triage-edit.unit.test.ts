import { describe, expect, test } from 'vitest';
import type { DecisionContext } from '../command.ts';
import { type Configuration, emptyConfiguration } from '../config/configuration.ts';
import { settingsObject, userObject } from '../config/objects.ts';
import type { Command, Origin } from '../envelope.ts';
import { day } from '../time.ts';
import { comment } from './commands/comment.ts';
import { lifecycles, locks, type SignalState, signalStates } from './lifecycle.ts';
import { decideEdit, type TriageEdit } from './triage-edit.ts';
import { type Triage, untriaged } from './triage.ts';

const createdAt = Date.UTC(2026, 0, 1);
const anna = userObject.parse({ uuid: '0b0c6a5e-6b1c-4f2e-9b1a-3f1f6f0a1a11', handle: 'anna', name: 'Anna' });
const gone = userObject.parse({
  uuid: '0b0c6a5e-6b1c-4f2e-9b1a-3f1f6f0a1a12',
  handle: 'gone',
  name: 'Gone',
  disabled: true,
});
const by: Origin = {
  commandId: 'c1',
  actor: { type: 'USER', id: 'admin', name: 'Admin', email: 'admin@tocsin.example' },
  authMethod: 'TOKEN',
  acceptedAt: createdAt,
};
const admin = { uuid: 'admin', handle: 'admin@tocsin.example', name: 'Admin' };

const configured = (settings: object): Configuration => ({
  ...emptyConfiguration,
  user: new Map([anna, gone].map((value) => [value.uuid, { id: value.uuid, version: 1, value }])),
  settings: new Map([['settings', { id: 'settings', version: 1, value: settingsObject.parse(settings) }]]),
});
interface Case {
  readonly triage?: Triage;
  readonly now?: number;
  readonly settings?: object;
}
const contextOf = ({ triage = untriaged, now = createdAt + 5, settings = {} }: Case): DecisionContext =>
  frozen({ triage, createdAt, now, configuration: configured(settings), configVersion: 7 });
const decided = (data: TriageEdit, about: Case = {}) =>
  decideEdit(frozen<Command<string, TriageEdit>>({ type: 'x', org: 'main', subject: 's', data, by }), contextOf(about));

function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    Object.freeze(value);
    for (const inner of Object.values(value)) frozen(inner);
  }
  return value;
}
const inState = (state: SignalState): Triage => ({ ...untriaged, state, version: 4, archiveReason: 'none' });

describe('every cell of the lifecycle', () => {
  const refusedCells = new Set(['documented archived under_review']);
  const cells = lifecycles.flatMap((lifecycle) =>
    signalStates.flatMap((from) => signalStates.map((to) => [lifecycle, from, to] as const)),
  );
  test.each(cells)('%s: %s → %s', (lifecycle, from, to) => {
    const result = decided({ state: to }, { triage: inState(from), settings: { lifecycle } });
    if (refusedCells.has(`${lifecycle} ${from} ${to}`))
      expect(result).toEqual({
        ok: false,
        code: 'invalid_transition',
        message: 'archived → under_review is not possible: set it to open first',
      });
    else
      expect(result).toMatchObject({
        ok: true,
        triage: { state: to, version: 5, stateAt: createdAt + 5, stateBy: admin, archiveReason: 'none' },
      });
  });
});

describe('the lock', () => {
  const edge = createdAt + 30 * day;
  const edits: readonly [string, SignalState, TriageEdit, boolean][] = [
    ['open it stays', 'open', { state: 'open' }, false],
    ['archive', 'open', { state: 'archived' }, false],
    ['archive again', 'archived', { state: 'archived' }, false],
    ['assign', 'open', { assignee: 'me' }, false],
    ['assign an archived one', 'archived', { assignee: 'me' }, false],
    ['incidents', 'open', { incidentIds: [1] }, false],
    ['reopen', 'archived', { state: 'open' }, true],
    ['reopen and assign', 'archived', { state: 'open', assignee: 'me' }, true],
  ];
  const cases = locks.flatMap((lock) =>
    edits.flatMap(([name, from, edit, reopens]) =>
      [-1, 0, 1].map((late) => [lock, name, late, from, edit, late > 0 && (lock === 'all' || reopens)] as const),
    ),
  );
  test.each(cases)('%s: %s at 30 days %i ms', (lock, _, late, from, edit, refused) => {
    const result = decided(edit, { triage: inState(from), now: edge + late, settings: { lock } });
    if (refused) expect(result).toMatchObject({ ok: false, code: 'locked' });
    else expect(result).toMatchObject({ ok: true });
  });

  test('the refusal names the date', () => {
    expect(decided({ state: 'archived' }, { now: edge + 1 })).toEqual({
      ok: false,
      code: 'locked',
      message:
        'locked since 2026-01-31T00:00:00.000Z, 30 days after the signal was created: its triage cannot be changed any more; comments stay possible',
    });
    expect(
      decided({ state: 'open' }, { triage: inState('archived'), now: edge + 1, settings: { lock: 'reopen-only' } }),
    ).toMatchObject({ message: expect.stringContaining('it cannot be reopened any more') });
  });

  test('reopening into under review is reopening too', () => {
    const settings = { lock: 'reopen-only', lifecycle: 'any' };
    expect(decided({ state: 'under_review' }, { triage: inState('archived'), now: edge + 1, settings })).toMatchObject({
      code: 'locked',
    });
  });

  test('comments stay possible', () => {
    const command = { type: 'signal.comment', org: 'main', subject: 's', data: { text: 'late news' }, by } as const;
    expect(comment.decide(command, contextOf({ now: edge + 1 }))).toEqual({
      ok: true,
      triage: untriaged,
      data: { commentId: 'c1', text: 'late news', configVersion: 7 },
    });
  });
});

describe('the version that the caller saw', () => {
  test.each([
    [4, true],
    [3, false],
    [5, false],
    [0, false],
  ])('%i against 4', (expectedVersion, ok) => {
    const result = decided({ assignee: '', expectedVersion }, { triage: inState('open') });
    expect(result).toMatchObject(ok ? { ok } : { ok, code: 'version_conflict' });
  });

  test('is looked at after the lock and before the transition', () => {
    const triage = inState('archived');
    const edit: TriageEdit = { state: 'under_review', expectedVersion: 1 };
    expect(decided(edit, { triage })).toMatchObject({ code: 'version_conflict' });
    expect(decided(edit, { triage, now: createdAt + 31 * day })).toMatchObject({ code: 'locked' });
  });
});

describe('assigning', () => {
  test.each([
    ['a configured user', anna.uuid, { uuid: anna.uuid, handle: 'anna', name: 'Anna' }],
    ['me', 'me', admin],
    ['the caller by its id', 'admin', admin],
  ])('%s', (_, assignee, user) => {
    expect(decided({ assignee })).toMatchObject({ ok: true, triage: { assignee: user, version: 1 } });
  });

  test('does not change or stamp the state', () => {
    const before: Triage = { ...inState('under_review'), stateAt: 1, stateBy: admin };
    const result = decided({ assignee: anna.uuid }, { triage: before });
    expect(result).toMatchObject({ triage: { state: 'under_review', stateAt: 1, stateBy: admin } });
  });

  test('the empty uuid unassigns', () => {
    const result = decided({ assignee: '' }, { triage: { ...untriaged, assignee: admin } });
    expect(result.ok && result.triage).toEqual({ ...untriaged, version: 1 });
  });

  test.each([
    ['0b0c6a5e-6b1c-4f2e-9b1a-3f1f6f0a1a19', 'no user 0b0c6a5e-6b1c-4f2e-9b1a-3f1f6f0a1a19 is configured'],
    [gone.uuid, 'Gone is disabled and cannot be assigned'],
  ])('%s is refused', (assignee, message) => {
    expect(decided({ assignee, state: 'archived' })).toEqual({ ok: false, code: 'unknown_user', message });
  });

  test('a configured caller is named as configuration names it', () => {
    const command: Command<string, TriageEdit> = {
      type: 'x',
      org: 'main',
      subject: 's',
      data: { state: 'open' },
      by: { ...by, actor: { type: 'USER', id: anna.uuid, name: 'somebody' } },
    };
    expect(decideEdit(command, contextOf({}))).toMatchObject({ triage: { stateBy: { name: 'Anna' } } });
  });
});

describe('archiving', () => {
  const archived = decided({ state: 'archived', archiveReason: 'other', archiveComment: 'noise' });
  const before = archived.ok ? archived.triage : untriaged;

  test('reason and comment are kept, the comment with its own author and time', () => {
    expect(before).toEqual({
      state: 'archived',
      version: 1,
      stateAt: createdAt + 5,
      stateBy: admin,
      archiveReason: 'other',
      archiveComment: 'noise',
      archiveCommentAt: createdAt + 5,
      archiveCommentBy: admin,
      incidentIds: [],
    });
  });

  test('the reason is none unless given', () => {
    expect(decided({ state: 'archived' })).toMatchObject({ triage: { archiveReason: 'none' } });
  });

  test('archiving again re-stamps the state, not the comment', () => {
    const again = decided({ state: 'archived' }, { triage: before, now: createdAt + 99 });
    expect(again).toMatchObject({
      triage: {
        stateAt: createdAt + 99,
        archiveReason: 'other',
        archiveComment: 'noise',
        archiveCommentAt: createdAt + 5,
      },
    });
  });

  test('another comment does not stamp the state', () => {
    const again = decided({ archiveComment: 'really' }, { triage: before, now: createdAt + 99 });
    expect(again).toMatchObject({
      triage: { stateAt: createdAt + 5, archiveComment: 'really', archiveCommentAt: createdAt + 99 },
    });
  });

  test('the empty comment takes it away', () => {
    const again = decided({ archiveComment: '' }, { triage: before });
    expect(again.ok && Object.keys(again.triage).filter((key) => key.startsWith('archiveC'))).toEqual([]);
  });

  test('reopening clears reason and comment', () => {
    const reopened = decided({ state: 'open', archiveReason: 'none' }, { triage: before });
    expect(reopened.ok && reopened.triage).toEqual({
      ...untriaged,
      version: 2,
      stateAt: createdAt + 5,
      stateBy: admin,
    });
  });

  test.each<TriageEdit>([
    { state: 'open', archiveReason: 'other' },
    { archiveComment: 'x' },
    { archiveReason: 'other' },
  ])('%j has no place on a signal that is not archived', (edit) => {
    expect(decided(edit)).toMatchObject({ ok: false, code: 'invalid_command' });
  });
});

test('incident ids replace the list, each once', () => {
  expect(decided({ incidentIds: [3, 1, 3] }, { triage: { ...untriaged, incidentIds: [9] } })).toMatchObject({
    triage: { incidentIds: [3, 1] },
  });
});

test('an edit without content is refused', () => {
  expect(decided({ expectedVersion: 0 })).toMatchObject({ ok: false, code: 'invalid_command' });
});

test('the event tells the block before and after, what was asked and on which configuration', () => {
  const edit: TriageEdit = { state: 'under_review', assignee: 'me' };
  const result = decided(edit);
  expect(result.ok && result.data).toEqual({
    before: untriaged,
    after: { ...untriaged, state: 'under_review', version: 1, stateAt: createdAt + 5, stateBy: admin, assignee: admin },
    asked: edit,
    configVersion: 7,
  });
});
