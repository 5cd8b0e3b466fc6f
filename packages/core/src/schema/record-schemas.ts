import { commandDefinitions } from '../commands.gen.ts';
import { configKindNames } from '../config/kinds.ts';
import { detectionFields } from '../detection/detection.ts';
import { originFields } from '../envelope.ts';
import { eventDefinitions } from '../events.gen.ts';
import { field, type Fields, recordOf } from '../field.ts';
import type { JsonObject } from '../json.ts';
import type { NamedTopic } from '../topics.ts';
import { sharedNames } from './shared-names.ts';

/** One kind of record on one topic, as others can read it: a subject of a schema registry. */
export interface RecordSchema {
  /** `<topic>-<record name>`: where a topic has a prefix, so has the subject. */
  readonly subject: string;
  /** The dead letters of all processors have one schema, whatever their topics are called. */
  readonly topic: NamedTopic | 'dead-letters';
  /** Full name of the Avro record. */
  readonly name: string;
  /** The `type` of events and commands. Absent: the topic has one kind of record only. */
  readonly type?: string;
  /** What the record consists of; `shapeOf` of it reads every value that is written. */
  readonly fields: Fields;
  /** The value of the log is this field alone, because it is no object by itself. */
  readonly alone?: string;
  readonly avro: JsonObject;
}

const causeFields = {
  topic: field.text({ max: 256 }),
  partition: field.count(),
  offset: field.count(),
  digest: field.optional(field.text({ max: 64 })),
};
const signatureFields = { keyId: field.text({ max: 128 }), mac: field.text({ max: 128 }) };

const eventFields = (data: Fields): Fields => ({
  type: field.text({ max: 64 }),
  v: field.count(),
  id: field.text({ max: 1024 }),
  org: field.text({ max: 64 }),
  subject: field.text({ max: 1024 }),
  at: field.instant(),
  data: field.object('Data', data),
  by: field.optional(field.object('Origin', originFields)),
  cause: field.optional(field.object('Cause', causeFields)),
});

const commandFields = (data: Fields): Fields => ({
  type: field.text({ max: 64 }),
  org: field.text({ max: 64 }),
  subject: field.text({ max: 1024 }),
  data: field.object('Data', data),
  by: field.object('Origin', originFields),
  signature: field.optional(field.object('CommandSignature', signatureFields)),
});

const configObject = {
  kind: field.oneOf('ConfigKind', configKindNames),
  id: field.text({ min: 1, max: 128 }),
  expectedVersion: field.optional(field.count()),
};
const configCommands: Readonly<Record<string, Fields>> = {
  'config.put': { ...configObject, value: field.jsonObject() },
  'config.remove': configObject,
};

let made: readonly RecordSchema[] | undefined;

/** Every kind of record that a topic can hold, but for topics whose values are texts stored to the letter. Made once. */
export function recordSchemas(): readonly RecordSchema[] {
  made ??= [
    ...eventDefinitions.map(({ topic, type, fields }) => schemaOf({ topic, type, fields: eventFields(fields) })),
    ...commandDefinitions.map(({ type, fields }) => commandSchema('commands', type, fields)),
    ...Object.entries(configCommands).map(([type, fields]) => commandSchema('config-commands', type, fields)),
    schemaOf({ topic: 'grouped-detections', name: 'Detection', fields: detectionFields }),
    schemaOf({
      topic: 'audit-checkpoints',
      name: 'AuditCheckpoint',
      fields: { line: field.text({ max: 4096 }) },
      alone: 'line',
    }),
  ];
  return made;
}

/** What is asked and what has happened have names of their own, even where the words are the same. */
const commandSchema = (topic: NamedTopic, type: string, fields: Fields): RecordSchema =>
  schemaOf({ topic, type, name: `${inCapitals(type)}Command`, fields: commandFields(fields) });

function schemaOf(about: {
  readonly topic: string;
  readonly type?: string;
  readonly name?: string;
  readonly fields: Fields;
  readonly alone?: string;
}): RecordSchema {
  const { type, fields, alone } = about;
  const topic = about.topic as RecordSchema['topic'];
  const short = about.name ?? inCapitals(type ?? topic);
  const name = `tocsin.${short}`;
  // A namespace of its own for what is inside: each record can change without the others.
  const inside = `tocsin.${short.charAt(0).toLowerCase()}${short.slice(1)}`;
  const avro = sharedNames({ ...recordOf(short, fields), namespace: 'tocsin' }, inside);
  return {
    subject: `${topic}-${name}`,
    topic,
    name,
    fields,
    avro,
    ...(type !== undefined && { type }),
    ...(alone !== undefined && { alone }),
  };
}

/** `signal.state_changed` as `SignalStateChanged`. */
const inCapitals = (type: string): string =>
  type.replace(/(?:^|[._-])([a-z])/g, (_, letter: string) => letter.toUpperCase());
