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
 * `values`: all normalised attributes by dotted path, in one object or several; those without a value are left out.
 */
export function subjectOf(about: {
  readonly groupBy: readonly string[];
  readonly entities?: readonly string[];
  readonly values: SubjectValues | readonly SubjectValues[];
  /** What else the source said, kept under the name of the format. */
  readonly rest?: { readonly under: string; readonly value: JsonObject | undefined };
}): Subject {
  const { groupBy, entities = [], rest } = about;
  const sources: readonly SubjectValues[] = [about.values].flat();
  const group = present(sources, groupBy);
  const more = present(sources, entities);
  return {
    groupBy: group,
    entities: [...group, ...more].map(({ path, value }) => entityOf(path, value)),
    attributes: rest?.value ? attributesOf(...sources, { [rest.under]: rest.value }) : attributesOf(...sources),
  };
}

function present(sources: readonly SubjectValues[], paths: readonly string[]): Detection['groupBy'] {
  const found: { path: string; value: string }[] = [];
  for (const path of paths) {
    const value = textOf(sources.find((values) => values[path] !== undefined)?.[path]);
    if (value !== undefined) found.push({ path, value });
  }
  return found;
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
