import type { Detection, JsonObject } from '@tocsin/core';
import { attributesOf, type Maybe, textOf } from './attribute-reading.ts';

/** What a detection is about, by normalised path; absent values are left out. */
export type SubjectValues = Readonly<Record<string, Maybe>>;

export interface Subject {
  readonly groupBy: Detection['groupBy'];
  readonly entities: readonly string[];
  readonly attributes: JsonObject;
}

/**
 * Entities, group values and attributes from one declaration, so that they cannot disagree.
 * `groupBy`: the paths that tell one attack from another, in order. `entities`: further paths that are worth a pivot.
 * `values`: all normalised attributes by dotted path; those without a value are left out everywhere.
 */
export function subjectOf(about: {
  readonly groupBy: readonly string[];
  readonly entities?: readonly string[];
  readonly values: SubjectValues;
  /** What else the source said, kept under the name of the format. */
  readonly rest?: { readonly under: string; readonly value: JsonObject | undefined };
}): Subject {
  const { groupBy, entities = [], values, rest } = about;
  const known = (path: string) => ({ path, value: textOf(values[path]) });
  const present = (paths: readonly string[]) =>
    paths.map(known).filter((entry): entry is { path: string; value: string } => entry.value !== undefined);
  return {
    groupBy: present(groupBy),
    entities: present([...groupBy, ...entities]).map(({ path, value }) => entityOf(path, value)),
    attributes: attributesOf({ ...values, ...(rest?.value && { [rest.under]: rest.value }) }),
  };
}

/** Tags of the platform stand for themselves; everything else is an attribute and gets its `@`. */
const tagKeys: Readonly<Record<string, string>> = {
  host: 'host',
  service: 'service',
  env: 'env',
  'container.id': 'container_id',
  'container.name': 'container_name',
  'k8s.namespace': 'kube_namespace',
  'k8s.pod': 'pod_name',
  'k8s.cluster': 'kube_cluster_name',
};

/** The documented form of an entity: `host:<h>`, `container_id:<id>`, `@usr.name:<u>`, `@network.client.ip:<ip>`. */
export const entityOf = (path: string, value: string): string => `${tagKeys[path] ?? `@${path}`}:${value}`;
