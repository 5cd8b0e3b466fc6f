import type { RecordSchema } from '@tocsin/core';
import type avsc from 'avsc';
import { avroForm } from './avro-form.ts';
import { withinBounds } from './avro-bounds.ts';
import { avroNode } from './avro-node.ts';
import type { PresentRecord } from './present-records.ts';
import { frameBytes } from './record-writer.ts';
import type { WriterSchema } from './registry-client.ts';
import { type Decoded, Undecodable } from './undecodable.ts';

/** What one writer's bytes say, in the present shape. */
export class RecordReader {
  /** Undefined for a record that this release does not know: it is read as its writer had it. */
  readonly schema: RecordSchema | undefined;
  readonly name: string;
  readonly #type: avsc.Type;
  readonly #resolver: avsc.Resolver | undefined;
  readonly #fromStored: (stored: unknown) => unknown;
  readonly #fits: (bytes: Buffer, from: number) => boolean;

  /** Throws where the present shape cannot read the writer's. */
  constructor(writer: WriterSchema, present: PresentRecord | undefined) {
    const node = avroNode(writer.avro);
    this.name = writer.type.name ?? '';
    this.schema = present?.schema;
    this.#fits = withinBounds(node);
    this.#type = present?.type ?? writer.type;
    this.#fromStored = (present?.form ?? avroForm(node)).fromStored;
    if (this.#type !== writer.type) this.#resolver = this.#type.createResolver(writer.type);
  }

  decode(bytes: Buffer): Decoded {
    if (!this.#fits(bytes, frameBytes)) return malformed(`it is cut short, or no ${this.name}`);
    try {
      const stored: unknown = this.#type.fromBuffer(bytes.subarray(frameBytes), this.#resolver);
      const value = this.#fromStored(stored) as Record<string, unknown>;
      const alone = this.schema?.alone;
      return { ok: true, value: alone === undefined ? value : value[alone] };
    } catch (error) {
      return malformed(error instanceof Error ? error.message : String(error), error);
    }
  }
}

const malformed = (message: string, cause?: unknown): Decoded => ({
  ok: false,
  problem: new Undecodable('malformed', message, { cause }),
});
