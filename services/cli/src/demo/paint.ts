import process from 'node:process';
import type { Severity } from '@tocsin/core';

const codes = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, blue: 34, magenta: 35, cyan: 36 } as const;
export type Colour = keyof typeof codes;

/** Colours are for terminals, and for people who have not asked for none. */
const isColourful = (): boolean =>
  process.stdout.isTTY === true && !process.env.NO_COLOR && process.env.TERM !== 'dumb';

/** The text in a colour, or as it is where nobody would see one. */
export const painted = (colour: Colour, text: string): string =>
  isColourful() ? `\u001b[${codes[colour]}m${text}\u001b[0m` : text;

export const severityColours: Readonly<Record<Severity, Colour>> = {
  critical: 'magenta',
  high: 'red',
  medium: 'yellow',
  low: 'blue',
  info: 'dim',
};
