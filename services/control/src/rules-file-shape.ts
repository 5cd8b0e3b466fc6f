import {
  type ConfigKind,
  notificationRuleObject,
  settingsObject,
  signalRuleObject,
  sinkObject,
  userObject,
  workflowObject,
} from '@tocsin/core';
import { z } from 'zod';

/** A section that is written but left empty is an empty list. */
const listOf = <T extends z.ZodType>(item: T) => z.array(item).nullish();

/** The rules file as a whole. Unknown keys are errors, at every depth. */
export const rulesFileShape = z.strictObject({
  sinks: listOf(sinkObject),
  workflows: listOf(workflowObject),
  rules: listOf(notificationRuleObject),
  signal_rules: listOf(signalRuleObject),
  users: listOf(userObject),
  ...settingsObject.shape,
});

/** The lists of the file and what their items become. */
export const sections = {
  sinks: 'sink',
  workflows: 'workflow',
  rules: 'notification_rule',
  signal_rules: 'signal_rule',
  users: 'user',
} as const satisfies Readonly<Record<string, ConfigKind>>;
export type Section = keyof typeof sections;
export const sectionNames = Object.keys(sections) as readonly Section[];
export const settingNames = Object.keys(settingsObject.shape) as readonly (keyof typeof settingsObject.shape)[];

/** Keys that a path of the file may have, where it leads to a group of keys. */
export function knownKeys(path: readonly PropertyKey[]): readonly string[] {
  let shape: z.core.$ZodType = rulesFileShape;
  for (const step of path) {
    shape = unwrapped(shape);
    const inner =
      shape instanceof z.ZodArray
        ? shape.element
        : shape instanceof z.ZodObject
          ? shape.shape[String(step)]
          : undefined;
    if (inner === undefined) return [];
    shape = inner as z.core.$ZodType;
  }
  const found = unwrapped(shape);
  return found instanceof z.ZodObject ? Object.keys(found.shape) : [];
}

function unwrapped(shape: z.core.$ZodType): z.core.$ZodType {
  let inner = shape;
  while (inner instanceof z.ZodDefault || inner instanceof z.ZodOptional || inner instanceof z.ZodNullable)
    inner = inner.unwrap();
  return inner;
}
