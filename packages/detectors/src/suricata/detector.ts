import type { DetectionDraft, Detector, Json, JsonObject, Mapped, Severity } from '@tocsin/core';
import { tacticTag, techniqueTag } from '../attack-tags.ts';
import { firstText, numberAt, objectAt, textAt, textsAt, valueAt, without } from '../attribute-reading.ts';
import { severityFields, severityOf } from '../severity-reading.ts';
import { type SubjectValues, subjectOf } from '../subject.ts';

/** Suricata's EVE JSON. Alerts are detections; anomalies of a protocol are the sensor's diary, like flows. */
export const suricata: Detector = {
  format: 'suricata',
  title: 'Suricata EVE',
  help: [
    'Ship the lines of `eve.json` with any log shipper; lines of types other than `alert` are skipped and counted.',
    'Lines wrapped by AWS Network Firewall (`event`) or Filebeat (`suricata.eve`) are unwrapped.',
  ].join(' '),
  claims: (line) => {
    const event = unwrapped(line);
    return textAt(event, 'event_type') !== undefined && firstText(event, ...marks) !== undefined;
  },
  map: (line) => {
    const event = unwrapped(line);
    if (objectAt(event, 'alert')) return { kind: 'detection', draft: draftOf(event, line) };
    const type = textAt(event, 'event_type');
    if (type === 'alert') return { kind: 'detection', draft: draftOf(event, line) };
    return type === undefined ? refusal : { kind: 'skipped', what: type };
  },
};

const refusal: Mapped = {
  kind: 'rejected',
  code: 'not_this_format',
  message: 'An EVE line has an event_type',
};
/** What EVE lines have besides a type. */
const marks = [
  ['flow_id'],
  ['alert', 'signature_id'],
  ['alert', 'signature'],
  ['pcap_cnt'],
  ['pkt_src'],
  ['in_iface'],
  ['stats', 'uptime'],
] as const;

/** AWS Network Firewall and Filebeat put the line into an envelope of theirs. */
const unwrapped = (line: Json): Json =>
  [objectAt(line, 'event'), objectAt(line, 'suricata', 'eve')].find(
    (inner) => textAt(inner, 'event_type') !== undefined,
  ) ?? line;

function draftOf(event: Json, line: Json): DetectionDraft {
  const alert = objectAt(event, 'alert');
  const signature = textAt(alert, 'signature');
  const { client, values } = valuesOf(event, line);
  const title = signature ?? textAt(alert, 'category') ?? 'Suricata alert';
  return {
    source: 'suricata',
    ruleType: 'log_detection',
    rule: {
      id: ruleIdOf(alert),
      name: signature,
      version: textAt(alert, 'rev'),
      tags: textsAt(alert, 'metadata', 'tag').map((tag) => `tag:${tag}`),
    },
    ...severityFields(severityOfAlert(alert)),
    title,
    message: messageOf(event, alert, title),
    time: timeOf(event, line),
    tags: tagsOf(event, alert),
    ...subjectOf({
      groupBy: [client ? 'network.client.ip' : 'host'],
      entities: ['host', 'network.destination.ip', 'dns.query', 'http.host', 'tls.sni'],
      values,
      rest: { under: 'suricata', value: restOf(event, line) },
    }),
  };
}

/** A signature id is unique only within its generator. */
function ruleIdOf(alert: Json | undefined): string | undefined {
  const sid = textAt(alert, 'signature_id');
  return sid && `${textAt(alert, 'gid') ?? '1'}:${sid}`;
}

const levels: Readonly<Record<number, Severity>> = { 1: 'high', 2: 'medium', 3: 'low', 4: 'info' };

/** The rule set's own word where it has one, else the priority of the class: 1 is the gravest. */
function severityOfAlert(alert: Json | undefined): Severity | undefined {
  const word = severityOf(textsAt(alert, 'metadata', 'signature_severity')[0]);
  const level = numberAt(alert, 'severity');
  return word ?? (level === undefined ? undefined : (levels[level] ?? (level > 4 ? 'info' : undefined)));
}

function timeOf(event: Json, line: Json): string | number | undefined {
  const time = [
    valueAt(event, 'timestamp'),
    valueAt(event, '@timestamp'),
    valueAt(line, '@timestamp'),
    valueAt(line, 'event_timestamp'),
  ].find((value) => typeof value === 'string' || typeof value === 'number');
  return typeof time === 'string' || typeof time === 'number' ? time : undefined;
}

interface Ends {
  readonly client: string | undefined;
  readonly values: readonly SubjectValues[];
}

