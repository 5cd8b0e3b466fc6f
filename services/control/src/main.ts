import { resolve } from 'node:path';
import { commandSecretsOf, runService, settings } from '@tocsin/cluster';
import { CommandKeys } from '@tocsin/core';
import { nodeDigest } from '@tocsin/runtime';
import { checkSinkConfig } from '@tocsin/sinks';
import { applyRulesFile } from './apply-rules-file.ts';
import { controlService } from './service.ts';

await runService({
  name: 'control',
  settings: settings.pick({ installationSecret: true, commandSecrets: true, rules: true }),
  async start(service, config) {
    const commandSecrets = await commandSecretsOf(config);
    await service.processors(controlService({ digest: nodeDigest }, { commandSecrets }));
    const { rules } = config;
    if (rules === undefined) return;
    const signer = new CommandKeys({ digest: nodeDigest, secrets: commandSecrets });
    const { log, lifecycle } = service;
    const applied = await applyRulesFile({
      log,
      signer,
      path: resolve(rules),
      checkSinkConfig,
      signal: lifecycle.stopping,
    });
    service.logger.info({ rules, ...applied }, 'rules file loaded');
  },
});
