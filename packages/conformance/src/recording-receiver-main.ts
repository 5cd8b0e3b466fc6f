/** A receiver in a process of its own, so that a load test does not measure itself. Started by `startReceiverProcess` only. */
import { type Fault, RecordingReceiver } from './recording-receiver.ts';
import type { ReceiverAnswer, ReceiverRequest, ReceiverSettings } from './recording-receiver-process.ts';

const settings = JSON.parse(process.argv[2] ?? '{}') as ReceiverSettings;
const receiver = await RecordingReceiver.start({
  content: false,
  ...(settings.port !== undefined && { port: settings.port }),
  ...(settings.idHeader !== undefined && { idHeader: settings.idHeader }),
  ...(settings.mark !== undefined && { mark: new RegExp(settings.mark) }),
});

const report = (): ReceiverAnswer => ({
  kind: 'report',
  requests: receiver.requests.map(({ id, mark, at, status }) => [id, mark, at, status] as const),
});
const commands: {
  readonly [K in ReceiverRequest['kind']]: (given: { readonly count: number; readonly fault: Fault }) => unknown;
} = {
  report,
  always: ({ fault }) => receiver.always(fault),
  waitFor: ({ count }) => receiver.waitFor(count),
  waitForAccepted: ({ count }) => receiver.waitForAccepted(count),
  up: () => receiver.up(),
  down: () => receiver.down(),
  count: () => ({ kind: 'count', requests: receiver.requests.length, accepted: receiver.acceptedIds.size }),
};

process.on('disconnect', () => process.exit(0));
process.on('message', (message: ReceiverRequest & { readonly call: number }) => {
  const { kind, call, count = 0, fault = {} } = message;
  void Promise.resolve(commands[kind]({ count, fault })).then((answer) =>
    process.send?.({ call, answer: answer ?? { kind: 'done' } }),
  );
});
process.send?.({ call: 0, answer: { kind: 'ready', port: receiver.port } });
