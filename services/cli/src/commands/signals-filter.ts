import type { Command } from 'commander';
import { exitCodes, Failure } from '../failure.ts';
import { tell } from '../output.ts';
import type { PageOf } from '../shapes.ts';

/** Which signals are meant, as options. */
export interface FilterFlags {
  readonly from?: string;
  readonly since?: string;
  readonly to?: string;
}

/** As the API takes it. */
export type AskedFilter = {
  readonly query?: string;
  readonly from?: string;
  readonly to?: string;
};

/** The query and the options that every command takes which finds signals. */
export const withFilter = (command: Command): Command =>
  command
    .argument('[query]', 'for example: status:(high OR critical) @workflow.triage.state:open env:prod "login failed"')
    .option('--from <time>', 'created at or after: 24h ago as 24h, now-7d, now/d, a date, milliseconds')
    .option('--since <time>', 'the same as --from')
    .option('--to <time>', 'created before');

export function askedFilter(query: string | undefined, { from, since, to }: FilterFlags): AskedFilter {
  if (from !== undefined && since !== undefined)
    throw new Failure(exitCodes.usage, 'Give either --from or --since: they mean the same.');
  const begin = from ?? since;
  return {
    ...(query !== undefined && { query }),
    ...(begin !== undefined && { from: instantOf(begin) }),
    ...(to !== undefined && { to: instantOf(to) }),
  };
}

/** `24h` is 24 hours ago. */
const instantOf = (text: string): string => (/^\d+(?:mo|[smhdwy])$/.test(text) ? `now-${text}` : text);

/** Says what the server thinks of a query that can be read and is hardly meant. */
export function tellHints({ meta }: Pick<PageOf<unknown>, 'meta'>): void {
  for (const { code, title } of meta?.warnings ?? []) if (code === 'query_hint') tell(`Hint: ${title}`);
}

export const filterHelp =
  '\nA query that begins with - is written after --, or with NOT:\n  tocsin signals list -- -status:info\n  tocsin signals list "NOT status:info"';
