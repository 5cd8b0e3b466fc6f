import { rankOf, type Severity } from '@tocsin/core';
import { listed } from '../commands/signals-list.ts';
import type { ShownSignal } from '../shapes.ts';
import { heading, table } from './page.ts';
import { severityColours } from './paint.ts';
import type { Scene } from './scene.ts';
import { type Act, outcome } from './story.ts';
import { until } from './until.ts';

interface Taken {
  readonly accepted: number;
  readonly skipped: number;
  readonly skipped_by?: Readonly<Record<string, number>>;
  readonly rejected: readonly { readonly line: number; readonly code: string }[];
}

/** Sends what every tool has to say, as that tool ships it. */
export async function detectionsArrive(scene: Scene, acts: readonly Act[]): Promise<void> {
  const { checks } = scene;
  heading('Five tools report', 'detect send --format suricata eve.json');
  const taken = await inTurn(acts, (act) => sent(scene, act));
  table(
    ['FORMAT', 'LINES', 'DETECTIONS', ''],
    acts.map(({ format, lines }, at) => [format, String(lines.length), ...told(taken[at])]),
  );
  const counts = taken.map(({ accepted, skipped, rejected }) => ({ accepted, skipped, rejected: rejected.length }));
  checks.same(
    'every line is accepted, skipped by its kind, or kept because nobody could read it',
    counts,
    acts.map(({ expected }) => expected),
  );
}

async function inTurn<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<readonly R[]> {
  const done: R[] = [];
  for (const item of items) done.push(await work(item));
  return done;
}

const told = (taken: Taken | undefined): readonly string[] => [
  String(taken?.accepted),
  [
    ...Object.entries(taken?.skipped_by ?? {}).map(([what, count]) => `${count} skipped: a ${what} is not an alert`),
    ...(taken?.rejected ?? []).map(({ line, code }) => `line ${line} is kept as a dead letter: ${code}`),
  ].join('; '),
];

const sent = async ({ client }: Scene, { format, lines }: Act): Promise<Taken> =>
  (await client.json(`/api/v2/detections/${format}`, {
    method: 'POST',
    body: new TextEncoder().encode(lines.join('\n')),
    headers: { 'content-type': 'application/x-ndjson' },
  })) as unknown as Taken;

/** Waits until the counters of the signals are up to date (at most once a second each), and shows them, gravest first. */
export async function signalsAppear({ client, checks }: Scene): Promise<readonly ShownSignal[]> {
  const signals = await until(
    () => listed(client, { limit: 1000 }),
    (found) => found.length === outcome.signals && detectionsIn(found) === outcome.inSignals,
  );
  const gravestFirst = [...signals].sort((a, b) => rankOf(severityOf(b)) - rankOf(severityOf(a)));
  heading(`${detectionsIn(signals)} detections have become ${signals.length} signals`, 'signals list');
  table(['SEVERITY', 'COUNT', 'FROM', 'TITLE', 'WHERE'], gravestFirst.map(rowOf));
  checks.same(
    `repeats are grouped: ${outcome.inSignals} detections make ${outcome.signals} signals`,
    signals.length,
    outcome.signals,
  );
  checks.same('each detection counts in exactly one of them', detectionsIn(signals), outcome.inSignals);
  return signals;
}

const severityOf = ({ attributes }: ShownSignal): Severity => attributes.custom.status as Severity;
const detectionsIn = (signals: readonly ShownSignal[]): number =>
  signals.reduce((sum, { attributes }) => sum + attributes.custom.workflow.events_matched, 0);

const rowOf = (signal: ShownSignal) => {
  const { custom } = signal.attributes;
  return [
    { text: custom.status, colour: severityColours[severityOf(signal)] },
    String(custom.workflow.events_matched).padStart(5),
    String(custom.source),
    custom.title.length > 48 ? `${custom.title.slice(0, 47)}…` : custom.title,
    custom.groupByValues.map(({ value }) => value).join(', '),
  ];
};

export const signalTitled = (signals: readonly ShownSignal[], start: string): ShownSignal => {
  const found = signals.find(({ attributes }) => attributes.custom.title.startsWith(start));
  if (!found) throw new Error(`the demo has no signal "${start}…"`);
  return found;
};
