import { z } from 'zod';
import { ruleTypes } from '../detection/detection.ts';
import { parseQuery } from '../query/parse-query.ts';
import { workflowPrefix } from '../rules/target.ts';
import { severities } from '../severity.ts';
import { lifecycles, locks } from '../signal/lifecycle.ts';
import { day, hour, minute, second } from '../time.ts';

/** The documented steps of grouping windows, in milliseconds. */
export const windowSteps = [0, 60, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400].map(
  (s) => s * second,
);

const units: Readonly<Record<string, number>> = { ms: 1, s: second, m: minute, h: hour, d: day };

/** `90s`, `5m`, `1h`, `1d`, or a number of seconds; milliseconds inside. */
const duration = z
  .union([z.int().nonnegative(), z.string().regex(/^\d+(ms|s|m|h|d)$/, 'write a length of time as 90s, 5m, 1h or 1d')])
  .transform((text) => {
    if (typeof text === 'number') return text * second;
    const [, amount = '0', unit = 's'] = /^(\d+)([a-z]+)$/.exec(text) ?? [];
    return Number(amount) * (units[unit] ?? second);
  });
const windowStep = duration.refine((ms) => windowSteps.includes(ms), {
  message: `choose one of ${windowSteps.map((ms) => `${ms / second}s`).join(', ')}`,
});

const handle = z
  .string()
  .regex(
    /^[a-z0-9][a-z0-9._-]{0,62}$/,
    'use lower-case letters, digits, ".", "_" and "-", at most 63, beginning with a letter or digit',
  );
const text = (max: number) => z.string().min(1).max(max);

/** A place to notify. `config` is checked against the sink type's own schema when the file is read. */
export const sinkObject = z.strictObject({
  handle: handle.refine((given) => !given.startsWith(workflowPrefix), {
    message: `handles that begin with ${workflowPrefix} belong to workflows: choose another`,
  }),
  type: text(32),
  config: z.record(z.string(), z.unknown()).default({}),
  enabled: z.boolean().default(true),
});

const hasNoUser = (url: string): boolean => !/^[a-z]+:\/\/[^/?#]*@/i.test(url);

export const inputTypes = ['string', 'number', 'boolean', 'object', 'array'] as const;
export type InputType = (typeof inputTypes)[number];
export const workflowObject = z.strictObject({
  handle,
  name: text(256).optional(),
  /** A workflow without a security trigger cannot be a target of a rule. */
  security_trigger: z.boolean().default(false),
  /** Off: manual runs only. */
  automatic: z.boolean().default(true),
  url: z.url({ protocol: /^https?$/, error: 'write an http or https URL' }).refine(hasNoUser, {
    message: 'take user and password out of the URL, because the log keeps it: sign with secret instead',
  }),
  /** `env:NAME` or `file:PATH`. */
  secret: z
    .string()
    .regex(/^(env|file):.+/, 'a secret is written as a reference, env:NAME or file:PATH, never itself')
    .optional(),
  inputs: z
    .array(
      z.strictObject({
        name: z
          .string()
          .regex(/^[A-Za-z_][A-Za-z0-9_]{0,63}$/, 'use letters, digits and "_", at most 64, no digit first'),
        type: z.enum(inputTypes).default('string'),
        label: text(256).optional(),
        description: text(1024).optional(),
        default: z.json().optional(),
        allowed: z.array(z.json()).optional(),
      }),
    )
    .max(64)
    .default([]),
});

/** In the search syntax; kept as it is written. */
const query = z.string().superRefine((written, context) => {
  const parsed = parseQuery(written);
  if (!parsed.ok) context.addIssue({ code: 'custom', message: `cannot be read ${parsed.problem.detail}` });
});

export const selectorsObject = z.strictObject({
  trigger_source: z.literal('security_signals').default('security_signals'),
  severities: z.array(z.enum(severities)).optional(),
  rule_types: z.array(z.enum(ruleTypes)).optional(),
  /** All of them must be on the signal. */
  tags: z.array(text(200)).optional(),
  /** Detecting products, such as `falco`. */
  sources: z.array(text(64)).optional(),
  /** What the signal must be found by. A rule is asked when a signal opens or escalates: triage is then as at the opening. */
  query: query.optional(),
});

/** When a rule speaks besides the opening of a signal. */
export const notifyOn = ['opened', 'escalated'] as const;
export const notificationRuleObject = z.strictObject({
  /** Made from the name unless given; constant over edits. */
  id: handle.optional(),
  name: text(256),
  enabled: z.boolean().default(true),
  selectors: selectorsObject.default({ trigger_source: 'security_signals' }),
  targets: z.array(text(1024)).min(1).max(64),
  /** `escalated` also tells a lane that was told before that the severity rose. */
  notify_on: z.array(z.enum(notifyOn)).default(['opened']),
});

/** How detections of one rule are grouped. Matches on the detection's rule id (`*` at the end allowed) and source. */
export const signalRuleObject = z
  .strictObject({
    id: handle.optional(),
    rule_id: text(256),
    source: text(64).optional(),
    /** Attribute paths; the detector's entity fields unless given; `[]` groups everything of the rule. */
    group_by: z.array(text(128)).max(16).optional(),
    evaluation: windowStep.default(0),
    keep_alive: windowStep.default(hour),
    max_duration: windowStep.default(day),
  })
  .refine((rule) => rule.evaluation <= rule.keep_alive && rule.keep_alive <= rule.max_duration, {
    message: 'must lie between evaluation (0s unless given) and max_duration (1d unless given); it is 1h unless given',
    path: ['keep_alive'],
  });

export const userObject = z.strictObject({
  uuid: z.uuid(),
  handle: text(320),
  name: text(256),
  email: z.email().optional(),
  disabled: z.boolean().default(false),
});

export const settingsObject = z.strictObject({
  lifecycle: z.enum(lifecycles).default('documented'),
  lock: z.enum(locks).default('all'),
  /** The same detection again counts once within this time of the first. */
  deduplicate_for: duration.default(hour),
  /** How far behind the newest event a source may be and still group with itself. */
  allowed_lateness: duration.default(hour),
});

export type SinkObject = z.output<typeof sinkObject>;
export type WorkflowObject = z.output<typeof workflowObject>;
export type NotificationRuleObject = z.output<typeof notificationRuleObject>;
export type SignalRuleObject = z.output<typeof signalRuleObject>;
export type UserObject = z.output<typeof userObject>;
export type Settings = z.output<typeof settingsObject>;
export type Selectors = z.output<typeof selectorsObject>;
