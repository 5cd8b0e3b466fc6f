import type { z } from 'zod';
import type { Digest } from '../digest.ts';
import type { Instant } from '../time.ts';
import type { Message, MessageKind } from './message.ts';

export type Verdict =
  | { readonly kind: 'delivered' }
  | { readonly kind: 'retry'; readonly reason: string; readonly afterMs?: number | undefined }
  | { readonly kind: 'rejected'; readonly reason: string };

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}
export interface HttpResponse {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** The first 16 KiB. */
  readonly body: string;
}
/** The guarded client. Throws when there is no answer at all (timeout, reset, refused address): the worker then retries or gives up. */
export interface Http {
  send(request: HttpRequest): Promise<HttpResponse>;
}

/** What the far end told us about this lane the last time: a Slack timestamp, a Jira key. */
export type Remembered = Readonly<Record<string, string>>;

/** Wires other than HTTP that the process offers; a sink that uses one says so in `wires`. */
export interface Wires {
  /** One line of text to the standard output of the process that delivers. */
  readonly print: (line: string) => void;
}

export interface Tools {
  readonly http: Http;
  readonly wires: Wires;
  /** For signatures. */
  readonly digest: Digest;
  readonly now: Instant;
  readonly remembered: Remembered;
}

/**
 * One folder a sink. It shapes one attempt and judges the answer; retries, breakers, rates, time limits and secret stores
 * belong to the worker. Fields of `config` named in `secrets` arrive resolved and never leave in texts.
 */
export interface Sink<C> {
  /** Lower case; also the prefix of its handles (`@slack-secops`). */
  readonly type: string;
  readonly title: string;
  readonly config: z.ZodType<C>;
  /** Keys of `config` that hold `env:` or `file:` references in the rules file. */
  readonly secrets: readonly string[];
  /** Kinds after the first message of a lane that this sink can make use of; others are not sent to it. */
  readonly followUps: readonly MessageKind[];
  deliver(
    message: Message,
    config: C,
    tools: Tools,
  ): Promise<{ readonly verdict: Verdict; readonly remember?: Remembered }>;
}
export type AnySink = Sink<unknown>;
