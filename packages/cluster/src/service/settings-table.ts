import { variableOf } from '@tocsin/runtime';
import type { z } from 'zod';
import { settings } from './settings.ts';

/** The settings as a table in Markdown, for the guide: a test holds the two against each other. */
export const settingsTable = (): string =>
  ['| variable | unless given | what it is |', '| --- | --- | --- |', ...Object.entries(settings.shape).map(line)].join(
    '\n',
  );

function line([key, schema]: readonly [string, z.ZodType]): string {
  const unset = schema.safeParse(undefined);
  const said = unset.success ? fallback(unset.data) : 'must be given';
  return `| \`${variableOf(key)}\` | ${said} | ${schema.description ?? ''} |`;
}

function fallback(value: unknown): string {
  if (value === undefined || (Array.isArray(value) && value.length === 0)) return 'none';
  return `\`${String(value)}\``;
}
