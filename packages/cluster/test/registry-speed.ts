/** `npx tsx --conditions=@tocsin/source packages/cluster/test/registry-speed.ts`: how many `signal.opened` a second become bytes and back. */
import { recordSchemas } from '@tocsin/core';
import { presentRecord } from '../src/registry/present-records.ts';
import { RecordReader } from '../src/registry/record-reader.ts';
import { RecordWriter } from '../src/registry/record-writer.ts';

const schema = recordSchemas().find(({ name }) => name === 'tocsin.SignalOpened');
if (!schema) throw new Error('no schema of signal.opened');
const record = presentRecord(schema);
const writer = new RecordWriter(record, 7);
const reader = new RecordReader({ avro: schema.avro, type: record.type }, record);

const at = 1_780_000_000_000;
const raw = JSON.stringify({ output: 'A shell was spawned in a container', fields: { 'proc.name': 'bash' }, time: at });
const opened = {
  type: 'signal.opened',
  v: 1,
  id: 'AAAA0123456789abcdef01234567.1',
  org: 'main',
  subject: 'AAAA0123456789abcdef01234567',
  at,
  data: {
    id: 'AAAA0123456789abcdef01234567',
    org: 'main',
    revision: 1,
    ...{ createdAt: at, firstSeen: at - 5, lastSeen: at - 5, count: 1 },
    format: 'falco',
    source: 'falco',
    ruleType: 'workload_security',
    rule: {
      id: 'terminal-shell-in-container',
      name: 'Terminal shell in container',
      tags: ['mitre_execution', 'T1059'],
    },
    severity: 'medium',
    title: 'Terminal shell in container',
    message: 'A shell was spawned in a container with an attached terminal (user=root container=web-7 image=nginx)',
    groupBy: [
      { path: 'host', value: 'node-12' },
      { path: 'container.id', value: '3f2a9c11d0aa' },
    ],
    entities: ['host:node-12', 'container.id:3f2a9c11d0aa', '@usr.name:root'],
    tags: ['env:prod', 'team:web', 'source:falco'],
    attributes: {
      host: 'node-12',
      container: { id: '3f2a9c11d0aa', image: 'nginx' },
      process: { name: 'bash', pid: 4711 },
    },
    flags: [],
    sourceStatus: 'active',
    late: false,
    windows: { keepAlive: 3_600_000, maxDuration: 86_400_000 },
    samples: [{ detectionId: 'main.falco.0123456789abcdef', occurredAt: at - 5, raw: raw.repeat(4) }],
    configVersion: 3,
  },
  cause: { topic: 'grouped-detections', partition: 1, offset: 123_456 },
};

function rate(work: () => void): number {
  const turns = 20_000;
  for (let i = 0; i < turns; i++) work();
  const began = process.hrtime.bigint();
  for (let i = 0; i < turns * 2; i++) work();
  return Math.round((turns * 2) / (Number(process.hrtime.bigint() - began) / 1e9));
}

const bytes = writer.encode(opened);
const json = Buffer.from(JSON.stringify(opened));
if (JSON.stringify(reader.decode(bytes)) !== JSON.stringify({ ok: true, value: opened }))
  throw new Error('not the same');
console.table({
  avro: {
    bytes: bytes.length,
    'encode/s': rate(() => writer.encode(opened)),
    'decode/s': rate(() => reader.decode(bytes)),
  },
  json: {
    bytes: json.length,
    'encode/s': rate(() => Buffer.from(JSON.stringify(opened))),
    'decode/s': rate(() => JSON.parse(json.toString('utf8'))),
  },
});
