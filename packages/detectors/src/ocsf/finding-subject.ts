import type { Json, JsonObject } from '@tocsin/core';
import { firstText, listAt, type Maybe, numberAt, textAt, valueAt, without } from '../attribute-reading.ts';
import { entityOf, type Subject, type SubjectValues, subjectOf } from '../subject.ts';
import type { AttackSteps } from './finding-attack.ts';
import { infoOf } from './finding-rule.ts';

/** Kinds of observables that are worth a pivot, by their number. Those of unknown direction stay in lists of their own. */
const observablePaths: Readonly<Record<number, string>> = {
  1: 'hostname',
  2: 'network.ip.list',
  4: 'usr.name',
  5: 'usr.email',
  6: 'http.url',
  7: 'file.name',
  8: 'file.hash',
  9: 'process.name',
  10: 'cloud.resource.id',
  18: 'vulnerability.cve',
  21: 'usr.name',
  22: 'usr.email',
  23: 'http.url',
  24: 'file.name',
  25: 'process.name',
  30: 'file.hash',
};

export function subjectOfFinding(event: Json, attack: AttackSteps): Subject {
  const values = valuesOf(event);
  const subject = subjectOf({
    groupBy: identifying(values),
    entities: [
      'network.client.ip',
      'network.destination.ip',
      'usr.name',
      'process.name',
      'file.path',
      'file.hash',
      'container.id',
      'k8s.namespace',
      'dns.query',
      'vulnerability.cve',
    ],
    values: { ...values, 'mitre.tactic': attack.tactics, 'mitre.technique': attack.techniques },
    rest: { under: 'ocsf', value: restOf(event) },
  });
  return { ...subject, entities: [...subject.entities, ...observableEntities(event, subject.entities)] };
}

const place = ['host', 'cloud.account.id', 'cloud.region', 'cloud.resource.id'];
const actor = ['network.client.ip', 'usr.name', 'network.destination.ip'];

/**
 * A finding is told by what it is about: host or resource in its account. Who did it may change between updates of one finding, so the
 * actor counts only where nothing else is known, and the finding itself only where there is no actor either.
 */
function identifying(values: SubjectValues): readonly string[] {
  const known = (path: string): boolean => values[path] !== undefined;
  if (known('host') || known('cloud.resource.id')) return place;
  return actor.some(known) ? [...place, ...actor] : [...place, 'finding.id'];
}

const restOf = (event: Json): JsonObject | undefined =>
  without(
    event,
    'message',
    'time',
    'time_dt',
    'severity',
    'severity_id',
    'class_name',
    'category_name',
    'type_name',
    'activity_name',
    'raw_data',
  );

/** Evidence first, since it is what was seen; classes that are no findings have the same objects at the top. */
function valuesOf(event: Json): SubjectValues {
  const resource = resourceOf(event);
  const seen = (...paths: readonly (readonly string[])[]) =>
    firstText(event, ...paths.flatMap((path) => [['evidences', 0, ...path], path]));
  return {
    host:
      firstText(event, ['device', 'hostname'], ['device', 'name'], ['evidences', 0, 'device', 'hostname']) ??
      textAt(resource, 'hostname') ??
      targetOf(event),
    'cloud.provider': textAt(event, 'cloud', 'provider'),
    'cloud.account.id': textAt(event, 'cloud', 'account', 'uid'),
    'cloud.region': textAt(event, 'cloud', 'region') ?? textAt(resource, 'region'),
    'cloud.resource.id': textAt(resource, 'uid') ?? textAt(resource, 'name'),
    'cloud.resource.type': textAt(resource, 'type'),
    'network.client.ip': seen(['src_endpoint', 'ip']) ?? observed(event, source),
    'network.client.port': seen(['src_endpoint', 'port']),
    'network.destination.ip': seen(['dst_endpoint', 'ip']) ?? observed(event, destination),
    'network.destination.port': seen(['dst_endpoint', 'port']),
    'usr.name': seen(['actor', 'user', 'name'], ['user', 'name']),
    'usr.id': seen(['actor', 'user', 'uid'], ['user', 'uid']),
    'usr.email': seen(['actor', 'user', 'email_addr'], ['user', 'email_addr']),
    'process.name': seen(['process', 'name'], ['process', 'file', 'name'], ['actor', 'process', 'name']),
    'process.cmdline': seen(['process', 'cmd_line'], ['actor', 'process', 'cmd_line']),
    'process.path': seen(['process', 'file', 'path'], ['actor', 'process', 'file', 'path']),
    'process.pid': seen(['process', 'pid'], ['actor', 'process', 'pid']),
    'file.path': seen(['file', 'path']),
    'file.name': seen(['file', 'name']),
    'file.hash': textAt(hashOf(event), 'value'),
    'container.id': seen(['container', 'uid']),
    'container.name': seen(['container', 'name']),
    'k8s.namespace': textAt(resource, 'namespace'),
    'dns.query': seen(['query', 'hostname']),
    'finding.id': textAt(infoOf(event), 'uid') ?? textAt(event, 'finding_info_list', 0, 'uid'),
    'vulnerability.cve': textAt(event, 'vulnerabilities', 0, 'cve', 'uid'),
  };
}

const resourceOf = (event: Json): Maybe => valueAt(event, 'resources', 0) ?? valueAt(event, 'resource');
const hashOf = (event: Json): Maybe =>
  valueAt(event, 'evidences', 0, 'file', 'hashes', 0) ?? valueAt(event, 'file', 'hashes', 0);

/** The machine that an attack went to. */
const targetOf = (event: Json): string | undefined =>
  firstText(event, ['evidences', 0, 'dst_endpoint', 'hostname'], ['dst_endpoint', 'hostname']);

const ipAddress = 2;
const source = /(^|[^a-z])(src|source|client|attacker|remote)/i;
const destination = /(^|[^a-z])(dst|dest|destination|target)/i;

/** An address whose name in the list of observables says which end it is. */
function observed(event: Json, end: RegExp): string | undefined {
  const found = listAt(event, 'observables').find(
    (observable) => numberAt(observable, 'type_id') === ipAddress && end.test(textAt(observable, 'name') ?? ''),
  );
  return textAt(found, 'value');
}

/** Observables repeat what stands elsewhere in the event; one that names the person in charge is no entity. */
function observableEntities(event: Json, known: readonly string[]): readonly string[] {
  return listAt(event, 'observables').flatMap((observable) => {
    const path = observablePaths[numberAt(observable, 'type_id') ?? -1];
    const value = textAt(observable, 'value');
    if (!path || !value || /assign|owner/i.test(textAt(observable, 'name') ?? '')) return [];
    return known.some((entity) => entity.endsWith(`:${value}`)) ? [] : [entityOf(path, value)];
  });
}
