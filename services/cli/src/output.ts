import process from 'node:process';
import type { Json } from '@tocsin/core';

export const outputForms = ['table', 'json', 'ndjson'] as const;
export type OutputForm = (typeof outputForms)[number];

export type Column<T> = readonly [heading: string, show: (item: T) => string];

/** Control characters and text direction marks of foreign texts must not steer the terminal: they are shown as escapes. */
export const visible = (text: string): string =>
  [...text].map((character) => (treacherous(character.codePointAt(0) ?? 0) ? escaped(character) : character)).join('');

const treacherous = (code: number): boolean =>
  code < 0x20 ||
  (code >= 0x7f && code <= 0x9f) ||
  (code >= 0x2028 && code <= 0x202e) ||
  (code >= 0x2066 && code <= 0x2069);
const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** Data goes to the standard output; a closed pipe ends the command quietly. */
export const print = (text: string): void => {
  process.stdout.write(`${text}\n`);
};
/** Talk goes to the standard error. */
export const tell = (text: string): void => {
  process.stderr.write(`${text}\n`);
};

/** Prints a list in the form asked for. */
export function printList<T extends Json>(items: readonly T[], form: OutputForm, columns: readonly Column<T>[]): void {
  if (form === 'json') print(JSON.stringify(items, null, 2));
  else if (form === 'ndjson') for (const item of items) print(JSON.stringify(item));
  else printTable(items, columns);
}

export const printOne = (item: Json, form: OutputForm): void =>
  print(JSON.stringify(item, null, form === 'ndjson' ? 0 : 2));

/** For people: columns with headings. */
export function printTable<T>(items: readonly T[], columns: readonly Column<T>[]): void {
  const rows = items.map((item) => columns.map(([, show]) => visible(show(item))));
  const widths = columns.map(([heading], at) => Math.max(heading.length, ...rows.map((row) => row[at]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd();
  if (columns.some(([heading]) => heading !== '')) print(line(columns.map(([heading]) => heading)));
  for (const row of rows) print(line(row));
}