/** The packet that matched may go either way: the client is who opened the flow, where the line says so. */
function valuesOf(event: Json, line: Json): Ends {
  const flow = objectAt(event, 'flow');
  const opened = textAt(flow, 'src_ip') !== undefined;
  const from = opened ? flow : event;
  const back = !opened && textAt(event, 'direction') === 'to_client';
  const [source, target] = back ? ['dest', 'src'] : ['src', 'dest'];
  const client = textAt(from, `${source}_ip`);
  return {
    client,
    values: [
      {
        host:
          firstText(event, ['host'], ['sensor_name']) ?? firstText(line, ['host', 'name'], ['host'], ['firewall_name']),
        'network.client.ip': client,
        'network.client.port': numberAt(from, `${source}_port`),
        'network.destination.ip': textAt(from, `${target}_ip`),
        'network.destination.port': numberAt(from, `${target}_port`),
        'network.protocol': textAt(event, 'proto')?.toLowerCase(),
        'network.application': textAt(event, 'app_proto'),
        'network.direction': textAt(event, 'direction'),
        'network.community_id': textAt(event, 'community_id'),
        'network.flow_id': textAt(event, 'flow_id'),
        'cloud.availability_zone': textAt(line, 'availability_zone'),
      },
      layersOf(event),
    ],
  };
}

const layersOf = (event: Json): SubjectValues => ({
  'http.method': textAt(event, 'http', 'http_method'),
  'http.host': textAt(event, 'http', 'hostname'),
  'http.url': textAt(event, 'http', 'url'),
  'http.status': numberAt(event, 'http', 'status'),
  'http.useragent': textAt(event, 'http', 'http_user_agent'),
  'dns.query': firstText(event, ['dns', 'queries', 0, 'rrname'], ['dns', 'query', 0, 'rrname'], ['dns', 'rrname']),
  'tls.sni': textAt(event, 'tls', 'sni'),
  'tls.subject': textAt(event, 'tls', 'subject'),
  'file.name': firstText(event, ['files', 0, 'filename'], ['fileinfo', 'filename'], ['smb', 'filename']),
  'file.hash': firstText(event, ['files', 0, 'sha256'], ['fileinfo', 'sha256']),
  'usr.name': firstText(event, ['krb5', 'cname'], ['ftp', 'user'], ['smb', 'ntlmssp', 'user']),
  'usr.email': textAt(event, 'smtp', 'mail_from'),
});

function messageOf(event: Json, alert: Json | undefined, title: string): string {
  const end = (side: string): string => {
    const [ip = '?', port] = [textAt(event, `${side}_ip`), textAt(event, `${side}_port`)];
    return port ? `${ip.includes(':') ? `[${ip}]` : ip}:${port}` : ip;
  };
  const way = textAt(event, 'src_ip') ? `${textAt(event, 'proto') ?? 'IP'} ${end('src')} → ${end('dest')}` : '';
  return [title, textAt(alert, 'category'), way, textAt(alert, 'action')].filter(Boolean).join(' · ');
}

function tagsOf(event: Json, alert: Json | undefined): readonly string[] {
  const tag = (key: string, value: string | undefined) => (value ? [`${key}:${value}`] : []);
  const metadata = (key: string) => textsAt(alert, 'metadata', key);
  return [
    ...tag('category', textAt(alert, 'category')),
    ...tag('action', textAt(alert, 'action')),
    ...tag('app_proto', textAt(event, 'app_proto')),
    ...stepsOf(alert),
    ...metadata('attack_target').map((target) => `attack_target:${target}`),
    ...metadata('tag').map((name) => `tag:${name}`),
  ];
}

/** Rule sets give ids and names of attack steps in lists that belong together by place. */
function stepsOf(alert: Json | undefined): readonly string[] {
  const pairs = (kind: string) => {
    const ids = textsAt(alert, 'metadata', `${kind}_id`);
    const names = textsAt(alert, 'metadata', `${kind}_name`);
    return (ids.length > names.length ? ids : names).map((_, at) => ({ id: ids[at], name: names[at] }));
  };
  const tags = [...pairs('mitre_tactic').map(tacticTag), ...pairs('mitre_technique').map(techniqueTag)];
  return tags.filter((tag) => tag !== undefined);
}

/** The line without what has been given a name of ours; the alert object stays whole. */
function restOf(event: Json, line: Json): JsonObject | undefined {
  const rest = without(
    event,
    'timestamp',
    '@timestamp',
    'event_type',
    'flow_id',
    'community_id',
    'app_proto',
    'direction',
  );
  const envelope = event === line ? undefined : without(line, 'event', 'suricata', '@timestamp', 'event_timestamp');
  return rest || envelope ? { ...rest, ...(envelope && { envelope }) } : undefined;
}
