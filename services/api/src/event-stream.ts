import { type EventLog, type Positions, positionKey, type Recorded, type TopicName } from '@tocsin/core';
import type { FastifyReply, FastifyRequest } from 'fastify';

const beatMs = 15_000;

/**
 * Server-sent events from the log. Each event's id holds the positions after it, so a client that comes back with
 * `Last-Event-ID` gets what it missed, and nothing twice.
 */
export class EventStream {
  readonly #log: EventLog;
  readonly #topics: readonly TopicName[];

  constructor({ log, topics }: { readonly log: EventLog; readonly topics: readonly TopicName[] }) {
    this.#log = log;
    this.#topics = topics;
  }

  /** Streams until the client leaves or `signal` aborts. `show` makes the data of one record, or undefined to leave it out. */
  async send(
    request: FastifyRequest,
    reply: FastifyReply,
    about: { readonly signal: AbortSignal; readonly show: (record: Recorded) => unknown },
  ): Promise<void> {
    const last = request.headers['last-event-id'];
    const positions: Record<string, number> = { ...(readPositions(last) ?? (await this.#log.ends(this.#topics))) };
    const end = new AbortController();
    const stop = () => end.abort();
    about.signal.addEventListener('abort', stop, { once: true });
    request.raw.once('close', stop);
    reply.hijack();
    const { raw } = reply;
    raw.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' });
    raw.write(`: connected\nid: ${writePositions(positions)}\nevent: ready\ndata: {}\n\n`);
    const beat = setInterval(() => raw.write(': beat\n\n'), beatMs);
    try {
      for await (const records of this.#log.read({
        topics: this.#topics,
        from: positions,
        follow: true,
        signal: end.signal,
      }))
        for (const record of records) {
          positions[positionKey(record.topic, record.partition)] = record.offset + 1;
          const data = about.show(record);
          if (data !== undefined)
            await written(raw, `id: ${writePositions(positions)}\ndata: ${JSON.stringify(data)}\n\n`, end.signal);
        }
    } finally {
      clearInterval(beat);
      about.signal.removeEventListener('abort', stop);
      raw.end();
    }
  }
}

/** Waits while the client is slow, so that a stalled one costs a buffer and no more. */
async function written(raw: FastifyReply['raw'], text: string, signal: AbortSignal): Promise<void> {
  if (raw.write(text) || signal.aborted) return;
  await new Promise<void>((resolve) => {
    const go = () => {
      raw.off('drain', go);
      signal.removeEventListener('abort', go);
      resolve();
    };
    raw.once('drain', go);
    signal.addEventListener('abort', go, { once: true });
  });
}

const writePositions = (positions: Positions): string =>
  Object.entries(positions)
    .map(([place, next]) => `${place}=${next}`)
    .join(',');

function readPositions(text: unknown): Positions | undefined {
  if (typeof text !== 'string' || !/^[a-z0-9._-]+\/\d+=\d+(,[a-z0-9._-]+\/\d+=\d+)*$/.test(text)) return undefined;
  return Object.fromEntries(
    text
      .split(',')
      .map((part) => part.split('='))
      .map(([place = '', next = '0']) => [place, Number(next)]),
  );
}
