import type { IncomingHttpHeaders } from 'node:http';
import type { HttpResponse } from '@tocsin/core';
import type { Dispatcher } from 'undici';
import { HttpError, httpErrorOf } from './http-error.ts';

type Controller = Dispatcher.DispatchController;

export interface ExchangeParts {
  readonly host: string;
  readonly timeoutMs: number;
  readonly maxBodyBytes: number;
  readonly signal?: AbortSignal | undefined;
}

/** One request and its answer: ends when the body is complete or long enough, at the time limit, or when the caller gives up. */
export class Exchange implements Dispatcher.DispatchHandler {
  readonly answer: Promise<HttpResponse>;
  readonly #parts: ExchangeParts;
  readonly #chunks: Buffer[] = [];
  readonly #timer: NodeJS.Timeout;
  #resolve: (response: HttpResponse) => void = () => {};
  #reject: (error: HttpError) => void = () => {};
  #controller: Controller | undefined;
  #ended = false;
  #status = 0;
  #headers: IncomingHttpHeaders = {};
  #size = 0;

  constructor(parts: ExchangeParts) {
    this.#parts = parts;
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#timer = setTimeout(this.#timeOut, parts.timeoutMs);
    parts.signal?.addEventListener('abort', this.#giveUp, { once: true });
    if (parts.signal?.aborted) this.#giveUp();
  }

  onRequestStart(controller: Controller): void {
    this.#controller = controller;
    // The request may have waited for a connection longer than its caller did.
    if (this.#ended) controller.abort(new HttpError('aborted', this.#parts.host));
  }

  onResponseStart(_: Controller, status: number, headers: IncomingHttpHeaders): void {
    if (status < 200) return;
    this.#status = status;
    this.#headers = headers;
  }

  onResponseData(_: Controller, chunk: Buffer): void {
    if (this.#ended) return;
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    if (this.#size < this.#parts.maxBodyBytes) return;
    this.#succeed();
    this.#hangUp();
  }

  onResponseEnd(): void {
    this.#succeed();
  }

  onResponseError(_: Controller, error: Error): void {
    this.fail(httpErrorOf(error, this.#parts.host));
  }

  fail(error: HttpError): void {
    if (this.#end()) this.#reject(error);
  }

  readonly #timeOut = (): void => {
    this.fail(new HttpError('timeout', this.#parts.host));
    this.#hangUp();
  };

  readonly #giveUp = (): void => {
    this.fail(new HttpError('aborted', this.#parts.host));
    this.#hangUp();
  };

  #succeed(): void {
    if (!this.#end()) return;
    const body = Buffer.concat(this.#chunks).subarray(0, this.#parts.maxBodyBytes).toString('utf8');
    this.#resolve({ status: this.#status, headers: flat(this.#headers), body });
  }

  #end(): boolean {
    if (this.#ended) return false;
    this.#ended = true;
    clearTimeout(this.#timer);
    this.#parts.signal?.removeEventListener('abort', this.#giveUp);
    return true;
  }

  #hangUp(): void {
    this.#controller?.abort(new HttpError('aborted', this.#parts.host));
  }
}

const flat = (headers: IncomingHttpHeaders): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name.toLowerCase(),
      Array.isArray(value) ? value.join(', ') : `${value}`,
    ]),
  );
