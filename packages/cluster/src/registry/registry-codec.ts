import { type NamedTopic, topicNames, topicShape, type TopicName } from '@tocsin/core';
import type { ValueCodec } from '../kafka/record-codec.ts';
import { earlierSchemas } from './earlier-schemas.gen.ts';
import { type PresentRecord, presentRecords } from './present-records.ts';
import { RecordReader } from './record-reader.ts';
import { frameBytes, RecordWriter } from './record-writer.ts';
import { RegistryClient } from './registry-client.ts';
import type { RegistrySettings } from './registry-settings.ts';
import { type Decoded, Undecodable, type UndecodableCode } from './undecodable.ts';

/** An id that nobody knew, or whose schema helps nobody, is looked up again after this long. */
const askAgainMs = 10_000;
/** Ids that nobody knows are remembered; whoever invents them must not fill the memory. */
const mostUnknown = 10_000;
const atOnce = 8;

/**
 * Values as Avro in the frame of Confluent's serializers: a zero byte, the id of the writer's schema, the value. Subjects are
 * named by topic and record. Values that are texts are stored to the letter.
 *
 * Before bytes are decoded, `prepare` must have seen them: it fetches what newer or older releases wrote with.
 */
export class RegistryCodec implements ValueCodec {
  readonly #client: RegistryClient;
  readonly #clock: () => number;
  /** By topic, then by `type`. */
  readonly #writers = new Map<string, Map<unknown, RecordWriter>>();
  readonly #byName = new Map<string, PresentRecord>();
  readonly #readers = new Map<number, RecordReader>();
  readonly #unknown = new Map<number, { readonly problem: Undecodable; readonly at: number }>();

  private constructor(client: RegistryClient, clock: () => number) {
    this.#client = client;
    this.#clock = clock;
  }

  /**
   * Registers all schemas. Waits for a registry that is away until `signal` aborts, and rejects with its reason then;
   * rejects with `SchemaRefused` when the registry finds one incompatible.
   */
  static async open(
    settings: RegistrySettings,
    signal: AbortSignal,
    clock: () => number = Date.now,
  ): Promise<RegistryCodec> {
    const client = new RegistryClient(settings);
    const codec = new RegistryCodec(client, clock);
    try {
      await codec.#register(settings.prefix ?? 'tocsin.', signal);
      return codec;
    } catch (error) {
      client.close();
      throw error;
    }
  }

  encode(topic: TopicName, value: unknown): string | Buffer {
    if (topicShape(topic).text && typeof value === 'string') return value;
    const kinds = this.#writers.get(kindOf(topic));
    const type: unknown = Reflect.get(Object(value), 'type');
    const writer = kinds?.get(type) ?? kinds?.get(undefined);
    if (!writer) throw new TypeError(`there is no schema for ${String(type ?? 'a value')} on ${topic}`);
    return writer.encode(value);
  }

  /** Never throws: what cannot be decoded is said with a code. */
  read(topic: TopicName, bytes: Buffer | null): Decoded {
    if (bytes === null) return problem('tombstone', 'a record without a value');
    if (topicShape(topic).text) return { ok: true, value: bytes.toString('utf8') };
    const id = idOf(bytes);
    if (id === undefined) return problem('no_schema_id', 'it does not begin with a zero byte and the id of a schema');
    const reader = this.#readers.get(id);
    if (!reader) return { ok: false, problem: this.#unknown.get(id)?.problem ?? notPrepared(id) };
    if (reader.schema && reader.schema.topic !== kindOf(topic))
      return problem('foreign_record', `a ${reader.name} has no place on ${topic}`);
    return reader.decode(bytes);
  }

  /** Throws `Undecodable`. */
  decode(topic: TopicName, bytes: Buffer): unknown {
    const decoded = this.read(topic, bytes);
    if (decoded.ok) return decoded.value;
    throw decoded.problem;
  }

  /**
   * Fetches the schemas that decoding needs; undefined when there is nothing to wait for, which is nearly always. Waits for a
   * registry that is away; rejects only with the reason of `signal`.
   */
  prepare(topic: TopicName, values: Iterable<Buffer | null>, signal: AbortSignal): Promise<void> | undefined {
    if (topicShape(topic).text) return undefined;
    let wanted: Set<number> | undefined;
    for (const bytes of values) {
      const id = bytes === null ? undefined : idOf(bytes);
      if (id === undefined || this.#readers.has(id) || this.#knownToBeUnknown(id)) continue;
      wanted ??= new Set();
      wanted.add(id);
    }
    return wanted && inTurns([...wanted], (id) => this.#fetch(id, signal));
  }

  close(): void {
    this.#client.close();
  }

  async #register(prefix: string, signal: AbortSignal): Promise<void> {
    // Oldest first, so that a registry that has lost them gets the versions in their order.
    for (const { subject, avro } of earlierSchemas) await this.#client.register(`${prefix}${subject}`, avro, signal);
    await inTurns([...presentRecords().values()], async (record) => {
      const { subject, avro } = record.schema;
      this.#add(record, await this.#client.register(`${prefix}${subject}`, avro, signal));
    });
  }

  #add(record: PresentRecord, id: number): void {
    const { topic, type, name, avro } = record.schema;
    const kinds = this.#writers.get(topic) ?? new Map<unknown, RecordWriter>();
    this.#writers.set(topic, kinds.set(type, new RecordWriter(record, id)));
    this.#byName.set(name, record);
    this.#readers.set(id, new RecordReader({ avro, type: record.type }, record));
  }

  #knownToBeUnknown(id: number): boolean {
    const found = this.#unknown.get(id);
    return found !== undefined && this.#clock() - found.at < askAgainMs;
  }

  async #fetch(id: number, signal: AbortSignal): Promise<void> {
    const writer = await this.#client.find(id, signal);
    if (!writer) return this.#refuse(id, 'unknown_schema', `the registry has no Avro schema ${id}`);
    const name = writer.type.name ?? '';
    if (!name.startsWith('tocsin.'))
      return this.#refuse(id, 'foreign_record', `schema ${id} is of ${name}, not of ours`);
    try {
      this.#readers.set(id, new RecordReader(writer, this.#byName.get(name)));
      this.#unknown.delete(id);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#refuse(id, 'unreadable_schema', `schema ${id} (${name}) cannot be read as its present version: ${reason}`);
    }
  }

  #refuse(id: number, code: UndecodableCode, message: string): void {
    if (this.#unknown.size >= mostUnknown) this.#unknown.clear();
    this.#unknown.set(id, { problem: new Undecodable(code, message), at: this.#clock() });
  }
}

const named: ReadonlySet<string> = new Set(topicNames);
const kindOf = (topic: TopicName): NamedTopic | 'dead-letters' =>
  named.has(topic) ? (topic as NamedTopic) : 'dead-letters';

const idOf = (bytes: Buffer): number | undefined =>
  bytes.length >= frameBytes && bytes[0] === 0 ? bytes.readInt32BE(1) : undefined;

const problem = (code: UndecodableCode, message: string): Decoded => ({
  ok: false,
  problem: new Undecodable(code, message),
});
const notPrepared = (id: number): Undecodable => new Undecodable('unknown_schema', `schema ${id} was not fetched`);

/** A few at once; the first that fails ends it. */
async function inTurns<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const left = items.values();
  const worker = async (): Promise<void> => {
    for (const item of left) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker));
}
