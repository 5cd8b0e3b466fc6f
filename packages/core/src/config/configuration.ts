import type { Event } from '../envelope.ts';
import type { Table } from '../table.ts';
import type { ConfigChange } from './change.ts';
import type { ConfigKind, ConfigValues } from './kinds.ts';
import { settingsObject, type Settings } from './objects.ts';

export interface Held<V> {
  readonly id: string;
  /** From 1, grows with each change of this object. */
  readonly version: number;
  readonly value: V;
}

/** All configuration of one organisation, as of one configuration version. */
export type Configuration = { readonly [K in ConfigKind]: ReadonlyMap<string, Held<ConfigValues[K]>> };

export const emptyConfiguration: Configuration = {
  sink: new Map(),
  workflow: new Map(),
  notification_rule: new Map(),
  signal_rule: new Map(),
  user: new Map(),
  settings: new Map(),
};

export const defaultSettings: Settings = settingsObject.parse({});
export const settingsOf = (configuration: Configuration): Settings =>
  configuration.settings.get('settings')?.value ?? defaultSettings;

/** Refusals and confirmations stand on the same topic, as answers. */
const changes = new Set(['config.created', 'config.modified', 'config.deleted']);

/** The table that every processor sees configuration through. */
export const configTable: Table<Configuration> = {
  name: 'configuration',
  topic: 'config',
  initial: emptyConfiguration,
  apply(configuration, record) {
    const { type, data } = record.value as Event<string, ConfigChange>;
    if (!changes.has(type)) return configuration;
    const held = new Map<string, Held<unknown>>(configuration[data.kind]);
    if (type === 'config.deleted') held.delete(data.id);
    else held.set(data.id, { id: data.id, version: data.version, value: data.value });
    return { ...configuration, [data.kind]: held };
  },
};
