import { field, shapeOf, type ValueOf } from '../field.ts';
import { severities } from '../severity.ts';
import { sizes } from '../topics.ts';

export const ruleTypes = [
  'log_detection',
  'signal_correlation',
  'workload_security',
  'application_security',
  'api_security',
  'cloud_configuration',
  'infrastructure_configuration',
  'workload_activity',
] as const;
export type RuleType = (typeof ruleTypes)[number];

/** What the mapping had to repair or leave out; shown on the signal, never silent. */
export const detectionFlags = [
  'time_missing',
  'time_invalid',
  'time_clamped',
  'time_zone_assumed',
  'rule_derived',
  'severity_assumed',
  'truncated',
  'escaped',
] as const;
export type DetectionFlag = (typeof detectionFlags)[number];

export const ruleFields = {
  id: field.text({ min: 1, max: 256 }),
  name: field.text({ min: 1, max: 512 }),
  version: field.optional(field.text({ max: 64 })),
  tags: field.list(field.text({ max: 200 }), { max: 64 }),
};

export const groupValueFields = { path: field.text({ min: 1, max: 128 }), value: field.text({ max: 256 }) };

/** Shared by the detection, the signal snapshot and the read model: what is known of the activity itself. */
export const contentFields = {
  format: field.text({ min: 1, max: 32 }),
  /** The product that detected it, such as `falco`. */
  source: field.text({ min: 1, max: 64 }),
  ruleType: field.oneOf('RuleType', ruleTypes),
  rule: field.object('Rule', ruleFields),
  severity: field.oneOf('Severity', severities),
  title: field.text({ max: 512 }),
  message: field.text({ max: 8192 }),
  /** Ordered; the values that tell one signal of a rule from another. */
  groupBy: field.list(field.object('GroupValue', groupValueFields), { max: 16 }),
  /** `host:<h>`, `@usr.name:<u>`, `@network.client.ip:<ip>`, … */
  entities: field.list(field.text({ max: 320 }), { max: 64 }),
  /** `key:value` or plain, as the source and the rule gave them. */
  tags: field.list(field.text({ max: 200 }), { max: 128 }),
  /** Normalised paths (`host`, `usr.name`, `network.client.ip`, `container.id`, `process.name`, `file.path`, …), nested. */
  attributes: field.jsonObject(),
  flags: field.list(field.oneOf('DetectionFlag', detectionFlags), { max: 16 }),
};

/** Whether the source says that the activity is still going on; never a triage state. */
export const sourceStatuses = ['active', 'updated', 'resolved'] as const;
export type SourceStatus = (typeof sourceStatuses)[number];

export const detectionFields = {
  /** Organisation, format, the source's id and a digest of the content: the same again is the same detection. */
  id: field.text({ min: 1, max: 128 }),
  org: field.text({ min: 1, max: 64 }),
  ...contentFields,
  /** The source's own id, where it has one. Real feeds reuse them, so this is not the identity. */
  sourceId: field.optional(field.text({ max: 256 })),
  sourceStatus: field.oneOf('SourceStatus', sourceStatuses),
  occurredAt: field.instant(),
  /** When the intake took it. */
  receivedAt: field.instant(),
  /** The line as it came, cut at 4 KiB: an analyst's sample, not the record of truth. */
  raw: field.text({ max: sizes.sample }),
};

/** One thing that an upstream detector noticed, in Tocsin's words. */
export type Detection = ValueOf<typeof detectionFields>;
export const detectionShape = shapeOf(detectionFields);
