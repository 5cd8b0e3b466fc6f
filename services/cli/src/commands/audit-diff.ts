import { type Json, type SignalView, signalResource } from '@tocsin/core';
import type { ApiClient } from '../client.ts';
import { type Difference, differences } from '../differences.ts';
import { exitCodes, Failure } from '../failure.ts';
import { freshly } from '../freshly.ts';
import type { ClientFlags } from '../invocation.ts';
import { print, printOne } from '../output.ts';
import type { ShownSignal } from '../shapes.ts';
import { pagesOf } from './signals-list.ts';

export interface Rebuilt {
  readonly views: ReadonlyMap<string, SignalView>;
  /** Time of the newest record that was read; what was opened later is not in it yet. */
  readonly newest: number;
}

export const resources = (views: ReadonlyMap<string, SignalView>): readonly ShownSignal[] =>
  [...views.values()].map((view) => signalResource(view) as unknown as ShownSignal);

/** Compares what the audit log tells with what the server shows; any difference is a failure. */
export async function compareWithServer(client: ApiClient, rebuilt: Rebuilt, flags: ClientFlags): Promise<void> {
  const { value: pages, fresh } = await freshly(() => pagesOf(client, { limit: Number.MAX_SAFE_INTEGER }));
  if (!fresh)
    throw new Failure(
      exitCodes.failed,
      'The read model is behind the log: nothing was compared. Try again in a moment.',
    );
  const { compared, different } = comparison(
    resources(rebuilt.views),
    pages.flatMap(({ data }) => data),
    rebuilt.newest,
  );
  if (flags.output !== 'table')
    printOne({ signals: compared, differences: different as unknown as Json }, flags.output);
  else if (different.length === 0) print(`ok: ${compared} signals rebuilt from the audit log alone, no difference`);
  else
    for (const { id, path, audit, server } of different)
      print(`${id} ${path}: audit log ${JSON.stringify(audit)}, server ${JSON.stringify(server)}`);
  if (different.length > 0)
    throw new Failure(exitCodes.verification, `${different.length} differences between audit log and server.`);
}

interface SignalDifference extends Difference {
  readonly id: string;
}

/**
 * Signals that moved on between export and listing are newer, not different; those opened at `until` or later may not have
 * been in the audit log yet.
 */
export function comparison(
  audit: readonly ShownSignal[],
  server: readonly ShownSignal[],
  until: number,
): { readonly compared: number; readonly different: readonly SignalDifference[] } {
  const rebuilt = new Map(audit.map((resource) => [resource.id, resource]));
  const shown = server.filter(({ id, attributes }) => rebuilt.has(id) || Date.parse(attributes.timestamp) < until);
  const different = shown.flatMap((live): readonly SignalDifference[] => {
    const ours = rebuilt.get(live.id);
    rebuilt.delete(live.id);
    if (!ours) return [{ id: live.id, path: '', audit: null, server: 'only on the server' }];
    return isNewer(live, ours) ? [] : differences(ours, live).map((each) => ({ id: live.id, ...each }));
  });
  const lost = [...rebuilt.keys()].map((id) => ({ id, path: '', audit: 'only in the audit log', server: null }));
  return { compared: shown.length, different: [...different, ...lost] };
}

function isNewer(live: ShownSignal, ours: ShownSignal): boolean {
  const [a, b] = [live.attributes.custom, ours.attributes.custom];
  return a.version > b.version || a.workflow.triage.version > b.workflow.triage.version;
}
