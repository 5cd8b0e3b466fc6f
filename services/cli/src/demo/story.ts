import { alertmanagerPosts } from './alertmanager-posts.ts';
import { falcoLines } from './falco-lines.ts';
import { guarddutyEvents } from './guardduty-events.ts';
import { Moments } from './moments.ts';
import { suricataLines } from './suricata-lines.ts';
import { wazuhLines } from './wazuh-lines.ts';

/** What one tool sends, and what must become of it. */
export interface Act {
  readonly format: string;
  /** As the tool ships it. */
  readonly lines: readonly string[];
  readonly expected: { readonly accepted: number; readonly skipped: number; readonly rejected: number };
}

/** Forty minutes of a web shop under attack, as five tools see them. The end is now, so that nothing of it is late. */
export function storyUntil(endMs: number): readonly Act[] {
  const moments = new Moments(endMs);
  return [
    { format: 'suricata', lines: suricataLines(moments), expected: { accepted: 15, skipped: 1, rejected: 0 } },
    { format: 'falco', lines: falcoLines(moments), expected: { accepted: 7, skipped: 0, rejected: 1 } },
    { format: 'wazuh', lines: wazuhLines(moments), expected: { accepted: 8, skipped: 0, rejected: 0 } },
    { format: 'guardduty', lines: guarddutyEvents(moments), expected: { accepted: 3, skipped: 0, rejected: 0 } },
    { format: 'alertmanager', lines: alertmanagerPosts(moments), expected: { accepted: 3, skipped: 0, rejected: 0 } },
  ];
}

/** What the whole story comes to: the demo checks every number of it. */
export const outcome = {
  /** Lines taken, the one that could not be read included. */
  accepted: 37,
  duplicates: 1,
  deadLetters: 1,
  inSignals: 35,
  signals: 16,
  /** Signals that the receiver must hear of, when they open or become serious. */
  told: 6,
  /** Those of them that became serious later. */
  risen: 1,
  workflowRuns: 1,
} as const;

/** The signals that people deal with in the demo, by how their titles begin. */
export const cast = {
  dropper: 'Drop and execute new binary',
  ourScanner: 'ET SCAN Nmap',
  exploit: 'ET EXPLOIT',
} as const;
