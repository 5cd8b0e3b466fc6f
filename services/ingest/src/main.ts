import { installationSecretOf, runService, settings } from '@tocsin/cluster';
import { nodeDigest } from '@tocsin/runtime';
import { ingestService } from './service.ts';

await runService({
  name: 'ingest',
  settings: settings.pick({ installationSecret: true }),
  async start(service, config) {
    const secret = await installationSecretOf(config.installationSecret);
    await service.processors(ingestService({ digest: nodeDigest }, { secret }));
  },
});
