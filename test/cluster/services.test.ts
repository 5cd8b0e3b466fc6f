import { join } from 'node:path';
import { RecordingReceiver } from '@tocsin/conformance';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runTocsin } from '../e2e/run-tocsin.ts';
import { at, eventually } from '../e2e/stack-harness.ts';
import { Installation, partitions, serversOf } from './installation.ts';
import type { ServiceProcess } from './service-process.ts';

const servers = await serversOf();
const signals = '/api/v2/security_monitoring/signals';
const hosts = 12;
const batches = 30;
const batchSize = 10;
const everything = batches * batchSize;

const rulesFile = (receiver: string): string => `
sinks:
  - { handle: hook, type: webhook, config: { url: "${receiver}" } }
rules:
  - { name: all, targets: ["@hook"] }
`;

/** Of several rules, so that both partitions have work. */
const batch = (number: number): readonly unknown[] =>
  Array.from({ length: batchSize }, (_, index) => {
    const host = (number * batchSize + index) % hosts;
    return {
      id: `d-${number}-${index}`,
      rule: { id: `rule-${host}`, name: `rule ${host}` },
      severity: 'high',
      title: `something on host ${host}`,
      time: new Date().toISOString(),
      host: `host-${host}`,
      groupBy: ['host'],
    };
  });

describe.skipIf(!servers)('every service as a process of its own', () => {
  let receiver: RecordingReceiver;
  let company: Installation;
  let doomed: ServiceProcess;

  beforeAll(async () => {
    if (!servers) return;
    receiver = await RecordingReceiver.start({ mark: /"signal":\{"id":"([^"]+)"/ });
    company = new Installation(servers, rulesFile(receiver.url));
  });
  afterAll(async () => {
    await company?.remove();
    await receiver?.close();
    await Promise.all(Object.values(servers ?? {}).map((server) => server.stop()));
  });

  test('nothing starts before the topics are there, and what is missing is named', async () => {
    const early = company.start('ingest', 'early');
    expect(await early.ended()).toBe(1);
    expect(early.output).toMatch(/signals does not exist.*Run `tocsin topics create`/);
  });

  test('the topics are created once, and checked', async () => {
    const env = company.environment;
    const made = await runTocsin(['topics', 'create'], { env });
    expect(made.stderr).toBe('');
    expect(made.stdout).toMatch(/^created \S+\.signals$/m);
    const again = await runTocsin(['topics', 'create'], { env });
    expect(again.stdout).toMatch(/^nothing to create\nall topics are as they must be\n/);
    const other = await runTocsin(['topics', 'check', '--partitions', '3'], { env });
    expect(other.code).toBe(1);
    expect(other.stderr).toMatch(new RegExp(`signals has ${partitions} partitions, not 3`));
  });

  test('the services start in any order', async () => {
    const started = [
      company.start('api', 'api-1'),
      company.start('notifier', 'notifier-1'),
      company.start('audit', 'audit-1'),
      company.start('triage', 'triage-1'),
      company.start('control', 'control-1'),
      company.start('ingest', 'ingest-1'),
    ];
    doomed = company.start('ingest', 'ingest-2');
    const [api = ''] = await Promise.all([...started, doomed].map((process) => process.runs()));
    company.url = /listens at ([^,\s]+)/.exec(api)?.[1] ?? '';
    expect((await company.call('GET', '/readyz')).status).toBe(200);
    expect((await company.subjects()).join()).toContain('.signals-');
  });

  test('an instance is killed in the middle: nothing is lost, nothing counts twice', async () => {
    const shares = await eventually('a share for each', async () => {
      const found = await company.sharesOf('signals');
      return Object.values(found).join() === '1,1' ? found : undefined;
    });
    expect(Object.keys(shares).sort()).toEqual(['ingest-1', 'ingest-2']);
    for (let number = 0; number < batches; number++) {
      if (number === batches / 2) await doomed.kill();
      const answer = await company.call('POST', '/api/v2/detections/tocsin', batch(number));
      expect(answer.body).toMatchObject({ accepted: batchSize });
    }
    const status = await eventually('the balance', async () => {
      const { body } = await company.call('GET', '/api/v2/status');
      const balance = at(body, 'data', 'attributes', 'balance');
      return at(balance, 'in_signals') === everything ? balance : undefined;
    });
    expect(status).toMatchObject({ accepted: everything, duplicates: 0, unaccounted: 0, holds: true });
  });

  test('signals are read from PostgreSQL', async () => {
    const counts = await eventually('the list', async () => {
      const { body } = await company.call('GET', `${signals}?page[limit]=100`);
      const list = (at(body, 'data') ?? []) as readonly unknown[];
      const matched = list.map((signal) => Number(at(signal, 'attributes', 'custom', 'workflow', 'events_matched')));
      return matched.reduce((sum, count) => sum + count, 0) >= everything ? matched : undefined;
    });
    expect(counts).toHaveLength(hosts);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(everything);
  });

  test('each signal is delivered, and nothing twice', async () => {
    await receiver.waitForAccepted(hosts);
    const ids = receiver.requests.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(new Set(receiver.requests.map(({ mark }) => mark)).size).toBe(hosts);
  });

  test('a person triages, and reads what was written', async () => {
    const { body } = await company.call('GET', signals);
    const id = String(at(body, 'data', 0, 'id'));
    const change = { data: { attributes: { state: 'under_review' } } };
    const answer = await company.call('PATCH', `${signals}/${id}/state`, change);
    expect(answer.status).toBe(200);
    expect(at(answer.body, 'data', 'attributes', 'state')).toBe('under_review');
    const read = await company.call('GET', `${signals}/${id}`);
    expect(at(read.body, 'data', 'attributes', 'custom', 'workflow', 'triage', 'state')).toBe('under_review');
  });

  test('the audit log verifies', async () => {
    const env = { TOCSIN_URL: company.url, TOCSIN_TOKEN: company.token };
    const verified = await runTocsin(['audit', 'verify', '--key', join(company.folder, 'audit.pub')], { env });
    expect(verified).toMatchObject({ code: 0, stderr: '' });
    expect(verified.stdout).toMatch(/^ok: \d+ records/m);
  });

  test('all of them end in order', async () => {
    expect(await company.stop()).toEqual({
      ...Object.fromEntries(
        ['api', 'notifier', 'audit', 'triage', 'control', 'ingest'].map((name) => [`${name}-1`, 0]),
      ),
      'ingest-2': null,
      early: 1,
    });
  });
});
