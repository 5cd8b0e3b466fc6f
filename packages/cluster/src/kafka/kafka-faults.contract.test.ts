import type { AnyProcessor } from '@tocsin/core';
import { afterAll, describe, expect, it } from 'vitest';
import { Missing, type StartedKafka, startKafka } from '../../../../infra/native/index.ts';
import { counter, expectExact, items, read } from '../../test/counting-list.ts';
import { OpenedKafka } from '../../test/opened-kafka.ts';
import { transactionalProducer, withAdmin } from './kafka-client.ts';
import { progressMessage } from './progress.ts';
import { TransactionWriter } from './transaction-writer.ts';

async function startedKafka(): Promise<StartedKafka | undefined> {
  try {
    return await startKafka({ settings: { 'broker.session.timeout.ms': '1500' } });
  } catch (error) {
    if (!(error instanceof Missing) || process.env.TOCSIN_CLUSTER === 'required') throw error;
    console.warn(`SKIPPED: faults on Kafka need a broker of their own. ${error.message}`);
    return undefined;
  }
}

const kafka = await startedKafka();
afterAll(() => kafka?.stop());

describe.skipIf(!kafka)('faults on Kafka', { timeout: 60_000 }, () => {
  const withLog = async (use: (opened: OpenedKafka) => Promise<void>, heartbeatMs?: number): Promise<void> => {
    const opened = await OpenedKafka.open(kafka?.url ?? '', heartbeatMs);
    try {
      await use(opened);
    } finally {
      await opened.close();
    }
  };

  it('a former owner of a task cannot write any more, and what it tried is never read', () =>
    withLog(async (opened) => {
      const id = opened.log.names.transactional('test-counter', 0);
      const message = (value: string) => [
        { topic: opened.log.names.of('signals'), message: { key: 'k', value, partition: 0, timestamp: '1' } },
      ];
      const zombie = await TransactionWriter.fence(opened.kafka, id, 10_000);
      await zombie.commit(message('"first"'));
      const owner = await TransactionWriter.fence(opened.kafka, id, 10_000);
      await expect(zombie.commit(message('"zombie"'))).rejects.toMatchObject({ type: 'INVALID_PRODUCER_EPOCH' });
      await owner.commit(message('"owner"'));
      expect((await read(opened, 2)).map(({ value }) => value)).toEqual(['first', 'owner']);
      await Promise.all([zombie.close(), owner.close()]);
    }));

  it('two processes that both believe in a task write everything once', () =>
    withLog(async (opened) => {
      const first = opened.start([counter]);
      await opened.log.append(items(50));
      await read(opened, 50);
      // Of the same name: it sends the first one out of the group, which hears of that with its next heartbeat only.
      const other = opened.beside('member');
      const second = other.start([counter]);
      await other.settled();
      for (let turn = 1; turn < 10; turn++) await opened.log.append(items(50, turn * 50));
      await other.settled();
      expectExact(await read(opened, 500), 500);
      await Promise.all([first.stop(), second.stop()]);
      await other.log.close();
    }, 2_000));

  it('of a process that dies in the middle of a transaction nothing is ever read', () =>
    withLog(async (opened) => {
      const run = opened.start([counter]);
      await opened.log.append(items(4));
      await opened.settled();
      await run.stop();
      const { names } = opened.log;
      const producer = transactionalProducer(opened.kafka, names.transactional('test-counter', 0), 30_000);
      await producer.connect();
      const open = await producer.transaction();
      const lie = progressMessage({
        now: 0,
        watermark: 0,
        reached: {},
        tables: {},
        seqs: { signals: 99 },
        written: {},
        writer: '',
      });
      await open.sendBatch({
        topicMessages: [
          { topic: names.of('signals'), messages: [{ key: 'k', value: '"torn"', partition: 0 }] },
          { topic: names.changelog('test-counter'), messages: [{ ...lie, partition: 0 }] },
        ],
      });
      await opened.crash();
      opened.start([counter]);
      await opened.log.append(items(4, 4));
      await opened.settled();
      expectExact(await read(opened, 8), 8);
    }));

  it('lag tools see how far a list has read, though nothing is started from it', () =>
    withLog(async (opened) => {
      const run = opened.start([counter]);
      await opened.log.append(items(8));
      await opened.settled();
      await run.stop();
      const { names } = opened.log;
      const topics = [names.of('grouped-detections')];
      const [found] = await withAdmin(opened.kafka, (admin) =>
        admin.fetchOffsets({ groupId: names.group([counter]), topics }),
      );
      expect(found?.partitions.map(({ offset }) => offset).sort()).toEqual(['4', '4']);
    }));

  it('topics that are set up otherwise are refused, each by name', () =>
    withLog(async (opened) => {
      const { names } = opened.log;
      await withAdmin(opened.kafka, async (admin) => {
        await admin.createTopics({
          waitForLeaders: false,
          topics: [
            { topic: names.changelog('test-counter'), numPartitions: 3 },
            {
              topic: names.of('test-counter.dead'),
              numPartitions: 2,
              configEntries: [{ name: 'cleanup.policy', value: 'compact' }],
            },
          ],
        });
        const there = async () => (await admin.listTopics()).filter((topic) => topic.includes('test-counter')).length;
        await expect.poll(there).toBe(2);
      });
      const error = await opened.start([counter]).done.catch((reason: unknown) => reason);
      expect(error).toMatchObject({ code: 'stopped' });
      const { message } = error as Error;
      expect(message).toContain(`${names.changelog('test-counter')} has 3 partitions, not 2`);
      expect(message).toContain(`${names.changelog('test-counter')} has cleanup.policy=delete, not compact`);
      expect(message).toContain(`${names.of('test-counter.dead')} has cleanup.policy=compact, not delete`);
    }));

  it('a changelog that is gone, beside outputs that are not, is refused', () =>
    withLog(async (opened) => {
      const run = opened.start([counter]);
      await opened.log.append(items(4));
      await opened.settled();
      await run.stop();
      await withAdmin(opened.kafka, (admin) =>
        admin.deleteTopics({ topics: [opened.log.names.changelog('test-counter')] }),
      );
      await expect
        .poll(() =>
          opened.log.createTopics([[counter]]).then(
            () => true,
            () => false,
          ),
        )
        .toBe(true);
      const error = await opened.start([counter]).done.catch((reason: unknown) => reason);
      expect(error).toMatchObject({
        code: 'stopped',
        message: expect.stringMatching(/test-counter.*changelog.*empty/),
      });
    }));

  it('a changelog that ends before its outputs is refused', () =>
    withLog(async (opened) => {
      const run = opened.start([counter]);
      await opened.log.append(items(4));
      await opened.settled();
      await run.stop();
      const { names } = opened.log;
      const writer = await TransactionWriter.fence(opened.kafka, names.transactional('test-counter', 1), 10_000);
      const later = { key: 'k', value: '{}', partition: 1, timestamp: '1', headers: { seq: '2' } };
      await writer.commit([{ topic: names.of('signals'), message: later }]);
      await writer.close();
      const error = await opened.start([counter]).done.catch((reason: unknown) => reason);
      const message = expect.stringMatching(/changelog ends before seq 2 of .*signals\/1/);
      expect(error).toMatchObject({ code: 'stopped', message });
    }));

  it('who ran a processor fused cannot write any more once it runs apart', () =>
    withLog(async (opened) => {
      const { names } = opened.log;
      const echo = { ...counter, id: 'test-echo', outputs: ['deliveries'], step: () => ({ puts: new Map(), out: [] }) };
      const fused = opened.start([counter, echo as AnyProcessor]);
      await opened.log.append(items(4));
      await opened.settled();
      await fused.stop();
      const former = await TransactionWriter.fence(opened.kafka, names.transactional('test-counter', 0), 10_000);
      const apart = opened.start([echo as AnyProcessor]);
      await opened.settled();
      const message = { key: 'k', value: '{}', partition: 0, timestamp: '1' };
      await expect(former.commit([{ topic: names.of('deliveries'), message }])).rejects.toThrow();
      await apart.stop();
      await former.close();
    }));

  it('positions that the log no longer holds are refused', () =>
    withLog(async (opened) => {
      const run = opened.start([counter]);
      await opened.log.append(items(8));
      await opened.settled();
      await run.stop();
      await opened.log.append(items(8, 8));
      const topic = opened.log.names.of('grouped-detections');
      await withAdmin(opened.kafka, async (admin) => {
        await admin.fetchTopicMetadata({ topics: [topic] });
        await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '6' }] });
      });
      const error = await opened.start([counter]).done.catch((reason: unknown) => reason);
      expect(error).toMatchObject({
        code: 'stopped',
        message: expect.stringMatching(/grouped-detections begins at 6/),
      });
    }));

  it('the tasks of a killed process go to another one, and nothing is lost or doubled', () =>
    withLog(async (opened) => {
      const survivor = opened.beside('survivor');
      opened.start([counter]);
      await opened.log.append(items(20));
      await opened.settled();
      const run = survivor.start([counter]);
      for (let turn = 1; turn < 5; turn++) await survivor.log.append(items(20, turn * 20));
      await opened.crash();
      await survivor.log.append(items(20, 100));
      expectExact(await read(survivor, 120), 120);
      await run.stop();
      await survivor.log.close();
    }));

  it(
    'a broker that is killed and comes back costs time only',
    () =>
      withLog(async (opened) => {
        const run = opened.start([counter]);
        await opened.log.append(items(20));
        await opened.settled();
        const [broker] = kafka?.brokers ?? [];

        await broker?.signal('SIGKILL');
        await broker?.startAgain();
        await expect
          .poll(
            () =>
              opened.log.append(items(20, 20)).then(
                () => true,
                () => false,
              ),
            { timeout: 20_000 },
          )
          .toBe(true);
        expectExact(await read(opened, 40), 40);
        await run.stop();
      }),
    60_000,
  );
});
