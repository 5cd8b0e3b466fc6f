import type { DetectionDraft, Detector, Json, JsonObject, Mapped } from '@tocsin/core';
import { tacticTag, techniqueTag } from '../attack-tags.ts';
import { firstText, objectAt, textAt, textOf, textsAt, valueAt, without } from '../attribute-reading.ts';
import { severityFields, severityOf } from '../severity-reading.ts';
import { type Subject, type SubjectValues, subjectOf } from '../subject.ts';

/** Falco's JSON output, from Falco itself (`json_output: true`) or passed on by Falcosidekick. */
export const falco: Detector = {
  format: 'falco',
  title: 'Falco',
  help: [
    'Set `json_output: true` and `http_output.url` to this address in `falco.yaml`, or use the webhook output of Falcosidekick.',
    "Falco's own notices (metrics, dropped events) are skipped.",
  ].join(' '),
  claims: (line) => isAlert(line) && textAt(line, 'output') !== undefined && textAt(line, 'priority') !== undefined,
  map: (line) => {
    if (!isAlert(line)) return refusal;
    const notice = noticeOf(line);
    return notice ? { kind: 'skipped', what: notice } : { kind: 'detection', draft: draftOf(line) };
  },
};

const refusal: Mapped = {
  kind: 'rejected',
  code: 'not_this_format',
  message: 'A Falco alert has a priority, and a rule or an output',
};

const isAlert = (line: Json): boolean =>
  textAt(line, 'priority') !== undefined && firstText(line, ['rule'], ['output']) !== undefined;

/** Falco talks about itself in the same envelope. */
function noticeOf(line: Json): string | undefined {
  const rule = textAt(line, 'rule') ?? '';
  const said = /^Falco internal:?\s*(.*)$/i.exec(rule);
  if (said) return `internal: ${said[1] || 'notice'}`;
  return textAt(line, 'source') === 'internal' ? `internal: ${rule || 'notice'}` : undefined;
}

function draftOf(line: Json): DetectionDraft {
  const rule = textAt(line, 'rule');
  const source = textAt(line, 'source') ?? 'syscall';
  const output = textAt(line, 'output') ?? rule ?? '';
  const ruleTags = textsAt(line, 'tags');
  const time = valueAt(line, 'time');
  return {
    source: 'falco',
    ruleType: source === 'syscall' ? 'workload_security' : 'log_detection',
    rule: { id: rule, name: rule, tags: ruleTags },
    ...severityFields(severityOf(textAt(line, 'priority'))),
    title: rule ?? output,
    message: output,
    time: typeof time === 'string' || typeof time === 'number' ? time : undefined,
    sourceId: textAt(line, 'uuid'),
    tags: [`falco_source:${source}`, ...ruleTags, ...ruleTags.flatMap(attackTag)],
    ...subjectOfAlert(line, source),
  };
}

/** `T1555` and `mitre_credential_access` are how Falco's rules name steps of an attack. */
function attackTag(tag: string): readonly string[] {
  if (/^T\d{4}(\.\d{3})?$/.test(tag)) return [techniqueTag({ id: tag }) ?? tag];
  const tactic = /^mitre_(\w+)$/.exec(tag)?.[1];
  return tactic ? [tacticTag({ name: tactic }) ?? tag] : [];
}

/** Falco writes `<NA>` and the container id `host` for "none". */
function present(fields: JsonObject | undefined, ...keys: readonly string[]): string | undefined {
  if (!fields) return undefined;
  for (const key of keys) {
    const text = Object.hasOwn(fields, key) ? textOf(fields[key]) : undefined;
    if (text !== undefined && text !== '<NA>' && text !== 'N/A') return text;
  }
  return undefined;
}

function subjectOfAlert(line: Json, source: string): Subject {
  const fields = objectAt(line, 'output_fields');
  const values = [placeOf(line, fields), actorOf(fields), objectOf(fields), clusterOf(fields)];
  return subjectOf({
    groupBy:
      source === 'syscall'
        ? ['host', 'container.id', 'usr.name']
        : ['cloud.account.id', 'k8s.cluster', 'k8s.namespace', 'usr.name', 'network.client.ip'],
    entities: ['host', 'container.name', 'k8s.namespace', 'k8s.pod', 'file.path', 'network.destination.ip'],
    values,
    rest: { under: 'falco', value: restOf(line) },
  });
}

function placeOf(line: Json, fields: JsonObject | undefined): SubjectValues {
  const container = present(fields, 'container.id');
  const image = present(fields, 'container.image.repository', 'container.image');
  const tag = present(fields, 'container.image.tag');
  return {
    host: present(objectAt(line), 'hostname') ?? present(fields, 'evt.hostname', 'hostname'),
    'container.id': container === 'host' ? undefined : container,
    'container.name': container === 'host' ? undefined : present(fields, 'container.name'),
    'container.image': image && tag ? `${image}:${tag}` : image,
    'k8s.cluster': present(fields, 'k8s.cluster.name', 'cluster'),
    'k8s.namespace': present(fields, 'k8s.ns.name', 'ka.target.namespace'),
    'k8s.pod': present(fields, 'k8s.pod.name', 'ka.target.pod.name'),
  };
}

const actorOf = (fields: JsonObject | undefined): SubjectValues => ({
  'usr.name': present(
    fields,
    'user.name',
    'ka.user.name',
    'ct.user',
    'gcp.user',
    'okta.actor.alternateID',
    'github.user',
  ),
  'usr.id': present(fields, 'user.uid', 'ct.user.principalid'),
  'process.name': present(fields, 'proc.name'),
  'process.cmdline': present(fields, 'proc.cmdline'),
  'process.path': present(fields, 'proc.exepath'),
  'process.pid': present(fields, 'proc.pid'),
  'process.parent.name': present(fields, 'proc.pname'),
});

/** `fd.name` is a path, or the two ends of a connection. */
function objectOf(fields: JsonObject | undefined): SubjectValues {
  const name = present(fields, 'fd.name');
  return {
    'file.path': name?.startsWith('/') ? name : present(fields, 'fs.path.name', 'evt.arg.path'),
    'network.client.ip': present(fields, 'fd.cip', 'ct.srcip', 'gcp.callerIP', 'okta.client.ip', 'ka.sourceips'),
    'network.client.port': present(fields, 'fd.cport'),
    'network.destination.ip': present(fields, 'fd.sip'),
    'network.destination.port': present(fields, 'fd.sport'),
    'network.protocol': present(fields, 'fd.l4proto'),
  };
}

/** What the audit plugins add: the request in a cluster or in a cloud. */
const clusterOf = (fields: JsonObject | undefined): SubjectValues => ({
  'cloud.account.id': present(fields, 'ct.user.accountid', 'ct.recipientaccountid', 'gcp.projectId'),
  'cloud.region': present(fields, 'ct.region', 'gcp.location'),
  'cloud.resource.id': present(fields, 'ka.target.name', 'gcp.resourceName'),
  'cloud.resource.type': present(fields, 'ka.target.resource', 'gcp.resourceType'),
  'http.method': present(fields, 'ka.verb'),
  'http.url': present(fields, 'ka.uri'),
});

/** Everything else as Falco wrote it, so that nothing that a rule's author chose to print is lost. */
const restOf = (line: Json): JsonObject | undefined =>
  without(line, 'output', 'rule', 'time', 'tags', 'hostname', 'uuid');
