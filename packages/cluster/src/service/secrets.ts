import { ConfigurationError, resolveSecret, variableOf } from '@tocsin/runtime';

/** What a setting refers to. Throws `ConfigurationError` with one line that names the setting and never the value. */
export async function secretOf(key: string, reference: string): Promise<string> {
  const secret = await resolveSecret(reference);
  if (!secret.ok) throw new ConfigurationError([`${variableOf(key)}: ${secret.message}`]);
  return secret.value;
}

/** An address that is written out, or referred to because it holds a password. */
export const addressOf = (key: string, value: string): Promise<string> =>
  /^(env|file):/.test(value) ? secretOf(key, value) : Promise.resolve(value);

/** Secrets of 64 hex digits, one a line. */
export async function hexSecrets(key: string, reference: string): Promise<readonly Uint8Array[]> {
  const lines = (await secretOf(key, reference)).split(/\r?\n/).filter((line) => line !== '');
  if (lines.length === 0 || !lines.every((line) => /^[0-9a-f]{64}$/.test(line)))
    throw new ConfigurationError([`${variableOf(key)}: must refer to 64 hex digits (0-9, a-f): openssl rand -hex 32`]);
  return lines.map((line) => new Uint8Array(Buffer.from(line, 'hex')));
}

/** The installation's own secret. */
export async function installationSecretOf(reference: string): Promise<Uint8Array> {
  const [secret, ...more] = await hexSecrets('installationSecret', reference);
  if (!secret || more.length > 0)
    throw new ConfigurationError([`${variableOf('installationSecret')}: must refer to one secret, not several`]);
  return secret;
}

/** For `CommandKeys`: the first signs, all verify. */
export const commandSecretsOf = (config: {
  readonly installationSecret: string;
  readonly commandSecrets?: string | undefined;
}): Promise<readonly Uint8Array[]> =>
  config.commandSecrets === undefined
    ? hexSecrets('installationSecret', config.installationSecret)
    : hexSecrets('commandSecrets', config.commandSecrets);
