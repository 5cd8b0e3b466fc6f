import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import process from 'node:process';

/** Something that a native server needs is not on this machine; the message says what, and how to get it. */
export class Missing extends Error {
  constructor(what: string, how: string) {
    super(`${what} is missing: ${how}`);
    this.name = 'Missing';
  }
}

export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Where a command is. */
export function commandOf(name: string): string | undefined {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find(isExecutable);
}
