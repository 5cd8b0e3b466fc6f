import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import process from 'node:process';
import { detectionShape, isJsonObject, type Json, type JsonObject } from '@tocsin/core';
import { parse } from 'lossless-json';
import { describe, expect, it } from 'vitest';
import { guessFormat, type Intake, readLines } from '../src/index.ts';
import { bytesOf, read } from './samples.ts';

/** Real payloads of other projects. They are never copied into the repository, so they may be absent. */
const folder = process.env.TOCSIN_SAMPLES ?? join(import.meta.dirname, '..', '..', '..', '..', 'shared', 'samples');
const isPresent = existsSync(folder);
if (!isPresent) console.warn(`SKIPPED: no samples at ${folder}; set TOCSIN_SAMPLES to a folder that holds them`);

/** File, format, detections, skipped lines. No line of these files is rejected. */
const counts: readonly (readonly [string, string, number, number])[] = [
  ['falco/alerts.ndjson', 'falco', 20, 0],
  ['falco/alerts-lab-runs.ndjson', 'falco', 313, 3],
  ['falco/internal.ndjson', 'falco', 0, 4],
  ['suricata/eve-mixed-suricata-8.0.7.ndjson', 'suricata', 364, 575],
  ['suricata/eve-recorded.ndjson', 'suricata', 5, 71],
  ['wazuh/alerts-dashboard-sample-data.ndjson', 'wazuh', 91, 0],
  ['wazuh/alerts-docs-and-tests.ndjson', 'wazuh', 5, 0],
  ['wazuh/alerts-socfortress-copilot.ndjson', 'wazuh', 13, 0],
  ['wazuh/hits.ndjson', 'wazuh', 7, 0],
  ['guardduty/findings.ndjson', 'guardduty', 6, 0],
  ['guardduty/eventbridge.ndjson', 'guardduty', 1, 0],
  ['guardduty/asff-securityhub.ndjson', 'securityhub', 21, 1],
  ['ocsf/findings.ndjson', 'ocsf', 20, 1],
  ['ocsf/other-classes.ndjson', 'ocsf', 1, 17],
];

const bodyOf = (file: string): Uint8Array => new Uint8Array(readFileSync(join(folder, file)));
const linesOf = (file: string): readonly string[] =>
  new TextDecoder()
    .decode(bodyOf(file))
    .split('\n')
    .filter((line) => line.trim() !== '');
const skippedIn = ({ skipped }: Intake): number => [...skipped.values()].reduce((sum, count) => sum + count, 0);
const filesIn = (path: string): readonly string[] =>
  isPresent && statSync(join(folder, path)).isDirectory()
    ? readdirSync(join(folder, path)).map((file) => join(path, file))
    : [];

