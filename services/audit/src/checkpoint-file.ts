import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { syncDirectory } from '@tocsin/runtime';

/**
 * The place outside the log: `checkpoints.ndjson`, one line a checkpoint, only ever appended to. Whatever a crash or a full disk
 * cut off at its end is taken away when it is opened. It holds no secret, and is meant to be copied elsewhere.
 */
export class CheckpointFile {
  readonly #file: FileHandle;
  readonly #lines: string[];

  private constructor(file: FileHandle, lines: string[]) {
    this.#file = file;
    this.#lines = lines;
  }

  static async open(directory: string): Promise<CheckpointFile> {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const path = join(directory, 'checkpoints.ndjson');
    const file = await open(path, 'a+', 0o644);
    try {
      const text = await file.readFile('utf8');
      const whole = text.slice(0, text.lastIndexOf('\n') + 1);
      if (whole.length < text.length) await file.truncate(Buffer.byteLength(whole));
      await file.sync();
      await syncDirectory(dirname(path));
      return new CheckpointFile(file, whole.split('\n').slice(0, -1));
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  get lines(): readonly string[] {
    return this.#lines;
  }

  /** On disk when resolved. After a rejection the file must be opened anew. */
  async append(line: string): Promise<void> {
    await this.#file.appendFile(`${line}\n`);
    await this.#file.datasync();
    this.#lines.push(line);
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}
