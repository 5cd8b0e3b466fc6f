import { isoOf, type Message, type Sink } from '@tocsin/core';
import { z } from 'zod';
import { visibleText } from '../plain-text.ts';
import { delivered } from '../status-verdict.ts';

const config = z.strictObject({});
type ConsoleConfig = z.output<typeof config>;

/** One line to the standard output of the process that delivers. */
export const consoleSink: Sink<ConsoleConfig> = {
  type: 'console',
  title: 'Console',
  config,
  secrets: [],
  followUps: ['escalated'],
  async deliver(message, _, { wires }) {
    wires.print(visibleText(lineOf(message)));
    return { verdict: delivered };
  },
};

const lineOf = ({ at, severity, kind, title, summary, rule, link }: Message): string =>
  `${isoOf(at)} ${severity.toUpperCase().padEnd(8)} ${kind.replace('_', ' ')}: ${title} | ${summary} | rule "${rule.name}" | ${link}`;
