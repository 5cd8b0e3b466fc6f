import type { CommandRejected, Event, EventLog, Position, TopicName } from '@tocsin/core';

/** Somebody who waits for what becomes of a command. */
interface Waiting {
  readonly resolve: (outcome: Event | undefined) => void;
  /** Refusals that believe nobody, and claim to answer this one. */
  readonly unproved: Event[];
  /** Where the command was written; undefined until the log has said so. */
  place: Position | undefined;
}

/** Waits for what became of commands: one reader of the outcome topic serves every caller of this process. */
export class Outcomes {
  readonly #log: EventLog;
  readonly #topic: TopicName;
  /** By request, not by command: the same command may be on its way twice, and each gets its own answer. */
  readonly #waiting = new Map<string, Waiting>();

  constructor({ log, topic }: { readonly log: EventLog; readonly topic: TopicName }) {
    this.#log = log;
    this.#topic = topic;
  }

  /** Follows the topic from its end until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    for await (const records of this.#log.read({ topics: [this.#topic], from: 'end', follow: true, signal }))
      for (const { value } of records) this.#settle(value as Event);
  }

  /**
   * Sends a command and waits for its outcome, or undefined after `withinMs`: it is then accepted and still being decided.
   * The wait begins before the command is sent, so an outcome cannot be missed.
   */
  async of(requestId: string, send: () => Promise<readonly Position[]>, withinMs: number): Promise<Event | undefined> {
    let timer: NodeJS.Timeout | undefined;
    const unproved: Event[] = [];
    const outcome = new Promise<Event | undefined>((resolve) => {
      this.#waiting.set(requestId, { resolve, unproved, place: undefined });
      timer = setTimeout(() => resolve(undefined), withinMs);
    });
    try {
      this.#written(requestId, (await send())[0]);
      return await outcome;
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(requestId);
    }
  }

  #written(requestId: string, place: Position | undefined): void {
    const waiting = this.#waiting.get(requestId);
    if (!waiting) return;
    waiting.place = place;
    believe(waiting);
  }

  #settle(event: Event): void {
    const requestId = event.by?.requestId ?? (event.data as Partial<CommandRejected['data']>).claimed?.requestId;
    const waiting = requestId === undefined ? undefined : this.#waiting.get(requestId);
    if (!waiting) return;
    if (event.by) waiting.resolve(event);
    else {
      waiting.unproved.push(event);
      believe(waiting);
    }
  }
}

/** A refusal without a proved origin is the answer if it stands where our command was written; anybody can claim a request. */
function believe({ resolve, unproved, place }: Waiting): void {
  const ours = unproved.find(
    ({ cause }) => place && cause?.offset === place.offset && cause.partition === place.partition,
  );
  if (ours) resolve(ours);
}
