import { randomUUID } from 'node:crypto';
import { type RecordSchema, type JsonObject, recordSchemas, type TopicName } from '@tocsin/core';
import fc from 'fast-check';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { resolveServer } from '../../../../infra/native/index.ts';
import { recordValues } from '../../test/record-values.ts';
import { RegistryDoor, silentServer } from '../../test/registry-door.ts';
import { selfSigned } from '../../test/self-signed.ts';
import { avroForm } from './avro-form.ts';
import { avroNode } from './avro-node.ts';
import { RegistryClient } from './registry-client.ts';
import { RegistryCodec } from './registry-codec.ts';
import type { RegistrySettings } from './registry-settings.ts';
import { SchemaRefused } from './registry-trouble.ts';
import { avroType } from './schema-compatibility.ts';
import { Undecodable } from './undecodable.ts';

const server = await resolveServer('registry', 'the registry codec');
const tls = server && selfSigned('the registry codec over TLS');
const schemas = recordSchemas();
const { signal } = new AbortController();
const ends: (() => unknown)[] = [];
const url = server?.url ?? '';

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});
afterAll(async () => {
  (await sharedCodec)?.close();
  await server?.stop();
});

const newPrefix = () => `t${randomUUID()}.`;
/** Most tests leave the subjects as they are, and need no others. */
const shared = newPrefix();
let sharedCodec: Promise<RegistryCodec> | undefined;
const usual = (): Promise<RegistryCodec> => {
  sharedCodec ??= RegistryCodec.open({ url, prefix: shared }, signal);
  return sharedCodec;
};
async function opened(settings: Partial<RegistrySettings> = {}): Promise<RegistryCodec> {
  const codec = await RegistryCodec.open({ url, retryMs: 20, ...settings }, signal);
  ends.push(() => codec.close());
  return codec;
}
const schemaOf = (name: string): RecordSchema => {
  const found = schemas.find((schema) => schema.name === `tocsin.${name}`);
  if (!found) throw new Error(`no schema ${name}`);
  return found;
};
const topicOf = ({ topic }: RecordSchema): TopicName => (topic === 'dead-letters' ? 'signals.dead' : topic);
const sampleOf = (schema: RecordSchema): { readonly data: object } =>
  fc.sample(recordValues(schema), 1)[0] as { readonly data: object };
const ask = (path: string, method: string, body: JsonObject): Promise<Response> =>
  fetch(`${url}/${path}`, { method, body: JSON.stringify(body), headers: { 'content-type': 'application/json' } });

function client(): RegistryClient {
  const made = new RegistryClient({ url, retryMs: 20 });
  ends.push(() => made.close());
  return made;
}
const newSubject = () => {
  const { subject, avro } = schemaOf('SignalClosed');
  return { subject: `${newPrefix()}${subject}`, avro };
};

/** Registers what another release may have, and writes a value with it. */
async function written(subject: string, avro: JsonObject, value: unknown): Promise<Buffer> {
  const id = await client().register(subject, avro, signal);
  const head = Buffer.alloc(5);
  head.writeInt32BE(id, 1);
  return Buffer.concat([head, avroType(avro).toBuffer(avroForm(avroNode(avro)).toStored(value))]);
}
const withField = (avro: JsonObject, more: JsonObject): JsonObject => ({
  ...avro,
  fields: [...(avro.fields as readonly JsonObject[]), more],
});

