import { commandSecretsOf, installationSecretOf, runService, settings } from '@tocsin/cluster';
import { nodeDigest } from '@tocsin/runtime';
import { triageService } from './service.ts';

await runService({
  name: 'triage',
  settings: settings.pick({ installationSecret: true, commandSecrets: true }),
  async start(service, config) {
    const secret = await installationSecretOf(config.installationSecret);
    const commandSecrets = await commandSecretsOf(config);
    const { partitions } = service.log;
    await service.processors(triageService({ digest: nodeDigest }, { secret, commandSecrets, partitions }));
  },
});
