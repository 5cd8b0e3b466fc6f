import { defaultOrg, ruleTypes, type SignalFilter, severities, signalStates } from '@tocsin/core';
import { ApiError } from './errors.ts';

/** The first words of the query language: `key:value` terms that must all hold, several values of one key as `key:(a OR b)`. */
const keys: Readonly<Record<string, { readonly field: keyof SignalFilter; readonly allowed?: readonly string[] }>> = {
  status: { field: 'severities', allowed: severities },
  '@workflow.triage.state': { field: 'states', allowed: signalStates },
  source: { field: 'sources' },
  '@workflow.rule.id': { field: 'ruleIds' },
  '@workflow.rule.ruleType': { field: 'ruleTypes', allowed: ruleTypes },
};

const term = /\s*([@\w.]+):(?:\(([^()]*)\)|"([^"]*)"|(\S+))/y;

/** Parses a filter query; refuses what it does not know with the place and the known words. */
export function readQuery(text: string): Partial<SignalFilter> {
  const found: Record<string, readonly string[]> = {};
  term.lastIndex = 0;
  while (text.slice(term.lastIndex).trim() !== '') {
    const at = term.lastIndex;
    const match = term.exec(text);
    if (!match?.[1]) throw unknown(text, at);
    const values =
      match[2] === undefined ? [match[3] ?? match[4] ?? ''] : match[2].split(/\s+OR\s+/).map((value) => value.trim());
    const key = keys[match[1]];
    const field = key?.field ?? 'tags';
    if (!key && match[1].startsWith('@')) throw unknown(text, at);
    const wrong = values.find((value) => key?.allowed && !key.allowed.includes(value));
    if (wrong !== undefined)
      throw new ApiError('bad_request', `${match[1]} cannot be "${wrong}". It is one of ${key?.allowed?.join(', ')}.`);
    const wanted = key ? values : values.map((value) => `${match[1]}:${value}`);
    if (found[field])
      throw new ApiError('bad_request', `Give ${match[1]} once, with alternatives as ${match[1]}:(a OR b).`);
    found[field] = wanted;
  }
  return found;
}

const unknown = (text: string, at: number): ApiError =>
  new ApiError(
    'bad_request',
    `Cannot read the query at character ${at + 1}, before "${text.slice(at).trim().slice(0, 40)}". ` +
      `Possible so far: ${Object.keys(keys).join(', ')} and tags, each as key:value or key:(a OR b).`,
  );

/** ISO 8601, milliseconds since the epoch, or `now` with an offset such as `now-15m`. */
export function readInstant(text: string, name: string): number {
  const relative = /^now(?:-(\d+)(s|m|h|d|w))?$/.exec(text);
  const before = relative && Number(relative[1] ?? 0) * (unitMs[relative[2] ?? 's'] ?? 0);
  const instant = before !== null ? Date.now() - before : /^\d{10,}$/.test(text) ? Number(text) : Date.parse(text);
  if (!(Math.abs(instant) <= latest))
    throw new ApiError('bad_request', `${name} is not a time: write 2026-01-31T12:00:00Z, milliseconds, or now-15m.`);
  return instant;
}
/** Further from 1970 no date is. */
const latest = 8.64e15;
const unitMs: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

export interface ListRequest {
  readonly query?: string | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

export const filterOf = ({ query, from, to }: ListRequest): SignalFilter => ({
  org: defaultOrg,
  ...readQuery(query === '*' ? '' : (query ?? '')),
  ...(from !== undefined && { from: readInstant(from, 'from') }),
  ...(to !== undefined && { to: readInstant(to, 'to') }),
});
