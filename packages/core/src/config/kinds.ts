import type { z } from 'zod';
import {
  notificationRuleObject,
  settingsObject,
  signalRuleObject,
  sinkObject,
  userObject,
  workflowObject,
  type NotificationRuleObject,
  type Settings,
  type SignalRuleObject,
  type SinkObject,
  type UserObject,
  type WorkflowObject,
} from './objects.ts';

export interface ConfigValues {
  readonly sink: SinkObject;
  readonly workflow: WorkflowObject;
  readonly notification_rule: NotificationRuleObject;
  readonly signal_rule: SignalRuleObject;
  readonly user: UserObject;
  readonly settings: Settings;
}
export const configKindNames = ['sink', 'workflow', 'notification_rule', 'signal_rule', 'user', 'settings'] as const;
export type ConfigKind = (typeof configKindNames)[number];

interface Kind<K extends ConfigKind> {
  readonly shape: z.ZodType<ConfigValues[K]>;
  /** `@asset.type` in the audit log. */
  readonly asset: string;
  /** Identity in the rules file; constant over edits. */
  idOf(value: ConfigValues[K]): string;
  nameOf(value: ConfigValues[K]): string;
}

/** Lower case, everything else to `-`. */
export const slugOf = (name: string): string =>
  name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 63) || 'unnamed';

/** Every kind of configuration object, once. */
export const configKinds: { readonly [K in ConfigKind]: Kind<K> } = {
  sink: { shape: sinkObject, asset: 'sink', idOf: ({ handle }) => handle, nameOf: ({ handle }) => `@${handle}` },
  workflow: {
    shape: workflowObject,
    asset: 'workflow',
    idOf: ({ handle }) => handle,
    nameOf: ({ name, handle }) => name ?? handle,
  },
  notification_rule: {
    shape: notificationRuleObject,
    asset: 'notification_profile',
    idOf: ({ id, name }) => id ?? slugOf(name),
    nameOf: ({ name }) => name,
  },
  signal_rule: {
    shape: signalRuleObject,
    asset: 'security_rule',
    idOf: ({ id, rule_id, source }) => id ?? slugOf(source ? `${source} ${rule_id}` : rule_id),
    nameOf: ({ rule_id }) => rule_id,
  },
  user: { shape: userObject, asset: 'user', idOf: ({ uuid }) => uuid, nameOf: ({ name }) => name },
  settings: { shape: settingsObject, asset: 'organization', idOf: () => 'settings', nameOf: () => 'settings' },
};
