import type { Command } from 'commander';
import { type ClientFlags, clientOf, withClient } from '../invocation.ts';
import { type Column, print, printList, printOne, printTable } from '../output.ts';
import type { PageOf, ShownAggregate, ShownFacet } from '../shapes.ts';
import { wholeNumber } from '../whole-number.ts';
import { askedFilter, type FilterFlags, filterHelp, tellHints, withFilter } from './signals-filter.ts';

const base = '/api/v2/security_monitoring/signals';

const names = (text: string): readonly string[] => text.split(',').map((name) => name.trim());

interface FacetFlags extends ClientFlags, FilterFlags {
  readonly facet?: readonly string[];
  readonly contains?: string;
  readonly limit: number;
}
interface FacetLine {
  readonly facet: ShownFacet;
  readonly value: string;
  readonly count: number;
}

const facetColumns: readonly Column<FacetLine>[] = [
  ['FACET', ({ facet }) => facet.id],
  ['VALUE', ({ value }) => value],
  ['COUNT', ({ count }) => String(count)],
];

/** `tocsin signals facets`. */
export function facetsCommand(signals: Command): void {
  withClient(withFilter(signals.command('facets')))
    .description('count the values of fields, attributes and tags; each without what the query asks of it')
    .option(
      '--facet <names>',
      'status,host,@usr.name: fields, @attributes, keys of tags; severity, state, rule, … unless given',
      names,
    )
    .option('--contains <text>', 'only values that hold this text')
    .option('-n, --limit <count>', 'values of each at most', wholeNumber, 10)
    .addHelpText(
      'after',
      `\nExamples:\n  tocsin signals facets "@workflow.triage.state:open" --from 7d\n  tocsin signals facets --facet status,host,@usr.name\n${filterHelp}`,
    )
    .action(async (query: string | undefined, { facet, contains, limit, ...flags }: FacetFlags) => {
      const client = await clientOf(flags);
      const answer = (await client.json(`${base}/facets`, {
        method: 'POST',
        json: {
          filter: askedFilter(query, flags),
          limit,
          ...(facet && { facets: facet }),
          ...(contains !== undefined && { contains }),
        },
      })) as unknown as PageOf<ShownFacet>;
      tellHints(answer);
      if (flags.output === 'table') printTableOf(answer.data);
      else printList(answer.data, flags.output, []);
    });
}

function printTableOf(facets: readonly ShownFacet[]): void {
  const lines = facets.flatMap((facet) => facet.attributes.values.map(({ value, count }) => ({ facet, value, count })));
  printTable(lines, facetColumns);
}

interface CountFlags extends ClientFlags, FilterFlags {
  readonly by?: readonly string[];
  readonly interval?: string;
  readonly limit: number;
}
interface CountLine {
  readonly by: Readonly<Record<string, string>>;
  readonly time: string;
  readonly count: number;
}

/** `tocsin signals count`. */
export function countCommand(signals: Command): void {
  withClient(withFilter(signals.command('count')))
    .description('count signals exactly, in groups, over time')
    .option('--by <names>', 'in groups: at most 3 fields, @attributes or keys of tags, as tactic,technique', names)
    .option('--interval <length>', 'over time, in stretches of 5m, 1h, 1d, … or auto')
    .option('-n, --limit <count>', 'groups at most', wholeNumber, 10)
    .addHelpText(
      'after',
      `\nExamples:\n  tocsin signals count "status:>=high @workflow.triage.state:open"\n  tocsin signals count --by tactic,technique\n  tocsin signals count --by status --interval 1d --from 30d\n${filterHelp}`,
    )
    .action(async (query: string | undefined, { by = [], interval, limit, ...flags }: CountFlags) => {
      const client = await clientOf(flags);
      const answer = (await client.json(`${base}/aggregate`, {
        method: 'POST',
        json: {
          filter: askedFilter(query, flags),
          group_by: by,
          limit,
          ...(interval !== undefined && { interval }),
        },
      })) as unknown as Pick<PageOf<unknown>, 'meta'> & { readonly data: ShownAggregate };
      tellHints(answer);
      if (flags.output === 'table') printCounts(answer.data, by, interval !== undefined);
      else printOne(answer.data, flags.output);
    });
}

function printCounts({ attributes }: ShownAggregate, by: readonly string[], overTime: boolean): void {
  const lines = attributes.buckets.flatMap(({ by: group, computes, series = [] }): readonly CountLine[] => {
    const line = (time: string, counts: typeof computes) => ({ by: group, time, count: counts.c0 ?? 0 });
    return overTime ? series.map(({ time, computes: own }) => line(time, own)) : [line('', computes)];
  });
  if (by.length === 0 && !overTime) print(String(lines[0]?.count ?? 0));
  else printTable(lines, countColumns(by, overTime));
}

const countColumns = (by: readonly string[], overTime: boolean): readonly Column<CountLine>[] => [
  ...(overTime ? [['TIME', ({ time }) => time] satisfies Column<CountLine>] : []),
  ...by.map((name): Column<CountLine> => [name.toUpperCase(), ({ by: group }) => group[name] ?? '']),
  ['COUNT', ({ count }) => String(count)],
];
