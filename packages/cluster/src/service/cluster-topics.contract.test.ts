import { randomBytes } from 'node:crypto';
import kafkajs from 'kafkajs';
import { afterAll, describe, expect, test } from 'vitest';
import { resolveServer } from '../../../../infra/native/index.ts';
import { kafkaClient, withAdmin } from '../kafka/kafka-client.ts';
import { ClusterTopics } from './cluster-topics.ts';

const kafka = await resolveServer('kafka', 'the set-up of topics');
const prefix = `t${randomBytes(4).toString('hex')}.`;
const about = { brokers: (kafka?.url ?? '').split(','), instance: 'set-up' };
const topics = new ClusterTopics({ kafka: about, partitions: 2, prefix });

/** What an operator may do with Kafka's own tools; brokers hear of it a little later. Settings that are not named fall back. */
const alter = (topic: string, settings: Readonly<Record<string, string>>) =>
  withAdmin(kafkaClient(about), (admin) =>
    admin.alterConfigs({
      validateOnly: false,
      resources: [
        {
          type: kafkajs.ConfigResourceTypes.TOPIC,
          name: prefix + topic,
          configEntries: Object.entries(settings).map(([name, value]) => ({ name, value })),
        },
      ],
    }),
  );

describe.skipIf(!kafka)('the topics of an installation', () => {
  afterAll(() => kafka?.stop());

  test('are named where they are missing, then made, once', async () => {
    expect((await topics.problems([])).join()).toContain(`${prefix}signals does not exist`);
    expect(await topics.create([])).toContain(`${prefix}signals`);
    expect(await topics.problems([])).toEqual([]);
    expect(await topics.create([])).toEqual([]);
  });

  test('are refused when they lose events earlier than promised, or would compact them away', async () => {
    await alter('audit', { 'retention.ms': '86400000', 'max.message.bytes': '3000000' });
    await alter('signals', { 'retention.ms': '-1', 'max.message.bytes': '3000000' });
    const short = `${prefix}audit has retention.ms=86400000, less than for ever (-1)`;
    await expect.poll(() => topics.problems([])).toEqual([short]);
    const never = new AbortController().signal;
    await expect(topics.ready([], { signal: never, tell: () => {} })).rejects.toThrow(short);
    await alter('triage-events', { 'cleanup.policy': 'compact', 'max.message.bytes': '3000000' });
    const compacted = `${prefix}triage-events has cleanup.policy=compact, not delete`;
    await expect.poll(async () => (await topics.problems([])).join()).toContain(compacted);
  });
});

test('a Kafka that is away is waited for, and named, until the stop', async () => {
  const away = new ClusterTopics({ kafka: { ...about, brokers: ['127.0.0.1:1'] }, partitions: 2, prefix });
  const stop = new AbortController();
  const told: string[] = [];
  const tell = (line: string) => {
    told.push(line);
    stop.abort();
  };
  await away.ready([], { signal: stop.signal, tell });
  expect(told[0]).toMatch(/^Kafka cannot be asked: .*ECONNREFUSED/);
});
