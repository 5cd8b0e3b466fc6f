import { Buffer } from 'node:buffer';
import type { JsonObject } from '@tocsin/core';
import { type Command, InvalidArgumentError } from 'commander';
import { type ClientFlags, clientOf, withClient } from '../invocation.ts';
import { printList } from '../output.ts';
import type { PageOf } from '../shapes.ts';

interface DeadLetter extends JsonObject {
  readonly id: string;
  readonly attributes: {
    readonly timestamp: string;
    readonly format: string;
    readonly line: number;
    readonly code: string;
    readonly message: string;
    readonly bytes: string;
  };
}

const count = (text: string): number => {
  if (!/^\d{1,4}$/.test(text)) throw new InvalidArgumentError('give a whole number up to 1000');
  return Math.min(1000, Number(text));
};

/** `tocsin deadletters …`: input that could not be read, with its bytes and the reason. */
export function deadLetterCommands(program: Command): void {
  withClient(program.command('deadletters').description('input that could not be read').command('list'))
    .description('newest first; json and ndjson hold the bytes in base64')
    .option('-n, --limit <count>', 'at most so many', count, 50)
    .action(async (flags: ClientFlags & { limit: number }) => {
      const client = await clientOf(flags);
      const page = (await client.json('/api/v2/deadletters', {
        query: { 'page[limit]': String(flags.limit) },
      })) as unknown as PageOf<DeadLetter>;
      printList(page.data, flags.output, [
        ['TIME', ({ attributes }) => attributes.timestamp],
        ['FORMAT', ({ attributes }) => attributes.format],
        ['LINE', ({ attributes }) => String(attributes.line)],
        ['CODE', ({ attributes }) => attributes.code],
        ['MESSAGE', ({ attributes }) => attributes.message],
        [
          'INPUT',
          ({ attributes }) => Buffer.from(attributes.bytes.slice(0, 64), 'base64').toString('utf8').slice(0, 40),
        ],
      ]);
    });
}
