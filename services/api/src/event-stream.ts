import { setMaxListeners } from 'node:events';
import { type EventLog, type Positions, positionKey, type Recorded, type TopicName } from '@tocsin/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ApiError } from './errors.ts';

const beatMs = 15_000;
/** A client that takes nothing for so long is let go; it comes back with `Last-Event-ID`. */
const stalledMs = 60_000;
const maxStreams = 256;

export interface StreamAbout {
  readonly topics: readonly TopicName[];
  /** The data of one record, or undefined to leave it out. */
  readonly show: (record: Recorded) => unknown;
}

/**
 * Server-sent events from the log. Each event's id holds the positions after it, so a client that comes back with
 * `Last-Event-ID` gets what it missed, and nothing twice.
 */
export class EventStream {
  readonly #log: EventLog;
  readonly #signal: AbortSignal;
  #open = 0;

  /** Streams end when the signal aborts. */
  constructor({ log, signal }: { readonly log: EventLog; readonly signal: AbortSignal }) {
    this.#log = log;
    this.#signal = signal;
    // Every stream listens to it.
    setMaxListeners(0, signal);
  }

  /** Streams until the client leaves or stops reading. */
  async send(request: FastifyRequest, reply: FastifyReply, { topics, show }: StreamAbout): Promise<void> {
    if (this.#open >= maxStreams)
      throw new ApiError('unavailable', `There are ${maxStreams} live streams already. End one, or try again later.`);
    const positions = await this.#beginning(request, topics);
    this.#open += 1;
    reply.hijack();
    const client = new Client(reply, this.#signal);
    try {
      client.begin(`: connected\nid: ${writePositions(positions)}\nevent: ready\ndata: {}\n\n`);
      for await (const records of this.#log.read({ topics, from: positions, follow: true, signal: client.left }))
        for (const record of records) {
          positions[positionKey(record.topic, record.partition)] = record.offset + 1;
          const data = show(record);
          if (data !== undefined)
            await client.write(`id: ${writePositions(positions)}\ndata: ${JSON.stringify(data)}\n\n`);
        }
    } finally {
      this.#open -= 1;
      client.end();
    }
  }

  /** Where the client was, or the end. Positions of another, longer log mean nothing here. */
  async #beginning({ headers }: FastifyRequest, topics: readonly TopicName[]): Promise<Record<string, number>> {
    const last = readPositions(headers['last-event-id'], topics);
    const ends = await this.#log.ends(topics);
    return Object.fromEntries(
      Object.entries(ends).map(([place, end]) => [place, last ? Math.min(last[place] ?? 0, end) : end]),
    );
  }
}

/** The far end of one stream. */
class Client {
  readonly #raw: FastifyReply['raw'];
  readonly #end = new AbortController();
  readonly #server: AbortSignal;
  readonly #stop = () => this.#end.abort();
  readonly #beat: NodeJS.Timeout;

  constructor(reply: FastifyReply, server: AbortSignal) {
    this.#raw = reply.raw;
    for (const [name, value] of Object.entries(reply.getHeaders()))
      if (value !== undefined) this.#raw.setHeader(name, value);
    this.#server = server;
    this.#beat = setInterval(() => {
      if (!this.#raw.writableNeedDrain) this.#raw.write(': beat\n\n');
    }, beatMs);
    server.addEventListener('abort', this.#stop, { once: true });
    this.#raw.once('close', this.#stop);
    if (server.aborted || this.#raw.destroyed) this.#stop();
  }

  /** Aborts once nobody listens any more. */
  get left(): AbortSignal {
    return this.#end.signal;
  }

  begin(text: string): void {
    this.#raw.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
      connection: 'close',
    });
    this.#raw.write(text);
  }

  /** Waits while the client is slow, so that a stalled one costs a buffer and no more, and not for ever. */
  async write(text: string): Promise<void> {
    if (this.left.aborted || this.#raw.write(text)) return;
    await new Promise<void>((resolve) => {
      const go = () => {
        clearTimeout(timer);
        this.#raw.off('drain', go);
        this.left.removeEventListener('abort', go);
        resolve();
      };
      const timer = setTimeout(() => this.#raw.destroy(), stalledMs);
      this.#raw.once('drain', go);
      this.left.addEventListener('abort', go, { once: true });
    });
  }

  end(): void {
    clearInterval(this.#beat);
    this.#server.removeEventListener('abort', this.#stop);
    this.#raw.end();
  }
}

const writePositions = (positions: Positions): string =>
  Object.entries(positions)
    .map(([place, next]) => `${place}=${next}`)
    .join(',');

const form = /^[a-z0-9._-]+\/\d{1,9}=\d{1,15}(,[a-z0-9._-]+\/\d{1,9}=\d{1,15})*$/;

/** Positions that this API gave out for these topics; undefined without any. */
function readPositions(text: unknown, topics: readonly TopicName[]): Positions | undefined {
  if (text === undefined || text === '') return undefined;
  const parts = typeof text === 'string' && text.length < 4096 && form.test(text) ? text.split(',') : [];
  const places = parts.map((part) => part.split('=')).map(([place = '', next]) => [place, Number(next)] as const);
  const known = places.every(([place]) => topics.some((topic) => place.startsWith(`${topic}/`)));
  if (places.length === 0 || !known)
    throw new ApiError('bad_cursor', 'The Last-Event-ID is not one that this stream gave out: start again without it.');
  return Object.fromEntries(places);
}
