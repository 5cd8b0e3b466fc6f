import {
  addressOf,
  BullmqJobQueue,
  commandSecretsOf,
  fileOf,
  LatestStates,
  openPostgres,
  RedisClient,
  runService,
  secretOf,
  settings,
} from '@tocsin/cluster';
import { type Ledger, ledgerKeeper, ledgerKey, ledgerSum } from '@tocsin/core';
import { ConfigurationError, nodeDigest, variableOf } from '@tocsin/runtime';
import { apiService } from './service.ts';

await runService({
  name: 'api',
  settings: settings.pick({
    installationSecret: true,
    commandSecrets: true,
    adminToken: true,
    redisUrl: true,
    postgresUrl: true,
    postgresConnections: true,
    host: true,
    port: true,
    auditPublicKeys: true,
  }),
  async start(service, config) {
    const { log, health, metrics, logger, lifecycle } = service;
    const onTrouble = (line: string) => logger.warn(line);
    const [redis, postgres, token, commandSecrets, auditPublicKeys] = [
      await addressOf('redisUrl', config.redisUrl),
      await addressOf('postgresUrl', config.postgresUrl),
      tokenIn(await secretOf('adminToken', config.adminToken)),
      await commandSecretsOf(config),
      await fileOf('auditPublicKeys', config.auditPublicKeys),
    ];
    const client = await service.step(
      'redis',
      () => new RedisClient({ url: redis, onTrouble }),
      (opened) => opened.close(),
    );
    const queue = await service.step(
      'delivery counts',
      () => new BullmqJobQueue({ client }),
      (opened) => opened.close(),
    );
    const ledgers = new LatestStates(service.cluster);
    const decode = (text: string) => JSON.parse(text) as Ledger;
    const { server, readModel, effects } = apiService(
      {
        log,
        digest: nodeDigest,
        store: () => openPostgres({ url: postgres, connections: config.postgresConnections, onTrouble }),
        queue,
        ledger: async () => ledgerSum(await ledgers.of({ processor: ledgerKeeper, key: ledgerKey, decode })),
        health,
        metrics,
        logger,
      },
      {
        version: service.version,
        startedAt: service.startedAt,
        token,
        commandSecrets,
        auditPublicKeys,
        stopping: lifecycle.stopping,
      },
    );
    await service.step(
      'read model',
      () => readModel,
      (opened) => opened.close(),
    );
    for (const effect of effects) await service.background(effect);
    // Lists are refused without it, everything else goes on: so it does not take the whole instance out of service.
    await service.watch('read model', () => readModel.use());
    await service.step(
      'http server',
      () => server,
      (made) => made.close(),
    );
    const url = await server.listen({ host: config.host, port: config.port });
    logger.info({ url }, 'listening');
    service.tell(`listens at ${url}`);
  },
});

function tokenIn(text: string): string {
  const token = text.trim();
  if (/^toc_[A-Za-z0-9_-]{43}$/.test(token)) return token;
  throw new ConfigurationError([`${variableOf('adminToken')}: must refer to toc_ and 43 letters, digits, - or _`]);
}
