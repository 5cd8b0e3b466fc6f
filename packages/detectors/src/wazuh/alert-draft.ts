import {
  type DetectionDraft,
  isJsonObject,
  type Json,
  type JsonObject,
  type RuleType,
  type Severity,
} from '@tocsin/core';
import { numberAt, objectAt, textAt, textOf, without } from '../attribute-reading.ts';
import { tacticTag, techniqueTag } from '../attack-tags.ts';
import { severityFields, severityOf } from '../severity-reading.ts';
import { subjectOf } from '../subject.ts';
import { firstOf, listOf, type Read, readerOf } from './alert-reading.ts';
import { singleSlashes, subjectValues } from './subject-paths.ts';

/** One alert; `line` is what it came in. */
export function alertDraft(alert: JsonObject, line: Json): DetectionDraft {
  const read = readerOf(alert);
  const title = singleSlashes(firstOf(read, ['rule.description', 'rule.title', 'rule.name']));
  const groups = [...listOf(read, 'rule.groups'), ...listOf(read, 'rule.tags')];
  const attack = attackOf(read);
  return {
    source: 'wazuh',
    ruleType: ruleTypeOf(groups),
    rule: { id: textOf(read('rule.id')), name: title, version: undefined, tags: [...attack.tags, ...groups] },
    ...severityFields(severityOfLevel(read)),
    title: title ?? 'Wazuh alert',
    message: messageOf(read) ?? title ?? '',
    ...subjectOfAlert(alert, read, attack),
    tags: [...attack.tags, ...groups, ...integrationTags(read), ...complianceTags(read), ...labelTags(alert, read)],
    sourceId: textAt(alert, 'id') ?? textAt(line, '_id'),
    time: timeOf(alert, read),
  };
}

/** The log line. Integrations log JSON, which says nothing that is not under `data`; some keep the line that made them ask. */
function messageOf(read: Read): string | undefined {
  const log = firstOf(read, ['full_log', 'data.win.system.message', 'event.original']);
  return log?.trimStart().startsWith('{') ? firstOf(read, ['data.original_full_log']) : log;
}

/** The bands of Wazuh's own dashboard: 15 and above critical, 12 high, 7 medium, the rest low. Wazuh 5 writes words. */
function severityOfLevel(read: Read): Severity | undefined {
  const level = numberAt(read('rule.level'));
  if (level === undefined) return severityOf(textOf(read('rule.level')));
  if (level < 0) return undefined;
  return level >= 15 ? 'critical' : level >= 12 ? 'high' : level >= 7 ? 'medium' : 'low';
}

/** The manager's own time. Graylog keeps it under another name, because its `timestamp` is when Graylog read the message. */
const timeOf = (alert: JsonObject, read: Read): string | undefined =>
  objectAt(alert, 'rule')
    ? firstOf(read, ['timestamp', '@timestamp', 'event.created', 'event.ingested'])
    : firstOf(read, ['msg.timestamp', 'timestamp.utc', 'timestamp', 'time.field']);

function ruleTypeOf(groups: readonly string[]): RuleType {
  if (groups.some((group) => group === 'sca' || group === 'vulnerability-detector'))
    return 'infrastructure_configuration';
  return groups.some((group) => group === 'syscheck' || group === 'rootcheck') ? 'workload_security' : 'log_detection';
}

/** An attack is told by where it happens and who does it: the address if there is one, since a brute force tries many users. */
function subjectOfAlert(alert: JsonObject, read: Read, attack: Attack): ReturnType<typeof subjectOf> {
  const values = subjectValues(read);
  const actor = values['network.client.ip'] === undefined ? 'usr.name' : 'network.client.ip';
  return subjectOf({
    groupBy: ['host', 'cloud.account.id', actor],
    entities: [
      'usr.name',
      'network.destination.ip',
      'process.name',
      'file.path',
      'file.hash',
      'dns.query',
      'container.id',
      'container.name',
    ],
    values: { ...values, 'mitre.tactic': attack.tactics, 'mitre.technique': attack.techniques },
    rest: {
      under: 'wazuh',
      value: without(alert, 'full_log', 'message', 'timestamp', '@timestamp', '@version', 'input', 'true'),
    },
  });
}

interface Attack {
  readonly tactics: readonly string[] | undefined;
  readonly techniques: readonly string[] | undefined;
  readonly tags: readonly string[];
}

/** Wazuh 4 lists ids and names of techniques beside each other, and names of tactics; Wazuh 5 has an object for each. */
function attackOf(read: Read): Attack {
  const nested = (part: string) => ({
    ids: listOf(read, `rule.mitre.${part}.id`),
    names: listOf(read, `rule.mitre.${part}.name`),
  });
  const flat = { ids: listOf(read, 'rule.mitre.id'), names: listOf(read, 'rule.mitre.technique') };
  const tactics = [nested('tactic'), { ids: [], names: listOf(read, 'rule.mitre.tactic') }];
  const techniques = [flat, nested('technique'), nested('subtechnique')];
  const tags = [
    ...tactics.flatMap((named) => paired(named).map(tacticTag)),
    ...techniques.flatMap((named) => paired(named).map(techniqueTag)),
  ];
  return {
    tactics: someOf(tactics.flatMap(({ names }) => names)),
    techniques: someOf(techniques.flatMap(({ ids }) => ids)),
    tags: tags.filter((tag) => tag !== undefined),
  };
}

interface Named {
  readonly ids: readonly string[];
  readonly names: readonly string[];
}

/** Names belong to ids only where there are as many of them. */
function paired({ ids, names }: Named): readonly { readonly id?: string; readonly name?: string }[] {
  if (ids.length === 0) return names.map((name) => ({ name }));
  return ids.map((id, index) => {
    const name = ids.length === names.length ? names[index] : undefined;
    return name === undefined ? { id } : { id, name };
  });
}
const someOf = (texts: readonly string[]): readonly string[] | undefined => (texts.length > 0 ? texts : undefined);

const standards = [
  'cmmc',
  'fedramp',
  'gdpr',
  'gpg13',
  'hipaa',
  'iso_27001',
  'nis2',
  'nist_800_171',
  'nist_800_53',
  'pci_dss',
  'tsc',
];

function complianceTags(read: Read): readonly string[] {
  return standards.flatMap((standard) =>
    [...listOf(read, `rule.${standard}`), ...listOf(read, `rule.compliance.${standard}`)].map(
      (item) => `${standard}:${item}`,
    ),
  );
}

const integrationTags = (read: Read): readonly string[] =>
  listOf(read, isJsonObject(read('integration')) ? 'integration.name' : 'data.integration').map(
    (name) => `integration:${name}`,
  );

/** Labels of the agent, which people use for customer or environment. */
function labelTags(alert: JsonObject, read: Read): readonly string[] {
  const labels = objectAt(alert, 'agent', 'labels') ?? {};
  const customer = textOf(read('agent.labels.customer'));
  const nested = Object.entries(labels).flatMap(([key, value]) =>
    textOf(value) === undefined ? [] : [`${key}:${textOf(value)}`],
  );
  return nested.length > 0 || customer === undefined ? nested : [`customer:${customer}`];
}
