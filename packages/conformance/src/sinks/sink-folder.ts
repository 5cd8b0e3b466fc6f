import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { HttpRequest, HttpResponse, Message, Remembered, Verdict } from '@tocsin/core';

/** A request with its body read, so that a sample shows it as people read it. */
export type SampleRequest = Omit<HttpRequest, 'body'> & { readonly body?: unknown };

/** One file of `samples`: what goes in, what the far end answers, what must come out. */
export interface SinkSample {
  readonly about: string;
  readonly message: Message;
  /** With secrets resolved. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly remembered: Remembered;
  readonly now: number;
  readonly answers: readonly HttpResponse[];
  readonly expected: {
    readonly requests: readonly SampleRequest[];
    readonly printed: readonly string[];
    readonly verdict: Verdict;
    readonly remember?: Remembered;
  };
}

export interface VerdictRow {
  /** `429` or `500-599`. */
  readonly status: string;
  /** A row with headers is a case of its own; the rows without them must cover 200 to 599, the first that fits wins. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly verdict: Verdict['kind'];
  /** Absent: the answer asks for no wait. */
  readonly afterMs?: number;
}
/** One table of `verdicts.json`: how answers to one sample are judged. */
export interface VerdictTable {
  readonly about: string;
  readonly sample: string;
  readonly body?: string;
  readonly rows: readonly VerdictRow[];
}

export const statusesOf = ({ status }: VerdictRow): readonly number[] => {
  const [from = Number.NaN, to = from] = status.split('-').map(Number);
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
};

/** What one sink's folder holds beside its code. */
export class SinkFolder {
  readonly name: string;
  readonly #path: string;

  constructor(root: string, name: string) {
    this.name = name;
    this.#path = join(root, name);
  }

  static namesIn(root: string): readonly string[] {
    return readdirSync(root).filter((name) => statSync(join(root, name)).isDirectory());
  }

  text(file: string): string {
    return readFileSync(join(this.#path, file), 'utf8');
  }
  get samples(): ReadonlyMap<string, SinkSample> {
    const files = readdirSync(join(this.#path, 'samples')).filter((file) => file.endsWith('.json'));
    return new Map(
      files.map((file) => [file.replace(/\.json$/, ''), JSON.parse(this.text(`samples/${file}`)) as SinkSample]),
    );
  }
  get verdicts(): readonly VerdictTable[] {
    return JSON.parse(this.text('verdicts.json')) as VerdictTable[];
  }
}
