import process from 'node:process';
import { addressOf, BullmqJobQueue, RedisClient, redisBreakers, runService, settings } from '@tocsin/cluster';
import { GuardedHttp, nodeDigest } from '@tocsin/runtime';
import { sinks } from '@tocsin/sinks';
import type { DeliveryJob } from './delivery-worker.ts';
import { deliveryMetrics } from './delivery-metrics.ts';
import { notifierService } from './service.ts';

/** Longer than any two workers read the log apart. */
const rememberMs = 600_000;

await runService({
  name: 'notifier',
  settings: settings.pick({ redisUrl: true, linkBase: true, egressAllow: true, secretsFolder: true }),
  async start(service, config) {
    const url = await addressOf('redisUrl', config.redisUrl);
    const client = await service.step(
      'redis',
      () => new RedisClient({ url, onTrouble: (line) => service.logger.warn(line) }),
      (opened) => opened.close(),
    );
    const queue = await service.step(
      'job queue',
      () => new BullmqJobQueue<DeliveryJob>({ client, rememberMs }),
      (opened) => opened.close(),
    );
    const http = await service.step(
      'http client',
      () => new GuardedHttp({ allow: config.egressAllow }),
      (opened) => opened.close(),
    );
    const { processors, effects } = notifierService(
      {
        log: service.log,
        queue,
        http,
        wires: { print: (line) => process.stdout.write(`${line}\n`) },
        digest: nodeDigest,
        breakers: redisBreakers({ client }),
      },
      {
        linkBase: config.linkBase,
        sinks,
        secretSources: { folder: config.secretsFolder },
        observer: deliveryMetrics(service),
      },
    );
    await service.processors(processors);
    for (const effect of effects) await service.background(effect);
    await service.probe('redis', () => client.ask((redis) => redis.ping()));
  },
});
