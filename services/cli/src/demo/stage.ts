import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger, Health, type Lifecycle } from '@tocsin/runtime';
import { ApiClient } from '../client.ts';
import { EmbeddedStack, type Stack } from '../stack.ts';
import { Receiver, webhookSecret } from './receiver.ts';
import { rulesFile } from './rules-file.ts';

export interface Stage {
  readonly stack: Stack;
  readonly client: ApiClient;
  readonly receiver: Receiver;
}

/** A whole Tocsin in a temporary directory, with somebody to notify. All of it goes when the lifecycle stops. */
export async function setStage(lifecycle: Lifecycle): Promise<Stage> {
  const home = await lifecycle.step({
    name: 'temporary directory',
    start: () => mkdtemp(join(tmpdir(), 'tocsin-demo-')),
    stop: (made) => rm(made, { recursive: true, force: true }),
  });
  const receiver = await lifecycle.step({
    name: 'receiver',
    start: () => new Receiver().start(),
    stop: (started) => started.stop(),
  });
  const rules = join(home, 'rules.yaml');
  await writeFile(rules, rulesFile(receiver.url));
  await writeFile(join(home, 'webhook.secret'), webhookSecret, { mode: 0o600 });
  const options = {
    data: join(home, 'data'),
    host: '127.0.0.1',
    port: 0,
    rules,
    egressAllow: ['127.0.0.1/32'],
    checkpointEveryMs: 500,
  };
  const logger = createLogger({ service: 'tocsin', level: 'error' });
  const stack = await new EmbeddedStack({ options, lifecycle, logger, health: new Health() }).start();
  return { stack, client: new ApiClient(stack), receiver };
}
