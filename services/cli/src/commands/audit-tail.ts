import type { ApiClient } from '../client.ts';
import { freshly } from '../freshly.ts';
import { tell } from '../output.ts';
import type { PageOf, ShownAudit } from '../shapes.ts';
import { follow } from '../sse.ts';

/** The newest records, oldest of them first. */
export async function newest(client: ApiClient, lines: number): Promise<readonly ShownAudit[]> {
  return oldestFirst([await pageOf(client, lines)]);
}

/**
 * The newest records and all that follow until the signal aborts, each once: the stream is open before the list is read, so
 * nothing falls between the two.
 */
export async function* tailed(
  client: ApiClient,
  { lines, signal }: { readonly lines: number; readonly signal: AbortSignal },
): AsyncIterable<readonly ShownAudit[]> {
  let opened = (): void => {};
  const open = new Promise<void>((resolve) => {
    opened = resolve;
  });
  const stream = follow(client, { path: '/api/v2/audit/stream', signal, opened })[Symbol.asyncIterator]();
  const first = stream.next();
  await Promise.race([open, first]);
  // Its failure is met below; until then it must not count as unhandled.
  first.catch(() => {});
  const { value, fresh } = await freshly(async () => [await pageOf(client, lines)]);
  if (!fresh) tell('The read model is behind the log: records from just before may be missing here.');
  const before = oldestFirst(value);
  yield before;
  const seen = new Set(before.map(placeOf));
  for (let next = await first; next.done !== true; next = await stream.next()) {
    const record = JSON.parse(next.value) as ShownAudit;
    if (!seen.delete(placeOf(record))) yield [record];
  }
}

const placeOf = ({ stream, seq }: ShownAudit): string => `${stream}-${seq}`;

const pageOf = async (client: ApiClient, lines: number): Promise<PageOf<ShownAudit>> =>
  (await client.json('/api/v2/audit/events', {
    query: { 'page[limit]': String(lines) },
  })) as unknown as PageOf<ShownAudit>;

const oldestFirst = (pages: readonly PageOf<ShownAudit>[]): readonly ShownAudit[] =>
  pages.flatMap(({ data }) => data).reverse();
