import { Buffer } from 'node:buffer';

/** A part of the input that the server can read by itself. */
export interface Batch {
  readonly body: Buffer;
  /** Lines before it. */
  readonly linesBefore: number;
}

export interface BatchLimits {
  /** A batch is cut before the next value once it is so long. 1 MiB. */
  readonly bytes?: number;
  /** What has come is sent when nothing more comes for so long: a pipe may never end. 500 ms. */
  readonly idleMs?: number;
}

const newline = 0x0a;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;

/**
 * Cuts input into batches, between two values and never inside of one: a line that begins with `{` begins a value, so lines and
 * pretty-printed objects are cut; an array stays whole. The batches together are the input, byte for byte; there is at least one.
 */
export async function* batchesOf(source: AsyncIterable<Uint8Array>, limits: BatchLimits = {}): AsyncIterable<Batch> {
  const { bytes = 1024 * 1024, idleMs = 500 } = limits;
  const chunks = source[Symbol.asyncIterator]();
  const held = new Held();
  let next = chunks.next();
  let linesBefore = 0;
  try {
    for (;;) {
      const came = await soonest(next, held.mayEnd ? idleMs : undefined);
      if (came !== 'idle') {
        if (came.done) break;
        held.add(came.value);
        next = chunks.next();
      }
      const body = came === 'idle' ? held.takeWhole() : held.size > bytes ? held.takeFull() : undefined;
      if (!body) continue;
      yield { body, linesBefore };
      linesBefore += linesIn(body);
    }
    const body = held.takeRest();
    if (body.length > 0 || linesBefore === 0) yield { body, linesBefore };
  } finally {
    next.catch(() => {});
  }
}

async function soonest<T>(next: Promise<T>, idleMs: number | undefined): Promise<T | 'idle'> {
  if (idleMs === undefined) return next;
  let timer: NodeJS.Timeout | undefined;
  const idle = new Promise<'idle'>((resolve) => {
    timer = setTimeout(resolve, idleMs, 'idle');
  });
  try {
    return await Promise.race([next, idle]);
  } finally {
    clearTimeout(timer);
  }
}

/** What has come and was not sent yet. */
class Held {
  size = 0;
  /** False once it was found to end inside of a value, until more comes. */
  mayEnd = false;
  #chunks: Uint8Array[] = [];

  add(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.size += chunk.length;
    this.mayEnd = true;
  }

  /** Everything, if it ends with a value. */
  takeWhole(): Buffer | undefined {
    this.mayEnd = false;
    const all = this.#joined();
    return endsWithValue(all) ? this.#take(all, all.length) : undefined;
  }

  /** Everything before the last value that began. */
  takeFull(): Buffer | undefined {
    const all = this.#joined();
    const at = isArray(all) ? -1 : all.lastIndexOf('\n{');
    return at < 0 ? undefined : this.#take(all, at + 1);
  }

  takeRest(): Buffer {
    const all = this.#joined();
    return this.#take(all, all.length);
  }

  #joined(): Buffer {
    const all = Buffer.concat(this.#chunks);
    this.#chunks = [all];
    return all;
  }

  #take(all: Buffer, end: number): Buffer {
    const rest = all.subarray(end);
    this.#chunks = rest.length > 0 ? [rest] : [];
    this.size = rest.length;
    this.mayEnd = rest.length > 0;
    return all.subarray(0, end);
  }
}

/** Whether the last line is whole and is a value, or ends one. */
function endsWithValue(all: Buffer): boolean {
  if (all.length < 2 || all[all.length - 1] !== newline || isArray(all)) return false;
  const first = all[all.lastIndexOf(newline, all.length - 2) + 1];
  return first === openBrace || first === closeBrace;
}

/** The first character, behind white space and a byte order mark. */
const isArray = (all: Buffer): boolean => all[all.findIndex((byte) => byte > 0x20 && byte < 0x80)] === openBracket;

function linesIn(body: Buffer): number {
  let lines = 0;
  for (let at = body.indexOf(newline); at >= 0; at = body.indexOf(newline, at + 1)) lines += 1;
  return lines;
}
