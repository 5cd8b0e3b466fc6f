/** A main for `run-process.unit.test.ts`, which starts it as a process of its own: argument one says how it behaves. */
import { createServer } from 'node:http';
import { createLogger } from '../src/logger.ts';
import { runProcess } from '../src/run-process.ts';

const behaviour = process.argv[2];
const log = createLogger({ service: 'sample' });

await runProcess({ log, gracefulMs: 1_000 }, async (lifecycle) => {
  if (behaviour === 'returns') return 7;
  if (behaviour === 'throws') throw new Error('cannot start');
  await lifecycle.step({
    name: 'server',
    start: () => createServer().listen(0, '127.0.0.1'),
    stop: (server) => void server.close(),
  });
  if (behaviour === 'hangs')
    await lifecycle.step({ name: 'hanging', start: () => {}, stop: () => new Promise<void>(() => {}) });
  process.stdout.write('ready\n');
  if (behaviour === 'rejects') void Promise.reject(new Error('nobody cares'));
  if (behaviour === 'fails') lifecycle.fail('a part of it is dead');
  if (behaviour === 'fails-late') lifecycle.stopping.addEventListener('abort', () => lifecycle.fail('dead at last'));
  return undefined;
});
