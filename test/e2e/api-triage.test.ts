import { SignalIds } from '@tocsin/core';
import { installationSecret, nodeDigest } from '@tocsin/runtime';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, at, Stack } from './stack-harness.ts';

/** "Triage, exactly", through the door of the running program. */
const ana = { uuid: '7d444840-9dc0-41f1-95a1-b8d44d2b3a11', handle: 'ana@example.com', name: 'Ana' };
const admin = { uuid: '00000000-0000-4000-8000-000000000001', handle: 'Administrator', name: 'Administrator' };
const nobody = { uuid: '', handle: '', name: 'Unassigned' };
const left = '11111111-2222-4333-8444-555555555555';
const users = `users:
  - {uuid: ${ana.uuid}, handle: ${ana.handle}, name: ${ana.name}}
  - {uuid: ${left}, handle: left@example.com, name: Left, disabled: true}
`;
const base = '/api/v2/security_monitoring/signals';

let stack: Stack;
beforeAll(async () => {
  stack = await Stack.start({ rules: users });
});
afterAll(() => stack?.remove());

/** A new signal; its id. */
async function open(name: string): Promise<string> {
  await stack.post('/api/v2/detections/tocsin', { json: { title: name, rule: { id: name, name } } });
  const { body } = await stack.get(`${base}?filter[query]=${encodeURIComponent(`@workflow.rule.id:"${name}"`)}`);
  return String(at(body, 'data', 0, 'id'));
}
const edit = (id: string, verb: string, attributes: object, headers: Record<string, string> = {}): Promise<Answer> =>
  stack.patch(`${base}/${id}/${verb}`, { json: { data: { attributes } }, headers });
const setState = (id: string, state: string, more: object = {}, headers: Record<string, string> = {}) =>
  edit(id, 'state', { state, ...more }, headers);
const stated = (state: string, version: number) => ({
  status: 200,
  body: { data: { type: 'signal_metadata', attributes: { state, version } } },
});
const refused = (status: number, code: string, detail: RegExp | string = '') => ({
  status,
  body: { errors: [{ status: String(status), code, detail: expect.stringMatching(detail) as string }] },
});

interface AuditLine {
  readonly attributes: {
    readonly message: string;
    readonly attributes: { readonly action: string; readonly evt: { readonly name: string } };
  };
}
async function timeline(id: string): Promise<readonly AuditLine[]> {
  const { body } = await stack.get(`${base}/${id}/timeline?page[limit]=1000`);
  return at(body, 'data') as readonly AuditLine[];
}

test('a signal begins open, unassigned, at version 0; each edit answers with the new triage block', async () => {
  const id = await open('lifecycle');
  const signal = await stack.get(`${base}/${id}`);
  expect(at(signal.body, 'data', 'attributes', 'custom', 'workflow', 'triage')).toMatchObject({
    state: 'open',
    version: 0,
    assignee: nobody,
    incidentIds: [],
    archiveReason: 'none',
  });
  const before = Date.now();
  const answer = await setState(id, 'under_review', { version: 0 });
  expect(answer).toMatchObject(stated('under_review', 1));
  const { attributes } = at(answer.body, 'data') as { attributes: Record<string, unknown> };
  expect(attributes).toMatchObject({ assignee: nobody, incident_ids: [], state_update_user: admin });
  expect(Number(attributes.state_update_timestamp)).toBeGreaterThan(before - 1_000);

  const archived = await setState(id, 'archived', { archive_reason: 'false_positive', archive_comment: 'a test' });
  expect(archived).toMatchObject(stated('archived', 2));
  expect(at(archived.body, 'data', 'attributes')).toMatchObject({
    archive_reason: 'false_positive',
    archive_comment: 'a test',
    archive_comment_user: admin,
  });
  const reopened = await setState(id, 'open');
  expect(reopened).toMatchObject(stated('open', 3));
  expect(at(reopened.body, 'data', 'attributes')).toMatchObject({ archive_reason: 'none' });
  expect(at(reopened.body, 'data', 'attributes')).not.toHaveProperty('archive_comment');
});

test('the same state again is accepted and stamped anew; archived to under review is not', async () => {
  const id = await open('again');
  expect(await setState(id, 'open')).toMatchObject(stated('open', 1));
  expect(await setState(id, 'archived')).toMatchObject(stated('archived', 2));
  expect(await setState(id, 'under_review')).toMatchObject({
    ...refused(400, 'invalid_transition', 'open'),
    body: { errors: [{ meta: { current: { state: 'archived', version: 2 } } }] },
  });
});

test('a version other than the current one is a conflict that shows the current block', async () => {
  const id = await open('versions');
  await setState(id, 'under_review', { version: 0 });
  for (const version of [0, 2])
    expect(await setState(id, 'archived', { version })).toMatchObject({
      status: 409,
      body: { errors: [{ code: 'version_conflict', meta: { current: { state: 'under_review', version: 1 } } }] },
    });
});

