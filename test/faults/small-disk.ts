import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A file system of its own in memory, that can be filled up and emptied. Mounting takes root. */
export class SmallDisk {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /** Undefined where nothing can be mounted. */
  static mount(megabytes: number): SmallDisk | undefined {
    const path = mkdtempSync(join(tmpdir(), 'tocsin-disk-'));
    const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tocsin-test', path]);
    if (status === 0) return new SmallDisk(path);
    rmdirSync(path);
    return undefined;
  }

  get freeBytes(): number {
    const { bavail, bsize } = statfsSync(this.path);
    return bavail * bsize;
  }

  /** Leaves so many bytes free. Somebody else may take space meanwhile: the disk is then as full as it gets. */
  fill(left: number): void {
    const size = this.freeBytes - left;
    if (size <= 0) return;
    try {
      writeFileSync(this.#ballast, Buffer.alloc(size, 1), { flag: 'a' });
    } catch (error) {
      if (Reflect.get(Object(error), 'code') !== 'ENOSPC') throw error;
    }
  }

  /** Gives back what `fill` took. */
  empty(): void {
    rmSync(this.#ballast, { force: true });
  }

  /** Lazily: SQLite lets go of a closed file only when its statements are collected. */
  unmount(): void {
    const { status, stderr } = spawnSync('umount', ['-l', this.path]);
    if (status !== 0) throw new Error(`${this.path} is still mounted: ${stderr}`);
    rmdirSync(this.path);
  }

  get #ballast(): string {
    return join(this.path, 'ballast');
  }
}
