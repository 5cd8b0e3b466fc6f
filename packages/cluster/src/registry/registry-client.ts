import { Agent } from 'node:http';
import { Agent as TlsAgent } from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';
import { COMPATIBILITY, SchemaRegistry, SchemaType } from '@kafkajs/confluent-schema-registry';
import type { JsonObject } from '@tocsin/core';
import type avsc from 'avsc';
import { presentRecords } from './present-records.ts';
import type { RegistrySettings } from './registry-settings.ts';
import { isConflict, isOtherLevel, refusalOf, statusOf, troubleLine } from './registry-trouble.ts';
import { avroType } from './schema-compatibility.ts';

/** A schema as its writer had it. */
export interface WriterSchema {
  readonly avro: JsonObject;
  readonly type: avsc.Type;
}

/** Each version reads all before it: what is in the log stays there for years. */
const compatibility = COMPATIBILITY.BACKWARD_TRANSITIVE;

interface CompatibilityRequest {
  readonly Subject: {
    updateConfig(about: {
      readonly subject: string;
      readonly body: { readonly compatibility: string };
    }): Promise<unknown>;
  };
}

/** The schema registry, asked until it answers. */
export class RegistryClient {
  /** Without user and password. */
  readonly address: string;
  readonly #registry: SchemaRegistry;
  readonly #agent: Agent;
  readonly #report: (line: string) => void;
  readonly #retryMs: number;
  readonly #answerWithinMs: number;
  readonly #parsed = new WeakMap<object, JsonObject>();
  #trouble: string | undefined;

  constructor({ url, tls, report, retryMs, answerWithinMs }: RegistrySettings) {
    const { protocol, host, pathname, username, password } = new URL(url);
    this.address = `${protocol}//${host}${pathname}`.replace(/\/$/, '');
    this.#agent = protocol === 'https:' ? new TlsAgent({ keepAlive: true, ...tls }) : new Agent({ keepAlive: true });
    this.#report = report ?? (() => {});
    this.#retryMs = retryMs ?? 1_000;
    this.#answerWithinMs = answerWithinMs ?? 5_000;
    const auth = { username: decodeURIComponent(username), password: decodeURIComponent(password) };
    this.#registry = new SchemaRegistry(
      { host: this.address, agent: this.#agent, retry: { retries: 0 }, ...(username !== '' && { auth }) },
      { [SchemaType.AVRO]: { typeHook: this.#parse } },
    );
  }

  /** The id of a schema, which is the same whenever it is asked for. Throws `SchemaRefused`, or what `signal` aborted with. */
  async register(subject: string, avro: JsonObject, signal: AbortSignal): Promise<number> {
    try {
      return await this.#answered(() => this.#registered(subject, avro), signal);
    } catch (error) {
      throw refusalOf(error, { subject, url: this.address }) ?? error;
    }
  }

  /** Undefined when the registry has no such schema, or one that is not Avro. */
  async find(id: number, signal: AbortSignal): Promise<WriterSchema | undefined> {
    try {
      const type: unknown = await this.#answered(() => this.#registry.getSchema(id), signal);
      const avro = this.#parsed.get(Object(type));
      return avro && { avro, type: type as avsc.Type };
    } catch (error) {
      if (statusOf(error) === 404) return undefined;
      throw error;
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  /** The library hands out parsed types only; what they were parsed from says more. */
  readonly #parse = (schema: avsc.Schema): avsc.Type | undefined => {
    if (typeof schema !== 'object' || Array.isArray(schema)) return undefined;
    const avro = schema as unknown as JsonObject;
    const type = presentRecords().get(JSON.stringify(avro))?.type ?? avroType(avro);
    this.#parsed.set(type, avro);
    return type;
  };

  /**
   * The compatibility of a new subject is set after its first version: who comes between, or after one that was cut off there,
   * finds none, and sets it.
   */
  async #registered(subject: string, avro: JsonObject): Promise<number> {
    const schema = { type: SchemaType.AVRO as const, schema: JSON.stringify(avro) };
    const options = { subject, compatibility };
    try {
      return (await this.#registry.register(schema, options)).id;
    } catch (error) {
      if (!isOtherLevel(error) || !String(error).includes(`!= ${COMPATIBILITY.NONE})`)) throw error;
      // The library has this request, but no public name for it.
      const { Subject } = Reflect.get(this.#registry, 'api') as CompatibilityRequest;
      await Subject.updateConfig({ subject, body: { compatibility } });
      return (await this.#registry.register(schema, options)).id;
    }
  }

  async #answered<T>(ask: () => Promise<T>, signal: AbortSignal): Promise<T> {
    for (;;) {
      signal.throwIfAborted();
      try {
        const answer = await this.#inTime(ask, signal);
        this.#note(undefined);
        return answer;
      } catch (error) {
        signal.throwIfAborted();
        if (isFinal(error)) throw error;
        this.#note(troubleLine(this.address, error));
        await delay(this.#retryMs, undefined, { signal }).catch(() => {});
      }
    }
  }

  async #inTime<T>(ask: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const silence = AbortSignal.any([signal, AbortSignal.timeout(this.#answerWithinMs)]);
    let giveUp = (): void => {};
    const silent = new Promise<never>((_, reject) => {
      giveUp = () => {
        reject(new Error(`it said nothing for ${this.#answerWithinMs} ms`));
        // The library cannot end a request; without its connection it ends.
        this.#agent.destroy();
      };
    });
    silence.addEventListener('abort', giveUp, { once: true });
    try {
      return await Promise.race([ask(), silent]);
    } finally {
      silence.removeEventListener('abort', giveUp);
    }
  }

  #note(trouble: string | undefined): void {
    if (trouble === this.#trouble) return;
    this.#report(trouble ?? `schema registry ${this.address} answers again`);
    this.#trouble = trouble;
  }
}

/** An answer, if not the one that was hoped for. */
const isFinal = (error: unknown): boolean =>
  [404, 422].includes(statusOf(error) ?? 0) || isConflict(error) || isOtherLevel(error);
