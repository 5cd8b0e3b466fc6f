import { Command } from 'commander';
import { auditCommands } from '../commands/audit.ts';
import { signalCommands } from '../commands/signals.ts';
import type { Connection } from '../connection.ts';
import { exitCodes, Failure } from '../failure.ts';
import { print, visible } from '../output.ts';
import { painted } from './paint.ts';

/** Runs client commands as a person would type them, and shows them with what they print. */
export class TocsinShell {
  readonly #connection: Connection & { readonly data: string };

  constructor(connection: Connection & { readonly data: string }) {
    this.#connection = connection;
  }

  /** The exit code that the command would end with. */
  async run(...args: readonly string[]): Promise<number> {
    print(painted('dim', `$ tocsin ${args.map(quoted).join(' ')}`));
    const program = new Command('tocsin').exitOverride();
    signalCommands(program);
    auditCommands(program);
    const { url, token, data } = this.#connection;
    try {
      await program.parseAsync([...args, '--url', url, '--token', token, '--data', data], { from: 'user' });
      return exitCodes.ok;
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      print(painted('yellow', `exit ${error.exitCode}: ${visible(error.message)}`));
      return error.exitCode;
    }
  }
}

const quoted = (text: string): string => (/^[\w@.,:/=-]+$/.test(text) ? text : `"${text}"`);
