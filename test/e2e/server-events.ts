export interface ServerEvent {
  readonly id: string;
  readonly event: string;
  readonly data: unknown;
}

/** One connection to a live stream. */
export class ServerEvents {
  readonly #events: AsyncGenerator<ServerEvent>;
  readonly #end: AbortController;

  private constructor(body: AsyncIterable<Uint8Array>, end: AbortController) {
    this.#events = eventsOf(body);
    this.#end = end;
  }

  /** Resolves once the server has answered and its first event, `ready`, is there. */
  static async open(url: string, headers: Readonly<Record<string, string>>): Promise<ServerEvents> {
    const end = new AbortController();
    const answer = await fetch(url, { headers, signal: end.signal });
    if (!answer.ok || !answer.body) throw new Error(`${answer.status} ${await answer.text()}`);
    const events = new ServerEvents(answer.body as unknown as AsyncIterable<Uint8Array>, end);
    const ready = await events.next();
    if (ready.event !== 'ready') throw new Error(`the first event is ${ready.event}`);
    return events;
  }

  async next(): Promise<ServerEvent> {
    const { value, done } = await this.#events.next();
    if (done) throw new Error('the stream has ended');
    return value;
  }

  /** Everything until one event that the condition holds for, it included. */
  async until(isLast: (event: ServerEvent) => boolean): Promise<readonly ServerEvent[]> {
    const taken: ServerEvent[] = [];
    for (;;) {
      const event = await this.next();
      taken.push(event);
      if (isLast(event)) return taken;
    }
  }

  /** True when the server ends the stream in good order. */
  async ended(): Promise<boolean> {
    for (;;) if ((await this.#events.next()).done) return true;
  }

  close(): void {
    this.#end.abort();
  }
}

async function* eventsOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<ServerEvent> {
  const utf8 = new TextDecoder();
  let text = '';
  for await (const chunk of body) {
    text += utf8.decode(chunk, { stream: true });
    for (let end = text.indexOf('\n\n'); end !== -1; end = text.indexOf('\n\n')) {
      const fields = fieldsOf(text.slice(0, end));
      text = text.slice(end + 2);
      if (fields.has('data'))
        yield {
          id: fields.get('id') ?? '',
          event: fields.get('event') ?? 'message',
          data: JSON.parse(fields.get('data') ?? '') as unknown,
        };
    }
  }
}

const fieldsOf = (block: string): ReadonlyMap<string, string> =>
  new Map(
    block.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trimStart()]),
  );