describe.skipIf(!isPresent)('real payloads', () => {
  it('are all in the table of counts', () => {
    const found = readdirSync(folder).flatMap((name) => filesIn(name).filter((file) => file.endsWith('.ndjson')));
    expect(found.filter((file) => !counts.some(([known]) => known === file))).toEqual([]);
  });

  it.each(counts.map(([file, format, detections, skipped]) => ({ file, format, detections, skipped })))(
    '$file: $detections detections, $skipped skipped',
    ({ file, format, detections, skipped }) => {
      const result = read(format, bodyOf(file));
      expect(result.rejected).toEqual([]);
      expect({ detections: result.detections.length, skipped: skippedIn(result) }).toEqual({ detections, skipped });
      for (const detection of result.detections) expect(detectionShape.parse(detection)).toEqual(detection);
      expect(read(format, bodyOf(file))).toEqual(result);
    },
  );

  it.each(counts)('%s: each line has exactly one fate and is recognised', (file, format) => {
    for (const line of linesOf(file)) {
      const result = read(format, line);
      const fates = [result.detections.length, skippedIn(result), result.rejected.length].filter((count) => count > 0);
      expect(fates, line.slice(0, 300)).toHaveLength(1);
      expect(guessFormat(JSON.parse(line) as Json), line.slice(0, 300)).toBe(format);
    }
  });

  it.each(counts)('%s: only the same line is the same detection', (file, format) => {
    const whole = new Set(linesOf(file).flatMap((line) => read(format, line).detections.map(({ id }) => id)));
    expect(new Set(read(format, bodyOf(file)).detections.map(({ id }) => id))).toEqual(whole);
    const texts = new Set(linesOf(file).filter((line) => read(format, line).detections.length > 0));
    expect(whole.size).toBeGreaterThanOrEqual(texts.size);
  });

  it.each(counts)('%s: truncated lines are refused and cost their neighbours nothing', (file, format) => {
    const [good = ''] = linesOf(file);
    const lines = linesOf(file).filter((_, at) => at % 7 === 0);
    const body = lines.map((line) => `${line.slice(0, line.length / 2)}\n${good}`).join('\n');
    const { detections, skipped, rejected } = read(format, body);
    expect(rejected.map(({ code }) => code)).toEqual(lines.map(() => 'invalid_json'));
    const alone = read(format, good);
    expect(detections.length + [...skipped.values()].reduce((sum, count) => sum + count, 0)).toBe(
      lines.length * (alone.detections.length + skippedIn(alone)),
    );
  });
});

describe.skipIf(!isPresent)('what a person would call an alert', () => {
  const eve = counts.filter(([, format]) => format === 'suricata').map(([file]) => file);
  it.each(eve)('%s: every line of type alert is a detection with its signature', (file) => {
    for (const line of linesOf(file)) {
      const event = JSON.parse(line) as JsonObject;
      const { detections } = read('suricata', line);
      expect(detections).toHaveLength(event.event_type === 'alert' ? 1 : 0);
      const alert = event.alert as JsonObject | undefined;
      if (alert && alert.signature !== '') expect(detections[0]?.rule.name).toBe(alert.signature);
      if (alert) expect(detections[0]?.rule.id).toBe(`${alert.gid}:${alert.signature_id}`);
      if (event.src_ip) expect(JSON.stringify(detections)).toContain(alert ? String(event.src_ip) : '');
    }
  });

  const logs = ['falco/alerts.ndjson', 'falco/alerts-lab-runs.ndjson', 'falco/internal.ndjson'];
  it.each(logs)(
    '%s: every line with a rule and a priority is a detection, except what Falco says of itself',
    (file) => {
      for (const line of linesOf(file)) {
        const alert = JSON.parse(line) as JsonObject;
        const internal = alert.source === 'internal' || String(alert.rule).startsWith('Falco internal');
        const { detections } = read('falco', line);
        expect(detections).toHaveLength(internal ? 0 : 1);
        if (!internal) expect(detections[0]).toMatchObject({ title: alert.rule, message: alert.output });
      }
    },
  );
});

const isBroken = (code: string): boolean => code === 'invalid_json' || code === 'invalid_utf8';
const exact = (digits: string): Json =>
  /^-?\d+$/.test(digits) && !Number.isSafeInteger(Number(digits)) ? digits : Number(digits);
const carried = (text: string): Json =>
  parse(text, undefined, { parseNumber: exact, onDuplicateKey: ({ newValue }) => newValue }) as Json;

/** NUL and halves of surrogate pairs as the text of their escapes. */
const escapedText = (text: string): string =>
  text.replaceAll(/[\0\p{Cs}]/gu, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
function escaped(value: Json): Json {
  if (typeof value === 'string') return escapedText(value);
  if (Array.isArray(value)) return value.map(escaped);
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [escapedText(key), escaped(item)]));
}
/** The file as the value of an attribute of an otherwise good detection. */
const within = (bytes: Uint8Array): Uint8Array =>
  new Uint8Array([...bytesOf('{"rule":"r","severity":"low","attributes":{"v":'), ...bytes, ...bytesOf('}}')]);

