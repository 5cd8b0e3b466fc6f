import { type EventLogHarness, eventLogSuite } from '@tocsin/conformance';
import { afterAll, it } from 'vitest';
import { type Resolved, resolveServer } from '../../../../infra/native/index.ts';
import { OpenedKafka } from '../../test/opened-kafka.ts';

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
}
