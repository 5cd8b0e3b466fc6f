import { type EventLogHarness, eventLogSuite } from '@tocsin/conformance';
import type { AnyProcessor } from '@tocsin/core';
import { afterAll, describe, expect, it } from 'vitest';
import { type Resolved, resolveServer } from '../../../../infra/native/index.ts';
import { counter, items, read, recordsOf } from '../../test/counting-list.ts';
import { OpenedKafka } from '../../test/opened-kafka.ts';
import { plainProducer } from './kafka-client.ts';

const suite = 'event log on Kafka';
const kafka: Resolved | undefined = await resolveServer('kafka', suite);

afterAll(() => kafka?.stop());

if (!kafka) it.skip(`${suite}: no Kafka`, () => {});
else {
  const harness: EventLogHarness = {
    name: 'kafka',
    capabilities: {
      apart: true,
      atomicAppend: { reason: 'several partitions are written one after another' },
    },
    runs: 4,
    open: () => OpenedKafka.open(kafka.url),
  };
  eventLogSuite(harness);

  describe('records that nobody of us wrote', () => {
    it('become dead letters with their bytes and their place, and hold nobody up', async () => {
      const opened = await OpenedKafka.open(kafka.url);
      const careful = {
        ...counter,
        inputs: [{ topic: 'grouped-detections', onBad: 'dead-letter' }],
      } satisfies AnyProcessor as AnyProcessor;
      const run = opened.start([careful]);
      const producer = plainProducer(opened.kafka);
      await producer.connect();
      const topic = opened.log.names.of('grouped-detections');
      const values = ['{"cut', null, Buffer.from([0, 255, 1])];
      const messages = values.map((value) => ({ key: 'k', value, partition: 0, timestamp: String(opened.now()) }));
      await producer.send({ topic, messages });
      await producer.disconnect();
      await opened.log.append(items(2));
      await opened.settled();
      expect((await read(opened, 2)).map(({ value }) => (value as { of: number }).of).sort()).toEqual([0, 1]);
      const dead = await recordsOf(opened, 'test-counter.dead');
      expect(dead.map(({ value }) => (value as { data: unknown }).data)).toMatchObject([
        { offset: 0, value: { base64: Buffer.from('{"cut').toString('base64') } },
        { offset: 1, reason: 'a record without a value' },
        { offset: 2, value: { base64: 'AP8B' } },
      ]);
      await run.stop();
      await opened.close();
    });
  });
}
