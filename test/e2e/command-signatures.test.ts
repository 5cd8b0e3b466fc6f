import { randomBytes, randomUUID } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Append,
  type Command,
  CommandKeys,
  commandAppend,
  configAppend,
  type Origin,
  type SignedCommand,
} from '@tocsin/core';
import { EmbeddedLog } from '@tocsin/embedded';
import { commandSecrets, nodeDigest } from '@tocsin/runtime';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { at, eventually, Stack } from './stack-harness.ts';

/** Somebody else than the api writes commands: while the program is down, as another process could on a broker. */
const base = '/api/v2/security_monitoring/signals';
const eve = '7d444840-9dc0-41f1-95a1-b8d44d2b3a66';

let stack: Stack;
beforeAll(async () => {
  stack = await Stack.start();
});
afterAll(() => stack?.remove());

async function open(name: string): Promise<string> {
  await stack.post('/api/v2/detections/tocsin', { json: { title: name, rule: { id: name, name } } });
  const { body } = await stack.get(`${base}?filter[query]=${encodeURIComponent(`@workflow.rule.id:"${name}"`)}`);
  return String(at(body, 'data', 0, 'id'));
}
const setState = (id: string, state: string, more: object = {}) =>
  stack.patch(`${base}/${id}/state`, { json: { data: { attributes: { state, ...more } } } });
const triageOf = async (id: string) =>
  at((await stack.get(`${base}/${id}`)).body, 'data', 'attributes', 'custom', 'workflow', 'triage');

/** Appends behind the program's back, then lets it go on. */
async function smuggle(...records: readonly Append[]): Promise<void> {
  await stack.stop();
  const log = new EmbeddedLog({ path: join(stack.data, 'log.db') });
  await log.append(records);
  await log.close();
  await stack.resume();
}
const keys = async () => new CommandKeys({ digest: nodeDigest, secrets: await commandSecrets(stack.data) });
const strangers = new CommandKeys({ digest: nodeDigest, secrets: [randomBytes(32)] });

const by = (more: Partial<Origin> = {}): Origin => ({
  commandId: `smuggled-${randomUUID()}`,
  actor: { type: 'USER', id: 'ana', name: 'Ana' },
  authMethod: 'TOKEN',
  acceptedAt: Date.now(),
  permission: 'security_monitoring_signals_write',
  ...more,
});
const archive = (subject: string, more: Partial<Origin> = {}): Command => ({
  type: 'signal.set_state',
  org: 'main',
  subject,
  data: { state: 'archived', expectedVersion: 1 },
  by: by(more),
});
type Touch = (signed: SignedCommand) => Partial<SignedCommand>;
const touched = (signed: Append<SignedCommand>, touch: Touch): Append => ({
  ...signed,
  value: { ...signed.value, ...touch(signed.value) },
});
const told = { actor: { type: 'USER', id: eve, name: 'Eve' } } as const;

/** The audit records of commands with this id, whether it is proved or only claimed. */
async function audited(commandId: string): Promise<readonly unknown[]> {
  const { body } = await stack.get('/api/v2/audit/events?page[limit]=1000');
  return (at(body, 'data') as readonly unknown[]).filter(
    (record) =>
      at(record, 'event', 'data', 'claimed', 'commandId') === commandId ||
      at(record, 'attributes', 'attributes', 'metadata', 'command_id') === commandId,
  );
}
const auditedOnce = (commandId: string): Promise<unknown> =>
  eventually(`the audit record of ${commandId}`, async () => {
    const records = await audited(commandId);
    expect(records.length).toBeLessThan(2);
    return records[0];
  });

const forged: readonly (readonly [what: string, code: string, touch: Touch])[] = [
  ['unsigned', 'unsigned', () => ({ signature: undefined as never })],
  ['of an unknown key', 'unknown_key', (signed) => strangers.sign(signed)],
  ['with another actor', 'bad_signature', (signed) => ({ by: { ...signed.by, ...told } })],
  ['with another state', 'bad_signature', () => ({ data: { state: 'open', expectedVersion: 1 } })],
  ['with another expected version', 'bad_signature', () => ({ data: { state: 'archived' } })],
  [
    'under another command id',
    'bad_signature',
    (signed) => ({ by: { ...signed.by, commandId: `${signed.by.commandId}-2` } }),
  ],
];