test('of many edits of the same version exactly one wins', async () => {
  const id = await open('race');
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, n) => edit(id, 'incidents', { incident_ids: [n], version: 0 })),
  );
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  expect(answers.filter(({ status }) => status === 409)).toHaveLength(19);
});

test('a signal that does not exist is a 404, whether its id is malformed or forged', async () => {
  const id = await open('forged');
  const forged = `${id.slice(0, -1)}${id.endsWith('a') ? 'b' : 'a'}`;
  for (const unknown of ['nonsense', forged, 'a\0b', "';--", 'é'.repeat(80)])
    expect(await setState(encodeURIComponent(unknown), 'archived')).toMatchObject(refused(404, 'signal_not_found'));
  expect(await stack.get(`${base}/${forged}`)).toMatchObject(refused(404, 'signal_not_found', forged));
});

test('a signal is locked 30 days after it was created; comments stay possible', async () => {
  // An id certifies itself, so that of an old signal can be made with the secret of the installation.
  const ids = new SignalIds({ digest: nodeDigest, secret: await installationSecret(stack.data) });
  const aged = (days: number) =>
    ids.make({ org: 'main', shard: 0, createdAt: Date.now() - days * 86_400_000, cause: 'old' });
  expect(await setState(aged(29), 'archived')).toMatchObject(stated('archived', 1));
  const old = aged(31);
  const since = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10);
  expect(await setState(old, 'archived')).toMatchObject(refused(403, 'locked', since));
  expect(await edit(old, 'assignee', { assignee: { uuid: 'me' } })).toMatchObject(refused(403, 'locked'));
  const comment = await stack.post(`${base}/${old}/comments`, { json: { data: { attributes: { text: 'still' } } } });
  expect(comment.status).toBe(200);
});

describe('assignment', () => {
  test('to a user of the rules file, to me, and to nobody', async () => {
    const id = await open('assign');
    const assigned = async (uuid: string) =>
      at((await edit(id, 'assignee', { assignee: { uuid } })).body, 'data', 'attributes', 'assignee');
    expect(await assigned(ana.uuid)).toEqual(ana);
    expect(await assigned('me')).toEqual(admin);
    expect(await assigned('')).toEqual(nobody);
  });
  test('not to somebody unknown or disabled', async () => {
    const id = await open('assign nobody');
    for (const uuid of ['bob', left])
      expect(await edit(id, 'assignee', { assignee: { uuid } })).toMatchObject(refused(400, 'unknown_user'));
    expect((await edit(id, 'assignee', { assignee: { uuid: 'me' }, version: 0 })).status).toBe(200);
  });
});

test('an update changes several things together, as one version, or nothing', async () => {
  const id = await open('update');
  const attributes = { state: 'archived', archive_reason: 'true_positive_benign', incident_ids: [7, 7, 8] };
  expect(await edit(id, 'update', { ...attributes, assignee: { uuid: 'bob' } })).toMatchObject({ status: 400 });
  const answer = await edit(id, 'update', { ...attributes, assignee: ana, version: 0 });
  expect(answer).toMatchObject({
    status: 200,
    body: { data: { attributes: { state: 'archived', version: 1, assignee: ana, incident_ids: [7, 8] } } },
  });
  expect(await edit(id, 'update', {})).toMatchObject(refused(400, 'invalid_command', 'nothing to change'));
});

test('comments are shown with the signal and leave its version alone', async () => {
  const id = await open('comments');
  const answer = await stack.post(`${base}/${id}/comments`, { json: { data: { attributes: { text: 'looks bad' } } } });
  expect(answer).toMatchObject({ status: 200, body: { data: { type: 'comment', attributes: { signal_id: id } } } });
  const { body } = await stack.get(`${base}/${id}`);
  expect(at(body, 'data', 'attributes', 'comments')).toMatchObject([
    { text: 'looks bad', user: { uuid: admin.uuid, name: admin.name } },
  ]);
  expect(await setState(id, 'archived', { version: 0 })).toMatchObject(stated('archived', 1));
});

