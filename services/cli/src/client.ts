import type { JsonObject } from '@tocsin/core';
import type { Connection } from './connection.ts';
import { exitCodeOf, exitCodes, Failure } from './failure.ts';

export interface Call {
  readonly method?: 'GET' | 'POST' | 'PATCH';
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly body?: Uint8Array;
  readonly json?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** Statuses outside 2xx whose body is an answer all the same. */
  readonly also?: readonly number[];
}

/** The API as the commands use it. Every failure becomes a `Failure` that says what to do next. */
export class ApiClient {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  get url(): string {
    return this.#connection.url;
  }

  async json(path: string, call: Call = {}): Promise<JsonObject> {
    return (await (await this.open(path, call)).json()) as JsonObject;
  }

  /** The answer as it arrives. */
  async open(path: string, call: Call = {}): Promise<Response> {
    const url = new URL(this.#connection.url + path);
    for (const [name, value] of Object.entries(call.query ?? {}))
      if (value !== undefined) url.searchParams.set(name, value);
    const answer = await this.#send(url, call);
    if (answer.ok || call.also?.includes(answer.status)) return answer;
    throw await failureOf(answer);
  }

  async #send(url: URL, { method = 'GET', body, json, headers, signal }: Call): Promise<Response> {
    try {
      return await fetch(url, {
        method,
        headers: {
          authorization: `Bearer ${this.#connection.token}`,
          ...(json !== undefined && { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(json !== undefined ? { body: JSON.stringify(json) } : body !== undefined && { body }),
        ...(signal && { signal }),
      });
    } catch (error) {
      if (signal?.aborted) throw error;
      throw new Failure(
        exitCodes.unreachable,
        `Cannot reach ${this.#connection.url}: ${reasonOf(error)}. Is it running? Start it with: npx tocsin up`,
      );
    }
  }
}

function reasonOf(error: unknown): string {
  const { cause } = Object(error) as { cause?: { code?: string } };
  return cause?.code ?? (error instanceof Error ? error.message : String(error));
}

async function failureOf(answer: Response): Promise<Failure> {
  const text = await answer.text();
  try {
    const { errors } = JSON.parse(text) as { errors?: readonly { readonly code?: string; readonly detail?: string }[] };
    const [first] = errors ?? [];
    return new Failure(
      exitCodeOf(answer.status, first?.code),
      `${first?.code ?? answer.status}: ${first?.detail ?? 'no detail'}`,
    );
  } catch {
    return new Failure(
      exitCodeOf(answer.status, undefined),
      `The server answered ${answer.status}: ${text.slice(0, 200)}`,
    );
  }
}