describe.skipIf(!isPresent)('JSONTestSuite', () => {
  const suites = filesIn('hostile').filter((path) => path.includes('JSONTestSuite') && !path.includes('.'));
  const files = suites.flatMap(filesIn);
  const of = (prefix: string) =>
    files.filter((file) => basename(file).startsWith(prefix)).map((file) => [file] as const);

  it('is there', () => expect(of('n_').length).toBeGreaterThan(50));

  it.each(of('y_'))('accepts %s', (file) => {
    for (const entry of readLines(bodyOf(file)))
      if (entry.kind === 'unreadable') expect(isBroken(entry.code)).toBe(false);
    const { detections, rejected } = read('tocsin', within(bodyOf(file)));
    expect(rejected).toEqual([]);
    expect(detections[0]?.attributes.v).toEqual(escaped(carried(new TextDecoder().decode(bodyOf(file)))));
  });

  it.each(of('n_'))('refuses %s', (file) => {
    const { detections, rejected } = read('tocsin', within(bodyOf(file)));
    expect(detections).toEqual([]);
    expect(rejected.length).toBeGreaterThan(0);
    const alone = [...readLines(bodyOf(file))];
    if (new TextDecoder().decode(bodyOf(file)).trim() !== '')
      expect(alone.some(({ kind }) => kind === 'unreadable')).toBe(true);
  });

  it.each([...of('i_'), ...of('')])('has an answer to %s', (file) => {
    for (const body of [bodyOf(file), within(bodyOf(file))]) {
      const { detections, rejected } = read('tocsin', body);
      for (const { code, message, bytes } of rejected) {
        expect([code, message].every((text) => text !== '')).toBe(true);
        expect(Buffer.from(body).includes(Buffer.from(bytes))).toBe(true);
      }
      for (const detection of detections) detectionShape.parse(detection);
    }
  });
});

describe.skipIf(!isPresent)('naughty strings', () => {
  const strings = isPresent ? (JSON.parse(readFileSync(join(folder, 'hostile', 'blns.json'), 'utf8')) as string[]) : [];

  it('survive in every field that takes text, exactly or visibly escaped', () => {
    expect(strings.length).toBeGreaterThan(400);
    for (const naughty of strings) {
      const line = { rule: { id: `r ${naughty}`, name: `n ${naughty}` }, severity: 'low', message: `m ${naughty}` };
      const body = JSON.stringify({
        ...line,
        attributes: { [naughty]: naughty },
        groupBy: { 'usr.name': `u ${naughty}` },
      });
      const [detection] = read('tocsin', body).detections;
      expect(detection?.rule).toMatchObject({ id: visible(`r ${naughty}`, 256), name: visible(`n ${naughty}`, 512) });
      expect(detection?.message).toEqual(visible(`m ${naughty}`, 8192));
      expect(Object.entries(detection?.attributes ?? {})).toEqual([[visibleKey(naughty), visible(naughty, 8192)]]);
      expect(detection?.groupBy[0]?.value).toEqual(visible(`u ${naughty}`, 256));
    }
  });

  it('survive in the fields of a Falco alert', () => {
    for (const naughty of strings) {
      const fields = { 'user.name': `u ${naughty}`, 'proc.cmdline': `c ${naughty}` };
      const body = JSON.stringify({ rule: 'r', priority: 'Error', output: `o ${naughty}`, output_fields: fields });
      const [detection] = read('falco', body).detections;
      expect(detection).toMatchObject({
        message: visible(`o ${naughty}`, 8192),
        attributes: {
          usr: { name: visible(`u ${naughty}`, 8192) },
          process: { cmdline: visible(`c ${naughty}`, 8192) },
        },
      });
    }
  });
});

/** The documented escapes; longer texts than `max` are tested elsewhere. */
function visible(text: string, max: number): string | unknown {
  return escapedText(text).length > max ? expect.any(String) : escapedText(text);
}
const visibleKey = (key: string): string | unknown => (key === '__proto__' ? '\\u005f_proto__' : visible(key, 8192));
