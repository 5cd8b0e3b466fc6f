import { setImmediate } from 'node:timers/promises';
import { type AnyProcessor, commandRejected, type Draft, jsonCodec, type Origin, type Recorded } from '@tocsin/core';
import { EmbeddedLog } from '@tocsin/embedded';
import { expect, onTestFinished, test } from 'vitest';
import { Outcomes } from './outcomes.ts';

interface Asked {
  readonly requestId: string;
  readonly proved: boolean;
}

/** Answers each record as triage answers a command, with or without an origin that it believes. */
const answering: AnyProcessor = {
  id: 'triage',
  inputs: [{ topic: 'commands', onBad: 'stop' }],
  outputs: ['triage-events'],
  state: jsonCodec<unknown>(1),
  keys: () => [],
  step: (_, record, { now }) => ({ puts: new Map(), out: [answerTo(record as Recorded<Asked>, now)] }),
};
function answerTo({ offset, value: { requestId, proved } }: Recorded<Asked>, at: number): Draft {
  const by: Origin = {
    commandId: 'c',
    actor: { type: 'USER', id: 'u', name: 'U' },
    authMethod: 'TOKEN',
    requestId,
    acceptedAt: at,
  };
  const data = {
    command: 'x',
    code: 'bad_signature',
    message: '',
    configVersion: 0,
    ...(!proved && { claimed: by }),
  } as const;
  const about = { id: `e${offset}`, org: 'main', subject: 's', at, ...(proved && { by }) };
  const cause = { topic: 'commands', partition: 0, offset };
  return { topic: 'triage-events', key: 's', value: commandRejected.make({ ...about, data, cause }) };
}

function opened(): { readonly outcomes: Outcomes; readonly send: (asked: Asked) => ReturnType<EmbeddedLog['append']> } {
  const log = new EmbeddedLog({ path: ':memory:' });
  const stopping = new AbortController();
  const outcomes = new Outcomes({ log, topic: 'triage-events' });
  const running = [outcomes.run(stopping.signal), log.run([answering], stopping.signal)];
  onTestFinished(async () => {
    stopping.abort();
    await Promise.all(running);
    await log.close();
  });
  return { outcomes, send: (value) => log.append([{ topic: 'commands', key: 's', shard: 0, value }]) };
}

test.each([true, false])('a refusal reaches who asked, proved (%s) or not', async (proved) => {
  const { outcomes, send } = opened();
  const asked = { requestId: 'r', proved };
  expect(await outcomes.of('r', () => send(asked), 10_000)).toMatchObject({ id: 'e0' });
});

test('the refusal of what somebody else wrote under the same request is not taken for the answer', async () => {
  const { outcomes, send } = opened();
  const answer = outcomes.of(
    'r',
    async () => {
      await send({ requestId: 'r', proved: false });
      // The forged one is answered while ours is still on its way.
      await outcomes.of('other', () => send({ requestId: 'other', proved: true }), 10_000);
      const places = await send({ requestId: 'r', proved: false });
      await setImmediate();
      return places;
    },
    10_000,
  );
  expect(await answer).toMatchObject({ id: 'e2' });
});
