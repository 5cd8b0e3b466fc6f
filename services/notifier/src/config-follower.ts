import { type Configuration, configTable, type EventLog, TableSet } from '@tocsin/core';

interface Waiting {
  readonly version: number;
  readonly go: () => void;
}

/** The configuration as the worker knows it: folded from the log, never behind an instruction that is being carried out. */
export class ConfigFollower {
  readonly #log: EventLog;
  readonly #tables = new TableSet([configTable]);
  #waiting: readonly Waiting[] = [];

  constructor(log: EventLog) {
    this.#log = log;
  }

  /** Resolves when the signal has aborted. */
  async run(signal: AbortSignal): Promise<void> {
    for await (const batch of this.#log.read({ topics: ['config'], from: 'start', follow: true, signal })) {
      for (const record of batch) this.#tables.apply(record);
      const { version } = this.#tables.get(configTable);
      const ready = this.#waiting.filter((waiting) => waiting.version <= version);
      this.#waiting = this.#waiting.filter((waiting) => waiting.version > version);
      for (const { go } of ready) go();
    }
  }

  /** The newest configuration, once it is at least of this version; undefined when the signal aborts first. */
  async atLeast(version: number, signal: AbortSignal): Promise<Configuration | undefined> {
    if (this.#tables.get(configTable).version < version)
      await new Promise<void>((go) => {
        this.#waiting = [...this.#waiting, { version, go }];
        signal.addEventListener('abort', () => go(), { once: true });
        if (signal.aborted) go();
      });
    const held = this.#tables.get(configTable);
    return held.version < version ? undefined : held.value;
  }
}