describe('commands on signals', () => {
  test('are refused and audited once where no door has accepted them, and change nothing', async () => {
    const id = await open('forged');
    await setState(id, 'under_review');
    const before = await triageOf(id);
    const signer = await keys();
    const sent = forged.map(([what, code, touch]) => {
      const record = touched(commandAppend(archive(id), signer), touch);
      return { what, code, record, origin: (record.value as Command).by };
    });
    await smuggle(...sent.map(({ record }) => record));
    for (const { what, code, origin } of sent) {
      expect(await auditedOnce(origin.commandId), what).toMatchObject({
        attributes: {
          service: 'triage',
          attributes: { action: 'refused', status: 'warn', usr: { id: 'triage' }, asset: { id } },
        },
        event: { type: 'command.rejected', data: { code, claimed: origin } },
      });
    }
    expect(await triageOf(id)).toEqual(before);
    const { body } = await stack.get('/api/v2/deadletters');
    expect(at(body, 'data')).toEqual([]);
  });

  test('are refused when they come late, in the name of who is proved to have sent them', async () => {
    const id = await open('late');
    await setState(id, 'under_review');
    const late = archive(id, { acceptedAt: Date.now() - 61_000 });
    await smuggle(commandAppend(late, await keys()));
    expect(await auditedOnce(late.by.commandId)).toMatchObject({
      attributes: { attributes: { action: 'refused', usr: { id: 'ana' } } },
      event: { type: 'command.rejected', data: { code: 'stale_decision' } },
    });
    expect(await triageOf(id)).toMatchObject({ state: 'under_review', version: 1 });
  });

  test('are applied when they bear the signature of a door', async () => {
    const id = await open('genuine');
    await setState(id, 'under_review');
    const genuine = archive(id);
    await smuggle(commandAppend(genuine, await keys()));
    expect(await auditedOnce(genuine.by.commandId)).toMatchObject({ event: { type: 'signal.state_changed' } });
    expect(await triageOf(id)).toMatchObject({ state: 'archived', version: 2 });
  });
});

test('commands on the configuration are refused and audited once where no door has accepted them', async () => {
  const id = await open('configured');
  const value = { uuid: eve, handle: 'eve@example.com', name: 'Eve' };
  const signer = await keys();
  const put = (more: Partial<Origin> = {}) =>
    configAppend({ type: 'config.put', data: { kind: 'user', id: eve, value } }, { by: by(more), signer });
  const [unsigned, strange, late] = [put(), put(), put({ acceptedAt: Date.now() - 61_000 })];
  await smuggle(
    touched(unsigned, () => ({ signature: undefined as never })),
    touched(strange, (signed) => strangers.sign(signed)),
    late,
  );
  for (const [{ value: command }, code] of [
    [unsigned, 'unsigned'],
    [strange, 'unknown_key'],
    [late, 'stale_decision'],
  ] as const)
    expect(await auditedOnce(command.by.commandId), code).toMatchObject({
      attributes: { attributes: { action: 'refused', asset: { id: eve } } },
      event: { type: 'config.rejected', data: { code } },
    });
  const assign = await stack.patch(`${base}/${id}/assignee`, {
    json: { data: { attributes: { assignee: { uuid: eve } } } },
  });
  expect(assign).toMatchObject({ status: 400, body: { errors: [{ code: 'unknown_user' }] } });
});

test('a new secret takes over: the old one holds while it is listed, and no longer', async () => {
  const id = await open('rotated');
  const list = join(stack.data, 'command.secrets');
  const [old, former] = [await keys(), Buffer.from((await commandSecrets(stack.data))[0] ?? []).toString('hex')];
  const next = randomBytes(32).toString('hex');

  const unread = archive(id);
  const appended = commandAppend({ ...unread, data: { state: 'archived' } }, old);
  writeFileSync(list, `${next}\n${former}\n`, { mode: 0o600 });
  await smuggle(appended);
  expect(await auditedOnce(unread.by.commandId)).toMatchObject({ event: { type: 'signal.state_changed' } });
  expect(await setState(id, 'open')).toMatchObject({ status: 200 });

  writeFileSync(list, `${next}\n`);
  const leaked = archive(id);
  await smuggle(commandAppend(leaked, old));
  expect(await auditedOnce(leaked.by.commandId)).toMatchObject({ event: { data: { code: 'unknown_key' } } });
  expect(await setState(id, 'under_review')).toMatchObject({ status: 200 });
  expect(await triageOf(id)).toMatchObject({ state: 'under_review', version: 3 });
  rmSync(list);
});
