import { type AnySink, messageKinds, type Verdict } from '@tocsin/core';
import { describe, expect, it } from 'vitest';
import { hostileMessage, hostileTexts, longestMessage } from './sinks/hostile-messages.ts';
import { SinkFolder, type SinkSample, statusesOf, type VerdictRow, type VerdictTable } from './sinks/sink-folder.ts';
import { runSink, secretsOf, withBodyRead } from './sinks/sink-run.ts';

export interface SinkSuiteParts {
  /** The generated registry. */
  readonly sinks: readonly AnySink[];
  /** Where the folders are. */
  readonly root: string;
}

/** Walks registry and folders: every sink must have what a sink must have, and behave as its own files say. */
export function sinkSuite({ sinks, root }: SinkSuiteParts): void {
  describe('the registry of sinks', () => {
    it('holds exactly the folders', () => {
      expect(sinks.map(({ type }) => type).sort()).toEqual([...SinkFolder.namesIn(root)].sort());
    });
  });
  describe.each(sinks.map((sink) => [sink.type, sink] as const))('sink %s', (_, sink) => {
    const folder = new SinkFolder(root, sink.type);
    describesItself(sink, folder);
    rendersItsSamples(sink, folder);
    judgesAnswers(sink, folder);
    keepsSecrets(sink, folder);
    survivesContent(sink, folder);
  });
}

const everyStatus = Array.from({ length: 400 }, (_, index) => 200 + index);
const longestReason = 512;
/** An event has at most 64 KiB; JSON may need six characters to write one. */
const longestBody = 256 * 1024;
const longestLine = 16 * 1024;

function describesItself(sink: AnySink, folder: SinkFolder): void {
  it('has a README that names it, samples, and a table of verdicts', () => {
    expect(folder.text('README.md')).toContain(`type: ${sink.type}`);
    expect(folder.samples.size).toBeGreaterThan(0);
    expect(Array.isArray(folder.verdicts)).toBe(true);
  });

  it('has a proper type, a title and known follow-ups', () => {
    expect(sink.type).toMatch(/^[a-z][a-z0-9_]{0,31}$/);
    expect(sink.title).not.toBe('');
    for (const kind of sink.followUps) expect(messageKinds).toContain(kind);
  });

  it('refuses unknown keys in its configuration', () => {
    for (const { config } of folder.samples.values()) {
      expect(sink.config.safeParse(config).success).toBe(true);
      expect(sink.config.safeParse({ ...config, no_such_key: 1 }).success).toBe(false);
    }
  });
}

function rendersItsSamples(sink: AnySink, folder: SinkFolder): void {
  it.each([...folder.samples])('renders %s as recorded', async (_, sample) => {
    const { requests, ...rest } = await runSink(sink, sample);
    expect({ requests: requests.map(withBodyRead), ...rest }).toEqual(sample.expected);
  });
}

function judgesAnswers(sink: AnySink, folder: SinkFolder): void {
  const usesHttp = [...folder.samples.values()].some(({ expected }) => expected.requests.length > 0);
  it('says how it judges every answer', () => {
    expect(folder.verdicts.length > 0).toBe(usesHttp);
    for (const { sample } of folder.verdicts) expect([...folder.samples.keys()]).toContain(sample);
  });

  it.each(folder.verdicts.map((table) => [table.about, table] as const))('judges as stated: %s', async (_, table) => {
    for (const status of everyStatus) {
      const row = table.rows.find((one) => !one.headers && statusesOf(one).includes(status));
      expect(row, `no row for ${status}`).toBeDefined();
      if (row) await judgedAs({ sink, folder, table, row, status });
    }
    for (const row of table.rows)
      if (row.headers) for (const status of statusesOf(row)) await judgedAs({ sink, folder, table, row, status });
  });
}

async function judgedAs(about: {
  readonly sink: AnySink;
  readonly folder: SinkFolder;
  readonly table: VerdictTable;
  readonly row: VerdictRow;
  readonly status: number;
}): Promise<void> {
  const { sink, folder, table, row, status } = about;
  const sample = folder.samples.get(table.sample) as SinkSample;
  const answer = { status, headers: row.headers ?? {}, body: table.body ?? '' };
  const { verdict } = await runSink(sink, sample, { answer });
  const afterMs = verdict.kind === 'retry' ? verdict.afterMs : undefined;
  expect({ status, verdict: verdict.kind, afterMs }).toEqual({ status, verdict: row.verdict, afterMs: row.afterMs });
  expect(reasonOf(verdict).length).toBeLessThanOrEqual(longestReason);
}

const reasonOf = (verdict: Verdict): string => (verdict.kind === 'delivered' ? '' : verdict.reason);

function keepsSecrets(sink: AnySink, folder: SinkFolder): void {
  it('tells no secret, whatever the far end echoes', async () => {
    for (const sample of folder.samples.values())
      for (const secret of secretsOf(sink, sample))
        for (const answer of echoesOf(secret)) {
          const { verdict, remember } = await runSink(sink, sample, { answer });
          expect(JSON.stringify([verdict, remember])).not.toContain(secret);
        }
  });

  it('hands on that there was no answer', async () => {
    const silence = new Error('no answer');
    for (const sample of folder.samples.values())
      if (sample.expected.requests.length > 0)
        await expect(runSink(sink, sample, { answer: silence })).rejects.toBe(silence);
  });
}

const echoesOf = (secret: string) => {
  const bodies = [secret, JSON.stringify({ ok: false, error: secret }), JSON.stringify({ error: { message: secret } })];
  const headers = { location: secret, 'retry-after': secret };
  return everyStatus.flatMap((status) => bodies.map((body) => ({ status, headers, body })));
};

function survivesContent(sink: AnySink, folder: SinkFolder): void {
  const well = { status: 200, headers: {}, body: '{"ok":true}' };

  it.each(['a', '&', '<', '"', '\\', '\u0001', 'é', '\u{1f6a8}'])(
    'renders the longest fields made of %j',
    async (one) => {
      for (const sample of folder.samples.values()) {
        const message = longestMessage(sample.message, one);
        const { requests, printed } = await runSink(sink, sample, { message, answer: well });
        for (const { body = '' } of requests) expect(body.length).toBeLessThanOrEqual(longestBody);
        for (const line of printed) expect(line.length).toBeLessThanOrEqual(longestLine);
      }
    },
  );

  it.each(hostileTexts)('renders %j inert', async (text) => {
    for (const sample of folder.samples.values()) {
      const plain = await runSink(sink, sample, { answer: well });
      const hostile = await runSink(sink, sample, { answer: well, message: hostileMessage(sample.message, text) });
      expect(hostile.requests.map(envelopeOf)).toEqual(plain.requests.map(envelopeOf));
      for (const request of hostile.requests) expect(() => withBodyRead(request)).not.toThrow();
      for (const value of hostile.requests.flatMap(({ headers }) => Object.values(headers)))
        expect(value).toMatch(/^[\x20-\x7e]*$/);
      for (const line of hostile.printed)
        expect(line).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\u202a-\u202e\u2066-\u2069]/u);
    }
  });
}

/** What no content may change: where a request goes and which headers it has. */
const envelopeOf = ({ method, url, headers }: { method: string; url: string; headers: object }) => ({
  method,
  url,
  headers: Object.keys(headers),
});
