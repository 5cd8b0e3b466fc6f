import { canonical, type ConfigKind, type ConfigRequest, type Configuration, configKindNames } from '@tocsin/core';
import { jsonOf } from './control-entry.ts';
import type { WantedObject } from './rules-file.ts';

/** Who is put before whom: a rule needs its targets. */
const putOrder: readonly ConfigKind[] = ['settings', 'user', 'signal_rule', 'sink', 'workflow', 'notification_rule'];

/**
 * The commands that turn the current configuration into the wanted one, in an order in which each can be carried out: first
 * go rules and others whom nobody needs (so that their names are free again), then come all puts, then go sinks and workflows
 * that nobody targets any more. Each command names the version that it was made for.
 */
export function diffConfiguration(current: Configuration, wanted: readonly WantedObject[]): readonly ConfigRequest[] {
  const puts = putOrder.flatMap((kind) => wanted.filter((object) => object.kind === kind && !isHeld(current, object)));
  const gone = configKindNames.flatMap((kind) =>
    [...current[kind].values()]
      .filter(({ id }) => !wanted.some((object) => object.kind === kind && object.id === id))
      .map(({ id, version }) => ({ kind, id, version })),
  );
  const cleared = puts.filter(({ kind, id }) => current[kind].has(id) && givesUpName(current, wanted, { kind, id }));
  const remove = ({ kind, id, version }: { kind: ConfigKind; id: string; version: number }): ConfigRequest => ({
    type: 'config.remove',
    data: { kind, id, expectedVersion: version },
  });
  const isTarget = (kind: ConfigKind) => kind === 'sink' || kind === 'workflow';
  const versionOf = ({ kind, id }: WantedObject) => current[kind].get(id)?.version ?? 0;
  return [
    ...gone.filter(({ kind }) => !isTarget(kind)).map(remove),
    ...cleared.map((object) => remove({ ...object, version: versionOf(object) })),
    ...puts.map(
      (object): ConfigRequest => ({
        type: 'config.put',
        data: {
          kind: object.kind,
          id: object.id,
          value: object.written,
          expectedVersion: cleared.includes(object) ? 0 : versionOf(object),
        },
      }),
    ),
    ...gone.filter(({ kind }) => isTarget(kind)).map(remove),
  ];
}

const isHeld = (current: Configuration, { kind, id, value }: WantedObject): boolean => {
  const held = current[kind].get(id);
  return held !== undefined && canonical(jsonOf(held.value)) === canonical(value);
};

/** Whether another object shall have the name that this one still has: it must then go before, and come again. */
function givesUpName(
  current: Configuration,
  wanted: readonly WantedObject[],
  { kind, id }: { readonly kind: ConfigKind; readonly id: string },
): boolean {
  if (kind !== 'notification_rule' && kind !== 'user') return false;
  const name = uniqueName(kind, current[kind].get(id)?.value);
  return wanted.some((object) => object.kind === kind && object.id !== id && uniqueName(kind, object.value) === name);
}

/** The name that must be unique within the kind. */
function uniqueName(kind: 'notification_rule' | 'user', value: unknown): unknown {
  const { name, handle } = value as { readonly name?: unknown; readonly handle?: unknown };
  return kind === 'user' ? handle : name;
}