describe.skipIf(!server)('on a real registry', () => {
  it('gives every record back to another instance, framed with the same ids', async () => {
    const [one, other] = [await usual(), await opened({ prefix: shared })];
    for (const schema of schemas) {
      const topic = topicOf(schema);
      fc.assert(
        fc.property(recordValues(schema), (value) => {
          const bytes = one.encode(topic, value) as Buffer;
          expect(other.encode(topic, value)).toEqual(bytes);
          expect(other.prepare(topic, [bytes], signal)).toBeUndefined();
          expect(other.decode(topic, bytes)).toStrictEqual(value);
        }),
        { numRuns: 2 },
      );
    }
  });

  it('stores texts to the letter', async () => {
    const codec = await usual();
    expect(codec.encode('audit', '{"a":1}')).toBe('{"a":1}');
    expect(codec.decode('audit', Buffer.from('{"a":1}'))).toBe('{"a":1}');
    expect(codec.prepare('audit', [Buffer.from([0, 0, 0, 0, 1])], signal)).toBeUndefined();
  });

  it('refuses to write what has no schema', async () => {
    const codec = await usual();
    expect(() => codec.encode('signals', { type: 'signal.exploded' })).toThrow(
      'no schema for signal.exploded on signals',
    );
    expect(() => codec.encode('signals', { type: 'signal.closed' })).toThrow(
      /SignalClosed cannot hold this value: look at/,
    );
  });

  it('does not start where its schemas cannot read what is there', async () => {
    const prefix = newPrefix();
    const { subject, avro } = schemaOf('SignalClosed');
    // Somebody has given it a field of another type.
    const fields = (avro.fields as readonly JsonObject[]).map((each) =>
      each.name === 'v' ? { name: 'v', type: 'string' } : each,
    );
    await written(`${prefix}${subject}`, { ...avro, fields }, { ...sampleOf(schemaOf('SignalClosed')), v: 'x' });
    const refusal: unknown = await opened({ prefix }).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(SchemaRefused);
    expect(refusal).toMatchObject({ subject: `${prefix}${subject}` });
    expect(String(refusal)).toContain('incompatible');
  });

  it('refuses a subject of which another compatibility is asked', async () => {
    const { subject, avro } = newSubject();
    await client().register(subject, avro, signal);
    expect((await ask(`config/${subject}`, 'PUT', { compatibility: 'FORWARD' })).status).toBe(200);
    await expect(client().register(subject, avro, signal)).rejects.toThrow(
      /SignalClosed has another compatibility level .*FORWARD.*set it, PUT/,
    );
  });

  it('goes on where an earlier start was cut short before it had set the compatibility', async () => {
    const { subject, avro } = newSubject();
    const { status } = await ask(`subjects/${subject}/versions`, 'POST', { schema: JSON.stringify(avro) });
    expect(status).toBe(200);
    await client().register(subject, avro, signal);
    const config = await fetch(`${url}/config/${subject}`);
    expect(await config.json()).toEqual({ compatibilityLevel: 'BACKWARD_TRANSITIVE' });
  });

  it('gives one id to all who register at once', async () => {
    for (let turn = 0; turn < 5; turn++) {
      const { subject, avro } = newSubject();
      const ids = await Promise.all(Array.from({ length: 4 }, () => client().register(subject, avro, signal)));
      expect(new Set(ids).size).toBe(1);
    }
  });

  it('reads what a newer release writes, once its schema is fetched', async () => {
    const codec = await usual();
    const schema = schemaOf('SignalUpdated');
    const value = sampleOf(schema);
    const newer = withField(schema.avro, { name: 'mood', type: ['null', 'string'], default: null });
    const bytes = await written(`${shared}${schema.subject}`, newer, { ...value, mood: 'calm' });
    expect(codec.read('signals', bytes)).toMatchObject({ ok: false, problem: { code: 'unknown_schema' } });
    await codec.prepare('signals', [bytes, bytes], signal);
    expect(codec.read('signals', bytes)).toStrictEqual({ ok: true, value });
    expect(codec.prepare('signals', [bytes], signal)).toBeUndefined();
  });

  it('reads a kind of record that it does not know as its writer had it', async () => {
    const codec = await usual();
    const avro = { ...schemaOf('SignalCommented').avro, name: 'SignalPraised' };
    const value = { ...sampleOf(schemaOf('SignalCommented')), type: 'signal.praised' };
    const bytes = await written(`${shared}triage-events-tocsin.SignalPraised`, avro, value);
    await codec.prepare('triage-events', [bytes], signal);
    expect(codec.decode('triage-events', bytes)).toStrictEqual(value);
  });

  it('reads the records of an older release in the present shape', async () => {
    const prefix = newPrefix();
    const schema = schemaOf('SignalUpdated');
    const older = {
      ...schema.avro,
      fields: (schema.avro.fields as readonly JsonObject[]).filter(({ name }) => name !== 'by'),
    };
    const { by: _, ...value } = sampleOf(schema) as { readonly by?: unknown };
    const bytes = await written(`${prefix}${schema.subject}`, older, value);
    const codec = await opened({ prefix });
    await codec.prepare('signals', [bytes], signal);
    expect(codec.decode('signals', bytes)).toStrictEqual(value);
  });

  it('says of bytes that are no value why not', async () => {
    const codec = await usual();
    const whole = codec.encode('signals', sampleOf(schemaOf('SignalClosed'))) as Buffer;
    const foreign = await written(`${shared}x`, { type: 'record', name: 'Other', namespace: 'acme', fields: [] }, {});
    const unknown = Buffer.from([0, 0x7f, 0xff, 0xff, 0xff, 1]);
    const cases = [
      ['signals', null, 'tombstone'],
      ['signals', Buffer.alloc(0), 'no_schema_id'],
      ['signals', Buffer.from([0, 0, 0, 1]), 'no_schema_id'],
      ['signals', Buffer.from('{"rule":"Write below etc"}'), 'no_schema_id'],
      ['signals', unknown, 'unknown_schema'],
      ['signals', foreign, 'foreign_record'],
      ['signals', whole.subarray(0, 5), 'malformed'],
      ['signals', whole.subarray(0, -1), 'malformed'],
      ['signals', Buffer.concat([whole, whole]), 'malformed'],
      ['commands', whole, 'foreign_record'],
      ['signals.dead', whole, 'foreign_record'],
    ] as const;
    for (const [topic, bytes, code] of cases) {
      await codec.prepare(topic, [bytes], signal);
      expect(codec.read(topic, bytes), code).toMatchObject({ ok: false, problem: { code } });
      if (bytes) expect(() => codec.decode(topic, bytes)).toThrow(Undecodable);
    }
  });

  it('asks for an unknown id once, and again only later', async () => {
    let now = 0;
    const codec = await RegistryCodec.open({ url, prefix: shared }, signal, () => now);
    ends.push(() => codec.close());
    const unknown = [Buffer.from([0, 0x7f, 0xff, 0xff, 0xff, 1])];
    await codec.prepare('signals', unknown, signal);
    expect(codec.prepare('signals', unknown, signal)).toBeUndefined();
    now = 10_000;
    expect(codec.prepare('signals', unknown, signal)).toBeInstanceOf(Promise);
  });

  it('waits for a registry that is away, and says so in one line', async () => {
    const first = await RegistryDoor.open({ url });
    await first.close();
    const lines: string[] = [];
    const told = new Promise<void>((resolve) => {
      const report = (line: string) => {
        lines.push(line);
        resolve();
      };
      const base = `http://127.0.0.1:${first.port}${new URL(url).pathname}`;
      ends.push(async () => (await opening).close());
      const opening = RegistryCodec.open({ url: base, retryMs: 10, report, prefix: shared }, signal);
    });
    await told;
    const door = await RegistryDoor.open({ url, port: first.port });
    ends.push(() => door.close());
    await ends[0]?.();
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatch(
      /^schema registry http:\/\/127\.0\.0\.1:\d+\S* cannot be used \(.*ECONNREFUSED.*nobody listens there/,
    );
    expect(lines[1]).toMatch(/answers again$/);
  });

  it('shows user and password, and says when they are refused, without showing them', async () => {
    const door = await RegistryDoor.open({ url, login: 'ann:p:w@d' });
    ends.push(() => door.close());
    const at = (login: string): string => `http://${login}@127.0.0.1:${door.port}${new URL(url).pathname}`;
    await opened({ url: at('ann:p%3Aw%40d'), prefix: shared });
    const stop = new AbortController();
    const lines: string[] = [];
    const report = (line: string) => {
      lines.push(line);
      stop.abort();
    };
    const settings = { url: at('ann:s3cr3t'), report, prefix: shared, retryMs: 10 };
    await expect(RegistryCodec.open(settings, stop.signal)).rejects.toThrow(/abort/);
    expect(lines).toEqual([expect.stringMatching(/status 401, Unauthorized\): check user and password in its URL/)]);
    expect(lines[0]).not.toContain('s3cr3t');
  });

  it('gives up a registry that says nothing, and asks again', async () => {
    const silent = await silentServer();
    ends.push(() => silent.close());
    const stop = new AbortController();
    const lines: string[] = [];
    const report = (line: string) => {
      lines.push(line);
      stop.abort();
    };
    const settings = { url: `http://127.0.0.1:${silent.port}/x`, report, answerWithinMs: 50, retryMs: 10 };
    await expect(RegistryCodec.open(settings, stop.signal)).rejects.toThrow(/abort/);
    expect(lines[0]).toContain('it said nothing for 50 ms');
  });

  it.skipIf(!tls)('speaks TLS to a registry whose certificate it is told to trust', async () => {
    const door = await RegistryDoor.open({ url, ...(tls && { tls }) });
    ends.push(() => door.close());
    const settings = { url: `https://127.0.0.1:${door.port}${new URL(url).pathname}`, prefix: shared, retryMs: 10 };
    await opened({ ...settings, tls: { ca: tls?.cert ?? '' } });
    const stop = new AbortController();
    const lines: string[] = [];
    const report = (line: string) => {
      lines.push(line);
      stop.abort();
    };
    await expect(RegistryCodec.open({ ...settings, report }, stop.signal)).rejects.toThrow(/abort/);
    expect(lines).toEqual([expect.stringMatching(/self-signed certificate\): its certificate is not trusted here/)]);
  });
});
