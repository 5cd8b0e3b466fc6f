import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { at, Stack } from './stack-harness.ts';

test('`up` stops with 0 when asked to, and comes back with the same data and token after it was killed', async () => {
  const stack = await Stack.start();
  onTestFinished(() => stack.remove());
  const { token } = stack;
  const sent = await stack.post('/api/v2/detections/tocsin', { json: { title: 'a door was opened' } });
  expect(sent).toMatchObject({ status: 202, body: { accepted: 1, skipped: 0, rejected: [] } });

  await stack.restart('kill');
  expect(stack.token).toBe(token);
  const status = await stack.get('/api/v2/status');
  expect(at(status.body, 'data', 'attributes', 'balance')).toMatchObject({ in_signals: 1, holds: true });

  expect(await stack.stop()).toBe(0);
  expect(stack.stderr).toBe('');
});

test('a rules file that cannot be read fails the start and says why', async () => {
  await expect(Stack.start({ rules: 'rules: [{]' })).rejects.toThrow(/rules\.yaml/);
});

test('no process and no data stay behind', async () => {
  const stack = await Stack.start();
  const { pid, data } = stack;
  await stack.remove();
  expect(() => process.kill(pid, 0)).toThrow();
  expect(existsSync(data)).toBe(false);
  expect(spawnSync('pgrep', ['-f', data]).stdout.toString()).toBe('');
});
