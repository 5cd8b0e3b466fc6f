import { createPrivateKey } from 'node:crypto';
import { runService, secretOf, settings } from '@tocsin/cluster';
import { ConfigurationError, nodeDigest, variableOf } from '@tocsin/runtime';
import { type AuditSigner, signerOf } from './audit-keys.ts';
import { clusterAuditService } from './service.ts';

await runService({
  name: 'audit',
  settings: settings.pick({ auditKey: true, checkpoints: true }),
  async start(service, { auditKey, checkpoints }) {
    if ((auditKey === undefined) !== (checkpoints === undefined))
      throw new ConfigurationError([
        `${variableOf('auditKey')} and ${variableOf('checkpoints')} are given together, to the one instance that signs, or not at all`,
      ]);
    const writer =
      auditKey !== undefined && checkpoints !== undefined
        ? { signer: signerFrom(await secretOf('auditKey', auditKey)), directory: checkpoints }
        : undefined;
    if (!writer) service.logger.info('this instance writes no checkpoints: another one must');
    const { processors, effects } = clusterAuditService({ log: service.log, digest: nodeDigest }, { writer });
    for (const effect of effects) await service.background(effect);
    await service.processors(processors);
  },
});

function signerFrom(pem: string): AuditSigner {
  try {
    const key = createPrivateKey(pem);
    if (key.asymmetricKeyType === 'ed25519') return signerOf(key);
  } catch {
    // Said below; the cause could quote the key.
  }
  throw new ConfigurationError([
    `${variableOf('auditKey')}: is no Ed25519 key: openssl genpkey -algorithm ed25519 -out audit.key`,
  ]);
}
