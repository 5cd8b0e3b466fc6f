import { lookup as systemLookup } from 'node:dns';
import { isIP } from 'node:net';
import type { Http, HttpRequest, HttpResponse } from '@tocsin/core';
import { Agent } from 'undici';
import { AddressPolicy, type AddressRules } from './address-policy.ts';
import { Exchange } from './exchange.ts';
import { bareHost, guardedConnector, type LookupAll } from './guarded-connector.ts';
import { HttpError, httpErrorOf } from './http-error.ts';

export interface GuardedHttpOptions extends AddressRules {
  /** From the call to the complete answer, waiting for a connection included. 15 s. */
  readonly timeoutMs?: number;
  /** Name look-up, TCP and TLS together. 5 s. */
  readonly connectTimeoutMs?: number;
  /** At most so many connections to one origin at once; more requests wait. 64. */
  readonly connections?: number;
  /** What is read of an answer before the connection is dropped. 16 KiB. */
  readonly maxBodyBytes?: number;
  /** How names become addresses; the system's resolver. */
  readonly lookup?: LookupAll;
}

const userAgent = 'Tocsin/0.1';
const maxHeaderBytes = 16 * 1024;
/** Below the five seconds after which Node servers hang up: a reused connection is then rarely a dead one. */
const idleMs = 4_000;

/**
 * The only door through which Tocsin calls addresses that people have typed. Only public unicast addresses unless
 * allow-listed, https only unless allowed, no redirects, bounded time and answer. No answer at all is an `HttpError`.
 */
export class GuardedHttp implements Http {
  readonly #policy: AddressPolicy;
  readonly #agent: Agent;
  readonly #timeoutMs: number;
  readonly #maxBodyBytes: number;

  constructor(options: GuardedHttpOptions = {}) {
    const { timeoutMs = 15_000, connectTimeoutMs = 5_000, connections = 64, maxBodyBytes = 16 * 1024 } = options;
    this.#policy = new AddressPolicy(options);
    this.#timeoutMs = timeoutMs;
    this.#maxBodyBytes = maxBodyBytes;
    this.#agent = new Agent({
      connections,
      pipelining: 1,
      keepAliveTimeout: idleMs,
      maxHeaderSize: maxHeaderBytes,
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
      connect: guardedConnector({
        policy: this.#policy,
        lookup: options.lookup ?? (systemLookup as LookupAll),
        connectTimeoutMs,
      }),
    });
  }

  /** Rejects with an `HttpError` only. `signal` gives up early. */
  async send(request: HttpRequest, signal?: AbortSignal): Promise<HttpResponse> {
    const url = this.#check(request.url);
    const exchange = new Exchange({
      host: url.host,
      timeoutMs: this.#timeoutMs,
      maxBodyBytes: this.#maxBodyBytes,
      signal,
    });
    if (!signal?.aborted) this.#dispatch(url, request, exchange);
    return exchange.answer;
  }

  /** Breaks what is in flight (`closed`) and frees the sockets. Callers have ended by then. */
  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  #dispatch(url: URL, { method, headers, body }: HttpRequest, exchange: Exchange): void {
    try {
      this.#agent.dispatch(
        {
          origin: url.origin,
          path: url.pathname + url.search,
          method,
          headers: { 'user-agent': userAgent, ...headers },
          body: body ?? null,
        },
        exchange,
      );
    } catch (error) {
      exchange.fail(httpErrorOf(error, url.host));
    }
  }

  /** What can be refused without asking the network. */
  #check(text: string): URL {
    if (!URL.canParse(text)) throw new HttpError('bad_url', 'unreadable URL');
    const url = new URL(text);
    const scheme = url.protocol;
    if (scheme !== 'https:' && scheme !== 'http:') throw new HttpError('scheme_refused', url.host || 'no host');
    if (scheme === 'http:' && !this.#policy.mayUseHttp) throw new HttpError('scheme_refused', url.host);
    if (url.username || url.password)
      throw new HttpError('bad_url', url.host, 'a user or password in a URL is not sent');
    const host = bareHost(url.hostname);
    if (isIP(host) && !this.#policy.permits(host, scheme)) throw new HttpError('address_refused', url.host);
    return url;
  }
}
