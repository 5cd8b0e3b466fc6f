import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import process from 'node:process';
import Database from 'libsql';

/** Somebody else has the data directory open. */
export class DirectoryTaken extends Error {
  readonly pid: number | undefined;
  constructor(path: string, pid: number | undefined) {
    super(
      `The data directory ${path} is in use by another Tocsin (process ${pid ?? 'unknown'}). ` +
        'Stop that one first, or choose another directory with --data.',
    );
    this.name = 'DirectoryTaken';
    this.pid = pid;
  }
}

/**
 * A data directory has one owner at a time. The lock is a SQLite lock held on a file of its own, so the operating system lets
 * go of it however the owner dies; the pid stands beside it for the message only.
 */
export class DataDirectory {
  readonly path: string;
  readonly #lock: Database.Database;

  private constructor(path: string, lock: Database.Database) {
    this.path = path;
    this.#lock = lock;
  }

  /** Makes the directory (mode 0700) if it is not there. Throws `DirectoryTaken` when it has an owner. */
  static open(path: string): DataDirectory {
    const absolute = resolve(path);
    mkdirSync(absolute, { recursive: true, mode: 0o700 });
    const lock = new Database(join(absolute, 'owner.lock'));
    try {
      lock.exec('PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE');
    } catch (error) {
      lock.close();
      if (!/^SQLITE_(BUSY|LOCKED)/.test(String(Reflect.get(Object(error), 'code')))) throw error;
      throw new DirectoryTaken(absolute, ownerOf(absolute));
    }
    writeFileSync(join(absolute, 'owner.pid'), `${process.pid}\n`);
    return new DataDirectory(absolute, lock);
  }

  /** Path of a file in the directory. */
  file(name: string): string {
    return join(this.path, name);
  }

  /** The SQLite file of the log, readable by the owner only. */
  logFile(): string {
    const path = this.file('log.db');
    writeFileSync(path, '', { flag: 'a', mode: 0o600 });
    chmodSync(path, 0o600);
    return path;
  }

  close(): void {
    this.#lock.exec('ROLLBACK');
    this.#lock.close();
  }
}

function ownerOf(path: string): number | undefined {
  try {
    const pid = Number.parseInt(readFileSync(join(path, 'owner.pid'), 'utf8'), 10);
    return Number.isNaN(pid) ? undefined : pid;
  } catch {
    return undefined;
  }
}
