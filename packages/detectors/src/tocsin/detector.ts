import {
  type DetectionDraft,
  type Detector,
  type Json,
  type JsonObject,
  type Mapped,
  type RuleType,
  ruleTypes,
  type Severity,
  type SourceStatus,
  severities,
  sourceStatuses,
} from '@tocsin/core';
import {
  firstText,
  listAt,
  numberAt,
  objectAt,
  textAt,
  textOf,
  textsAt,
  valueAt,
  without,
} from '../attribute-reading.ts';
import { severityFields, severityOf } from '../severity-reading.ts';
import { entityOf } from '../subject.ts';

const own = ['rule', 'severity', 'title', 'message', 'time', 'id', 'source', 'ruleType', 'status', 'version'] as const;
const about = ['groupBy', 'entities', 'tags', 'attributes', 'host', 'service', 'env'] as const;
const known: readonly string[] = [...own, ...about];

/** Our own format: every field of a detection that a sender may give, none of them demanded but something to call it by. */
export const tocsin: Detector = {
  format: 'tocsin',
  title: 'Tocsin',
  help: [
    'For your own tools: send `{"rule": {"id", "name"}, "severity", "title", "message", "time", "host", "attributes", "groupBy", "tags"}`.',
    'Only `rule` (an object, or a name), `title` or `message` is needed; `groupBy` names paths of `attributes`.',
  ].join(' '),
  claims: (line) =>
    objectAt(line) !== undefined &&
    Object.keys(line as JsonObject).every((key) => known.includes(key)) &&
    severityFrom(line) !== undefined &&
    (nameOf(line) !== undefined || textAt(line, 'title') !== undefined),
  map: (line) => (isOurs(line) ? { kind: 'detection', draft: draftOf(line) } : refusal),
};

const refusal: Mapped = {
  kind: 'rejected',
  code: 'not_this_format',
  message: 'A Tocsin detection needs a rule (an object with an id or a name, or a name), a title or a message',
};

const nameOf = (line: Json): string | undefined => firstText(line, ['rule'], ['rule', 'name'], ['rule', 'id']);
const isOurs = (line: Json): boolean =>
  (nameOf(line) ?? textAt(line, 'title') ?? textAt(line, 'message')) !== undefined;

function draftOf(line: Json): DetectionDraft {
  const attributes = attributesOf(line);
  const groupBy = groupOf(line, attributes);
  const title = firstText(line, ['title'], ['rule', 'name'], ['rule'], ['message'], ['rule', 'id']) ?? '';
  return {
    source: textAt(line, 'source') ?? 'tocsin',
    ruleType: oneOf<RuleType>(ruleTypes, textAt(line, 'ruleType')) ?? 'log_detection',
    rule: {
      id: firstText(line, ['rule', 'id'], ['rule']),
      name: firstText(line, ['rule', 'name'], ['rule']),
      version: textAt(line, 'rule', 'version'),
      tags: textsAt(line, 'rule', 'tags'),
    },
    ...severityFields(severityFrom(line)),
    title,
    message: textAt(line, 'message') ?? title,
    time: timeOf(line),
    sourceId: textAt(line, 'id'),
    sourceStatus: oneOf<SourceStatus>(sourceStatuses, textAt(line, 'status')),
    groupBy,
    entities: [...textsAt(line, 'entities'), ...groupBy.map(({ path, value }) => entityOf(path, value))],
    tags: [...textsAt(line, 'tags'), ...tagsOf(line)],
    attributes,
  };
}

const timeOf = (line: Json): string | number | undefined => {
  const time = valueAt(line, 'time');
  return typeof time === 'number' || typeof time === 'string' ? time : undefined;
};
/** A word, or the number of its rank: 0 is info, 4 is critical. */
const severityFrom = (line: Json): Severity | undefined =>
  severities[numberAt(line, 'severity') ?? -1] ?? severityOf(textAt(line, 'severity'));
const oneOf = <T extends string>(all: readonly T[], text: string | undefined): T | undefined =>
  all.find((one) => one === text);

/** `host`, `service` and `env` may stand beside the attributes; what Tocsin has no name for stays under `tocsin`. */
function attributesOf(line: Json): JsonObject {
  const beside = ['host', 'service', 'env'].flatMap((key) => {
    const text = textAt(line, key);
    return text === undefined ? [] : [[key, text] as const];
  });
  const rest = without(line, ...known);
  return {
    ...Object.fromEntries(beside),
    ...objectAt(line, 'attributes'),
    ...(rest && { tocsin: rest }),
  };
}

const tagsOf = (line: Json): readonly string[] =>
  ['service', 'env'].flatMap((key) => {
    const text = textAt(line, key);
    return text === undefined ? [] : [`${key}:${text}`];
  });

const defaultPaths = [
  'host',
  'container.id',
  'k8s.namespace',
  'k8s.pod',
  'cloud.account.id',
  'usr.id',
  'usr.name',
  'network.client.ip',
] as const;

/** `groupBy` is a list of paths, of `{path, value}`, or an object of path to value; without it, what is known of the subject. */
function groupOf(line: Json, attributes: JsonObject): DetectionDraft['groupBy'] {
  const given = objectAt(line, 'groupBy');
  if (given) return Object.entries(given).flatMap(([path, value]) => pairOf(path, textOf(value)));
  const items = listAt(line, 'groupBy');
  if (items.length === 0) return defaultPaths.flatMap((path) => pairOf(path, textUnder(attributes, path)));
  return items.flatMap((item) => {
    const path = textOf(item) ?? textAt(item, 'path');
    return path === undefined ? [] : pairOf(path, textAt(item, 'value') ?? textUnder(attributes, path));
  });
}

const pairOf = (path: string, value: string | undefined): DetectionDraft['groupBy'] =>
  value === undefined || path === '' ? [] : [{ path, value }];
/** Attributes may be nested or have dots in their keys. */
const textUnder = (attributes: JsonObject, path: string): string | undefined =>
  firstText(attributes, path.split('.'), [path]);
