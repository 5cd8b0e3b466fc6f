import type { Command } from 'commander';
import type { ApiClient } from '../client.ts';
import { type ClientFlags, clientOf, withClient } from '../invocation.ts';
import { type Column, print, printList, tell } from '../output.ts';
import type { PageOf, ShownSignal } from '../shapes.ts';
import { wholeNumber } from '../whole-number.ts';
import {
  type AskedFilter,
  askedFilter,
  type FilterFlags,
  filterHelp,
  tellHints,
  withFilter,
} from './signals-filter.ts';

const columns: readonly Column<ShownSignal>[] = [
  ['ID', ({ id }) => id],
  ['SEVERITY', ({ attributes }) => attributes.custom.status],
  ['STATE', ({ attributes }) => attributes.custom.workflow.triage.state],
  ['COUNT', ({ attributes }) => String(attributes.custom.workflow.events_matched)],
  ['CREATED', ({ attributes }) => attributes.timestamp],
  ['ASSIGNEE', ({ attributes }) => attributes.custom.workflow.triage.assignee.name],
  ['TITLE', ({ attributes }) => attributes.custom.title],
];

interface ListFlags extends ClientFlags, FilterFlags {
  readonly sort?: string;
  readonly limit: number;
  readonly quiet?: boolean;
}

/** `tocsin signals list`. */
export function listCommand(signals: Command): void {
  withClient(withFilter(signals.command('list')))
    .description('list signals, newest first')
    .option('--sort <field>', 'by another field: status, -status (descending), @workflow.last_seen, host, …')
    .option('-n, --limit <count>', 'at most so many', wholeNumber, 50)
    .option('-q, --quiet', 'print ids only')
    .addHelpText(
      'after',
      `\nExamples:\n  tocsin signals list\n  tocsin signals list "status:critical @workflow.triage.state:open" --from 24h\n  tocsin signals list "CIDR(@network.client.ip, 10.0.0.0/8)" --sort -status\n  tocsin signals set $(tocsin signals list -q "source:suricata") --state archived --reason testing_or_maintenance\n${filterHelp}`,
    )
    .action(async (query: string | undefined, flags: ListFlags) => {
      const client = await clientOf(flags);
      const pages = await pagesOf(client, { ...askedFilter(query, flags), sort: flags.sort, limit: flags.limit });
      const found = pages.flatMap(({ data }) => data);
      if (pages[0]) tellHints(pages[0]);
      if (flags.quiet) for (const { id } of found) print(id);
      else printList(found, flags.output, columns);
      if (found.length === 0 && flags.output === 'table' && query === undefined)
        tell('No signals. Send a detection: tocsin detect send --format falco FILE');
    });
}

interface Listing extends AskedFilter {
  readonly sort?: string | undefined;
  readonly limit: number;
}

/** Reads pages until there are so many, or no more. */
export async function listed(client: ApiClient, about: Listing): Promise<readonly ShownSignal[]> {
  return (await pagesOf(client, about)).flatMap(({ data }) => data);
}

export async function pagesOf(
  client: ApiClient,
  { query, from, to, sort, limit }: Listing,
): Promise<readonly PageOf<ShownSignal>[]> {
  const pages: PageOf<ShownSignal>[] = [];
  let left = limit;
  let cursor: string | undefined;
  do {
    const page = (await client.json('/api/v2/security_monitoring/signals', {
      query: {
        'filter[query]': query,
        'filter[from]': from,
        'filter[to]': to,
        sort,
        'page[limit]': String(Math.min(1000, left)),
        'page[cursor]': cursor,
      },
    })) as unknown as PageOf<ShownSignal>;
    pages.push(page);
    left -= page.data.length;
    cursor = page.meta?.page?.after;
  } while (cursor !== undefined && left > 0);
  return pages;
}
