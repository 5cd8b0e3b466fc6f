import { attributeAt } from '../attribute-path.ts';
import type { Configuration } from '../config/configuration.ts';
import type { SignalRuleObject } from '../config/objects.ts';
import type { Detection, groupValueFields } from '../detection/detection.ts';
import type { Digest } from '../digest.ts';
import type { ValueOf } from '../field.ts';
import type { Json, JsonObject } from '../json.ts';
import type { StateKey } from '../processor.ts';
import { murmur2 } from '../shard.ts';
import { day, hour } from '../time.ts';
import { ruleFor } from './rule-match.ts';
import type { Windows } from './snapshot.ts';

/** One value that tells a signal of a rule from another. */
export type GroupValue = ValueOf<typeof groupValueFields>;

/** How a detection is grouped, and how long the signal that it may open absorbs. */
export interface Grouping {
  readonly groupBy: readonly GroupValue[];
  readonly windows: Windows;
}

/** Where no signal rule says otherwise. */
export const defaultWindows: Windows = { keepAlive: hour, maxDuration: day };

/** The value that a detection without the attribute is grouped under: it is grouped with its like, never dropped. */
export const missingGroupValue = 'N/A';

/** What the most specific signal rule says; the detector's own choice of values and the default windows where none does. */
export function groupingOf(configuration: Configuration, detection: Detection): Grouping {
  const rule = ruleFor(configuration.signal_rule, detection.source, detection.rule.id);
  if (!rule) return { groupBy: detection.groupBy, windows: defaultWindows };
  const windows = { keepAlive: rule.keep_alive, maxDuration: rule.max_duration };
  return { groupBy: groupValues(rule, detection), windows };
}

/**
 * Key of the state entry that holds the live signals of a group: organisation, source, rule and group-by values. The source
 * belongs to it because rule ids are unique only inside one product.
 */
export function groupKeyOf(digest: Digest, detection: Detection, groupBy: readonly GroupValue[]): StateKey {
  const parts = [detection.org, detection.source, detection.rule.id];
  for (const { path, value } of groupBy) parts.push(path, value);
  const text = JSON.stringify(parts);
  return `group:${text.length <= longestPlainKey ? text : digest.sha256(text)}`;
}

const longestPlainKey = 256;
const longestValue = 256;
const pathMax = 128;

const groupValues = (rule: SignalRuleObject, { groupBy, attributes }: Detection): readonly GroupValue[] =>
  rule.group_by?.map((path) => ({ path: path.slice(0, pathMax), value: valueAt(attributes, path) })) ?? groupBy;

function valueAt(attributes: JsonObject, path: string): string {
  const text = textOf(attributeAt(attributes, path));
  return text.length <= longestValue ? text : shortened(text);
}

function textOf(value: Json | undefined): string {
  if (value === undefined || value === null || value === '') return missingGroupValue;
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** Long values that differ only far behind stay different. */
function shortened(text: string): string {
  const mark = murmur2(utf8.encode(text)).toString(16).padStart(8, '0');
  const head = text.slice(0, longestValue - mark.length - 1);
  const whole = /[\uD800-\uDBFF]$/.test(head) ? head.slice(0, -1) : head;
  return `${whole}~${mark}`;
}
const utf8 = new TextEncoder();
