import type { Event, EventLog, TopicName } from '@tocsin/core';

/** Waits for what became of commands: one reader of the outcome topic serves every caller of this process. */
export class Outcomes {
  readonly #log: EventLog;
  readonly #topic: TopicName;
  /** By request, not by command: the same command may be on its way twice, and each gets its own answer. */
  readonly #waiting = new Map<string, (event: Event) => void>();

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
  async of(requestId: string, send: () => Promise<unknown>, withinMs: number): Promise<Event | undefined> {
    let timer: NodeJS.Timeout | undefined;
    const outcome = new Promise<Event | undefined>((resolve) => {
      this.#waiting.set(requestId, resolve);
      timer = setTimeout(() => resolve(undefined), withinMs);
    });
    try {
      await send();
      return await outcome;
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(requestId);
    }
  }

  #settle(event: Event): void {
    const requestId = event.by?.requestId;
    if (requestId !== undefined) this.#waiting.get(requestId)?.(event);
  }
}
