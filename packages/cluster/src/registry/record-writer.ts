import type { PresentRecord } from './present-records.ts';

/** Zero, and the id of the schema in four bytes. */
export const frameBytes = 5;

/** Values of one kind of record to bytes. */
export class RecordWriter {
  readonly record: PresentRecord;
  readonly #id: number;
  #room: Buffer = Buffer.alloc(4096);

  constructor(record: PresentRecord, id: number) {
    this.record = record;
    this.#id = id;
  }

  /** Throws `TypeError`, naming what does not fit, for a value that is none of this record. */
  encode(value: unknown): Buffer {
    const { schema, form } = this.record;
    const { alone } = schema;
    const stored = form.toStored(alone === undefined ? value : { [alone]: value });
    const end = this.#write(stored);
    this.#room.writeUInt8(0, 0);
    this.#room.writeInt32BE(this.#id, 1);
    return Buffer.from(this.#room.subarray(0, end));
  }

  #write(stored: unknown): number {
    const { type, schema } = this.record;
    try {
      let end = type.encode(stored, this.#room, frameBytes);
      if (end < 0) {
        // What it says is how many bytes are missing.
        this.#room = Buffer.alloc((this.#room.length - end) * 2);
        end = type.encode(stored, this.#room, frameBytes);
      }
      return end;
    } catch (error) {
      throw new TypeError(`${schema.subject} cannot hold this value: ${this.#misfit(stored)}`, { cause: error });
    }
  }

  #misfit(stored: unknown): string {
    const places: string[] = [];
    this.record.type.isValid(stored, { errorHook: (path: readonly string[]) => places.push(path.join('.')) });
    return `look at ${places.join(', ') || 'the whole of it'}`;
  }
}
