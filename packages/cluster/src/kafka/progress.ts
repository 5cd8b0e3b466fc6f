import type { Instant, StateKey, TopicName } from '@tocsin/core';
import type { RawRecord } from './committed-records.ts';

/** How far a task has read one input: `next` is a `seq` on single-writer topics, else an offset; `hint` is where to look for it. */
export interface Reached {
  readonly next: number;
  readonly hint: number;
}

/** What the changelog holds besides the entries of state: one record a transaction. */
export interface Progress {
  readonly now: Instant;
  readonly watermark: Instant;
  readonly reached: Readonly<Record<string, Reached>>;
  /** By table name: the version seen. */
  readonly tables: Readonly<Record<string, number>>;
  /** By output topic: the next `seq`. */
  readonly seqs: Readonly<Record<string, number>>;
  /** By output topic: an offset at or before the last record written there, in the transactions before this one. */
  readonly written: Readonly<Record<string, number>>;
  /** Who wrote it: a task that changes from fused to apart fences this one, too. */
  readonly writer: string;
  /** Only where it is asked for, by tests: what this transaction took, in order. */
  readonly taken?: readonly Taken[];
}

/** A record from outside the list, or silence up to an instant. */
export type Taken = readonly ['record', TopicName, number, number] | readonly ['idle', Instant];

/** Keys of a changelog: one for the progress, the rest for entries of state. */
const progressKey = '@';
const stateMark = '=';

/** One record of a changelog. A state's value is its version, a line end, its text. */
export type ChangelogEntry =
  | { readonly kind: 'progress'; readonly progress: Progress }
  | { readonly kind: 'state'; readonly key: StateKey; readonly version: number; readonly text: string | undefined };

export const progressMessage = (progress: Progress) => ({ key: progressKey, value: JSON.stringify(progress) });

export const stateMessage = (key: StateKey, version: number, text: string | undefined) => ({
  key: stateMark + key,
  value: text === undefined ? null : `${version}\n${text}`,
});

export function changelogEntry({ key, value }: RawRecord): ChangelogEntry {
  const name = key?.toString('utf8') ?? '';
  if (name === progressKey)
    return { kind: 'progress', progress: JSON.parse(value?.toString('utf8') ?? '') as Progress };
  if (!name.startsWith(stateMark)) throw new Error(`a changelog holds no key ${JSON.stringify(name)}`);
  const body = value?.toString('utf8');
  const end = body?.indexOf('\n') ?? -1;
  const version = body === undefined ? 0 : Number(body.slice(0, end));
  return { kind: 'state', key: name.slice(stateMark.length), version, text: body?.slice(end + 1) };
}
