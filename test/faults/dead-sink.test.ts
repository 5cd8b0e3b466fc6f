import { RecordingReceiver } from '@tocsin/conformance';
import { expect, onTestFinished, test } from 'vitest';
import { Stack } from '../e2e/stack-harness.ts';
import type { Script } from './script.ts';
import { Sender } from './sender.ts';

/** More than the delivery worker attempts at once altogether, so that a dead sink could take every place there is. */
const perPhase = 1_500;
const connections = 16;

/** Every request opens a signal of its own. */
function scriptOf(phase: string): Script {
  const requests = Array.from({ length: perPhase }, (_, n) => ({
    body: JSON.stringify({ rule: 'r', title: 't', host: `${phase}-${n}`, severity: 'high' }),
    good: 1,
    bad: 0,
  }));
  return { requests, groups: new Map(), detectionIds: new Set(), garbage: new Set() };
}

/** How many acknowledged detections the receiver is behind, at each acknowledgement; the greatest, but for one in a hundred. */
async function lagOf(phase: string, stack: Stack, receiver: RecordingReceiver): Promise<number> {
  const before = receiver.acceptedIds.size;
  const sender = new Sender(scriptOf(phase), connections);
  const lags: number[] = [];
  const watched = sender.until(({ acknowledged }) => {
    lags[acknowledged] = acknowledged - (receiver.acceptedIds.size - before);
    return acknowledged === perPhase;
  });
  sender.open({ url: stack.url, token: stack.token });
  await Promise.all([sender.run(), watched]);
  await receiver.waitForAccepted(before + perPhase);
  return lags.sort((a, b) => a - b)[Math.floor(lags.length * 0.99)] ?? Number.NaN;
}

const sinkFor = (handle: string, { url }: RecordingReceiver): string =>
  `  - handle: ${handle}\n    type: webhook\n    config:\n      url: ${url}\n`;

test('a sink that hangs delays no other: deliveries keep pace with the acknowledgements as before', async () => {
  const [sound, dead] = await Promise.all([RecordingReceiver.start(), RecordingReceiver.start()]);
  const stack = await Stack.start({
    rules: `sinks:\n${sinkFor('sound', sound)}${sinkFor('dead', dead)}rules:\n  - name: everything\n    targets: ["@dead", "@sound"]\n`,
    logLevel: 'error',
  });
  onTestFinished(async () => {
    await stack.remove();
    await Promise.all([sound.close(), dead.close()]);
  });
  await lagOf('warm-up', stack, sound);
  const before = await lagOf('before', stack, sound);
  dead.always({ hang: true });
  const answered = dead.acceptedIds.size;
  const during = await lagOf('during', stack, sound);
  console.log(`99 of 100 deliveries are at most so many behind: ${before} before, ${during} beside a sink that hangs`);

  expect(dead.acceptedIds.size).toBeLessThan(answered + perPhase);
  expect(sound.repeats).toBe(0);
  expect(during).toBeLessThan(3 * before + 128);
  // What hangs is given up by the stop, and tried again after the next start.
  expect(await stack.stop()).toBe(0);
});