describe('an idempotency key', () => {
  test('repeats the first answer, whatever happened since', async () => {
    const id = await open('key');
    const headers = { 'idempotency-key': 'archive-1' };
    const first = await setState(id, 'archived', {}, headers);
    expect(first).toMatchObject(stated('archived', 1));
    expect(first.headers.get('idempotency-key')).toBe('archive-1');
    await setState(id, 'open');
    const again = await setState(id, 'archived', {}, headers);
    expect([again.status, again.body]).toEqual([first.status, first.body]);
    expect(await setState(id, 'open', { version: 2 })).toMatchObject(stated('open', 3));
  });
  test('repeats refusals too', async () => {
    const id = await open('key of a refusal');
    const headers = { 'idempotency-key': 'review-1' };
    await setState(id, 'archived');
    const first = await setState(id, 'under_review', {}, headers);
    expect(first).toMatchObject(refused(400, 'invalid_transition'));
    await setState(id, 'open');
    expect(await setState(id, 'under_review', {}, headers)).toMatchObject(refused(400, 'invalid_transition'));
  });
  test('sent several times at once is carried out once, and everybody is answered', async () => {
    const id = await open('key at once');
    const headers = { 'idempotency-key': 'at-once' };
    const answers = await Promise.all(Array.from({ length: 8 }, () => setState(id, 'archived', {}, headers)));
    for (const answer of answers) expect(answer).toMatchObject(stated('archived', 1));
  });
  test('means another command on another signal, and nothing else on the same one', async () => {
    const [one, other] = [await open('key one'), await open('key other')];
    const headers = { 'idempotency-key': 'shared' };
    const both = await Promise.all([setState(one, 'archived', {}, headers), setState(other, 'archived', {}, headers)]);
    expect(both.map(({ status, body }) => [status, at(body, 'data', 'id')])).toEqual([
      [200, one],
      [200, other],
    ]);
    expect(await setState(one, 'open', {}, headers)).toMatchObject(refused(400, 'invalid_command', 'already used'));
  });
  test('that cannot be one is refused, not ignored', async () => {
    const id = await open('bad key');
    for (const key of ['with space', 'x'.repeat(101)])
      expect(await setState(id, 'archived', {}, { 'idempotency-key': key })).toMatchObject(
        refused(400, 'bad_request', 'Idempotency-Key'),
      );
  });
});

describe('a malformed body is a 400 that names the place', () => {
  const cases: readonly (readonly [string, string, string | RegExp])[] = [
    ['state', 'not json', 'not JSON'],
    ['state', '', 'data'],
    ['state', '[]', 'body'],
    ['state', '{"data":null}', 'data'],
    ['state', '{"data":{"attributes":{}}}', 'data.attributes.state'],
    ['state', '{"data":{"attributes":{"state":"closed"}}}', /data\.attributes\.state.*under_review/],
    ['state', '{"data":{"attributes":{"state":"open","version":"1"}}}', 'data.attributes.version'],
    ['state', '{"data":{"attributes":{"state":"open","version":-1}}}', 'data.attributes.version'],
    ['state', '{"data":{"attributes":{"state":"open","version":1.5}}}', 'data.attributes.version'],
    ['state', '{"data":{"attributes":{"state":"open","colour":1}}}', /data\.attributes.*colour/],
    [
      'state',
      '{"data":{"attributes":{"state":"open","__proto__":{"state":"archived"}}}}',
      /data\.attributes.*__proto__/,
    ],
    ['state', '{"data":{"attributes":{"state":"open"}},"more":1}', 'more'],
    ['state', '{"data":{"attributes":{"state":"archived","archive_reason":"because"}}}', 'archive_reason'],
    ['assignee', '{"data":{"attributes":{"assignee":"me"}}}', 'data.attributes.assignee'],
    ['assignee', '{"data":{"attributes":{"assignee":{"uuid":5}}}}', 'data.attributes.assignee.uuid'],
    ['incidents', '{"data":{"attributes":{"incident_ids":[1,"2"]}}}', 'data.attributes.incident_ids.1'],
    ['update', '{"data":{"attributes":{"status":"open"}}}', 'status'],
  ];
  test.each(cases)('%s %s', async (verb, body, place) => {
    const answer = await stack.patch(`${base}/any/${verb}`, { body });
    expect(answer).toMatchObject(refused(400, 'bad_request', place));
    expect(at(answer.body, 'request_id')).toBe(answer.headers.get('x-request-id'));
  });
});

test('what was done and what was refused stands in the timeline, with who and from where', async () => {
  const id = await open('trail');
  await setState(id, 'archived', {}, { 'user-agent': 'trail-test/1' });
  await setState(id, 'under_review');
  const lines = await timeline(id);
  expect(lines.map(({ attributes }) => attributes.attributes.action)).toEqual(['created', 'modified', 'refused']);
  expect(lines[1]?.attributes.attributes).toMatchObject({
    evt: { name: 'Cloud Security Platform' },
    asset: { type: 'security_signal', id, prev_value: { state: 'open' }, new_value: { state: 'archived' } },
    usr: { name: admin.name },
    auth_method: 'TOKEN',
    http: { useragent: 'trail-test/1' },
    network: { client: { ip: '127.0.0.1' } },
  });
  expect(lines[2]?.attributes.message).toContain('invalid_transition');
});

test('changes are there after the process was killed', async () => {
  const id = await open('killed');
  await setState(id, 'archived', { archive_comment: 'before' });
  await stack.restart('kill');
  const { body } = await stack.get(`${base}/${id}`);
  expect(at(body, 'data', 'attributes', 'custom', 'workflow', 'triage')).toMatchObject({
    state: 'archived',
    version: 1,
    archiveComment: 'before',
  });
  expect(await setState(id, 'open', { version: 1 })).toMatchObject(stated('open', 2));
  expect(stack.stderr).toBe('');
});
