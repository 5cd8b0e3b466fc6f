import process from 'node:process';
import { print, visible } from '../output.ts';
import { type Colour, painted } from './paint.ts';

/** A cell, with the colour of the whole of it. */
export type Cell = string | { readonly text: string; readonly colour: Colour };

const gap = '  ';
/** That of the terminal; without one, wide enough for what there is to say. */
const pageWidth = (): number => Math.max(80, process.stdout.columns ?? 120);

/** A heading, and the command that shows the same to whoever wants to look again. */
export function heading(text: string, command?: string): void {
  print(`\n${painted('bold', `── ${text}`)}${command === undefined ? '' : painted('dim', `   (tocsin ${command})`)}`);
}

/** Columns as wide as they need be; the last one ends where the page does. */
export function table(headings: readonly string[], rows: readonly (readonly Cell[])[]): void {
  const widths = headings.map((name, at) => Math.max(name.length, ...rows.map((row) => textOf(row[at]).length)));
  const line = (cells: readonly Cell[], paint?: Colour): string => {
    let left = pageWidth();
    const parts = cells.map((cell, at) => {
      const text = cut(textOf(cell), left);
      left -= (widths[at] ?? 0) + gap.length;
      const padded = at === cells.length - 1 ? text : text.padEnd(widths[at] ?? 0);
      const colour = typeof cell === 'string' ? paint : cell.colour;
      return colour ? painted(colour, padded) : padded;
    });
    return parts.join(gap);
  };
  print(line(headings, 'dim').trimEnd());
  for (const row of rows) print(line(row).trimEnd());
}

const textOf = (cell: Cell | undefined): string => visible(typeof cell === 'string' ? cell : (cell?.text ?? ''));
const cut = (text: string, length: number): string =>
  text.length <= length ? text : `${text.slice(0, Math.max(0, length - 1))}…`;
