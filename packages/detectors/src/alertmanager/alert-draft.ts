import type { DetectionDraft, Json, JsonObject, Severity } from '@tocsin/core';
import { firstText, type Maybe, objectAt, textAt, textOf, without } from '../attribute-reading.ts';
import { severityFields, severityOf } from '../severity-reading.ts';
import { type Subject, subjectOf } from '../subject.ts';

/** What a webhook body says of all its alerts. */
export interface Post {
  readonly source: string;
  readonly resolved: boolean;
  readonly receiver?: string | undefined;
  readonly externalUrl?: string | undefined;
}

/**
 * One alert. Its time is always `startsAt`, also when it is resolved: so both reports fall into the same session, however long
 * the alert lasted. `endsAt` stays under `alertmanager`.
 */
export function alertDraft(alert: Json, post: Post): DetectionDraft {
  const labels = objectAt(alert, 'labels') ?? {};
  const name = textAt(labels, 'alertname');
  const title =
    firstText(alert, ['annotations', 'summary'], ['annotations', 'title'], ['annotations', 'message']) ?? name ?? '';
  return {
    source: post.source,
    ruleType: 'log_detection',
    rule: { id: textAt(labels, '__alert_rule_uid__') ?? name, name, tags: [] },
    ...severityFields(severityOfLabel(firstText(labels, ['severity'], ['level'], ['priority']))),
    title: title.trim(),
    message:
      firstText(alert, ['annotations', 'description'], ['annotations', 'message'], ['annotations', 'summary']) ?? title,
    ...identity(alert, labels, post),
    tags: labelEntries(labels).map(([label, value]) => `${label}:${value}`),
    sourceId: textAt(alert, 'fingerprint'),
    sourceStatus: post.resolved ? 'resolved' : 'active',
    time: textAt(alert, 'startsAt'),
  };
}

/** The label is free text: beside the usual words people write priorities, `page`, and `none` for the watchdog. */
const severityOfLabel = (label: string | undefined): Severity | undefined =>
  severityOf(label) ?? customary.get(label?.trim().toLowerCase() ?? '');
const customary: ReadonlyMap<string, Severity> = new Map([
  ['none', 'info'],
  ['p5', 'info'],
  ['p4', 'low'],
  ['p3', 'medium'],
  ['p2', 'high'],
  ['p1', 'critical'],
  ['page', 'critical'],
  ['disaster', 'critical'],
]);

const labelEntries = (labels: JsonObject): readonly (readonly [string, string])[] =>
  Object.entries(labels).flatMap(([label, value]) => {
    const text = textOf(value);
    return text === undefined || label.startsWith('__') ? [] : [[label, text] as const];
  });

/** Labels are what tells one alert from another. Where there are more than fit, their fingerprint does. */
function identity(alert: Json, labels: JsonObject, post: Post): Subject {
  const own = labelEntries(labels)
    .filter(([label]) => label !== 'alertname')
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const fingerprint = textAt(alert, 'fingerprint');
  const subject = subjectOf({ groupBy: [], entities: pivots, values: valuesOf(labels), rest: restOf(alert, post) });
  return {
    ...subject,
    groupBy:
      own.length > groupLimit && fingerprint
        ? [{ path: 'fingerprint', value: fingerprint }]
        : own.map(([label, value]) => ({ path: label, value })),
  };
}
const groupLimit = 16;

const pivots = [
  'host',
  'service',
  'env',
  'k8s.cluster',
  'k8s.namespace',
  'k8s.pod',
  'container.name',
  'usr.name',
  'http.url',
];

const valuesOf = (labels: JsonObject): Readonly<Record<string, Maybe>> => ({
  host: hostOf(firstText(labels, ['host'], ['hostname'], ['nodename'], ['node'], ['instance'])),
  service: firstText(labels, ['service'], ['app'], ['app_kubernetes_io_name']),
  env: firstText(labels, ['env'], ['environment']),
  'k8s.cluster': firstText(labels, ['cluster'], ['cluster_name']),
  'k8s.namespace': firstText(labels, ['namespace'], ['exported_namespace']),
  'k8s.pod': firstText(labels, ['pod'], ['pod_name'], ['exported_pod']),
  'container.name': firstText(labels, ['container'], ['container_name']),
  'usr.name': firstText(labels, ['user'], ['username']),
  'http.url': urlOf(textAt(labels, 'instance')),
  'cloud.region': textAt(labels, 'region'),
});

/** `instance` is an address with a port, or the URL that a probe asked for. */
function hostOf(instance: string | undefined): string | undefined {
  const [, host] =
    /^(?:[a-z][a-z0-9+.-]*:\/\/)?(?:[^@/]*@)?(\[[0-9a-f:.]+\]|[^:/?#]+)(?=[:/?#]|$)/i.exec(instance ?? '') ?? [];
  return host?.replace(/^\[|\]$/g, '') ?? instance;
}
const urlOf = (instance: string | undefined): string | undefined =>
  instance && /^https?:\/\//i.test(instance) ? instance : undefined;

/** Nothing that differs between two posts of the same unchanged alert, such as the group it came in. */
function restOf(alert: Json, post: Post): { readonly under: string; readonly value: JsonObject | undefined } {
  const rest = {
    ...without(alert, 'startsAt'),
    ...(post.receiver && { receiver: post.receiver }),
    ...(post.externalUrl && { externalURL: post.externalUrl }),
  };
  return { under: 'alertmanager', value: rest };
}
