import type { RuleType } from '../detection/detection.ts';
import type { Json, JsonObject } from '../json.ts';
import { rankOf } from '../severity.ts';
import { isoOf } from '../time.ts';
import type { SignalSnapshot } from './snapshot.ts';
import type { Triage, User } from './triage.ts';

/** A view, or a snapshot with its triage block. */
export type SignalToShow = SignalSnapshot & { readonly triage: Triage; readonly closed?: boolean };

/** The one shape of a signal outside: API, webhooks, workflow triggers and the live stream all show this. */
export type SignalResource = {
  readonly id: string;
  readonly type: 'signal';
  readonly attributes: {
    readonly message: string;
    readonly tags: readonly string[];
    /** When the signal was created (log time), ISO 8601; `workflow.first_seen` is when the activity began. */
    readonly timestamp: string;
    readonly custom: JsonObject;
  };
};

/** `workflow.rule.type`: the documented words for the kinds of rules. */
export const ruleTypeNames: Readonly<Record<RuleType, string>> = {
  log_detection: 'Log Detection',
  signal_correlation: 'Signal Correlation',
  workload_security: 'Workload Security',
  application_security: 'Application Security',
  api_security: 'Application Security',
  cloud_configuration: 'Cloud Configuration',
  infrastructure_configuration: 'Infrastructure Configuration',
  workload_activity: 'Workload Activity',
};

/**
 * Shows a signal as the documented resource. The event's attributes lie flat in `custom`; what Tocsin says of the signal wins
 * over an attribute of the same name, so that no source can forge the workflow block.
 */
export const signalResource = (signal: SignalToShow): SignalResource => ({
  id: signal.id,
  type: 'signal',
  attributes: {
    message: signal.message,
    tags: signal.tags,
    timestamp: isoOf(signal.createdAt),
    custom: {
      ...signal.attributes,
      ...placeOf(signal),
      ...contentOf(signal),
      workflow: workflowOf(signal),
    },
  },
});

const contentOf = (signal: SignalToShow): JsonObject => ({
  status: signal.severity,
  severity: rankOf(signal.severity),
  title: signal.title,
  source: signal.source,
  format: signal.format,
  sourceStatus: signal.sourceStatus,
  version: signal.revision,
  entities: signal.entities,
  groupByPaths: signal.groupBy.map(({ path }) => path),
  groupByValues: signal.groupBy.map(({ path, value }) => ({ path, value })),
  samples: signal.samples.map(({ detectionId, occurredAt, raw }) => ({
    eventId: detectionId,
    content: { timestamp: isoOf(occurredAt), message: raw },
  })),
  flags: signal.late ? [...signal.flags, 'late'] : signal.flags,
});

/** Host and services, where the event or a tag names them. */
function placeOf({ attributes, entities, tags }: SignalToShow): JsonObject {
  const host = typeof attributes.host === 'string' ? attributes.host : afterPrefix(entities, 'host:')[0];
  const named = attributes.service;
  const services = typeof named === 'string' ? [named] : Array.isArray(named) ? named : afterPrefix(tags, 'service:');
  return { ...(host !== undefined && { host }), ...(services.length > 0 && { service: services as readonly Json[] }) };
}

const afterPrefix = (texts: readonly string[], prefix: string): readonly string[] =>
  texts.filter((text) => text.startsWith(prefix)).map((text) => text.slice(prefix.length));

const workflowOf = (signal: SignalToShow): JsonObject => ({
  first_seen: isoOf(signal.firstSeen),
  last_seen: isoOf(signal.lastSeen),
  events_matched: signal.count,
  rule: {
    id: signal.rule.id,
    name: signal.rule.name,
    type: ruleTypeNames[signal.ruleType],
    ruleType: signal.ruleType,
    ...(signal.rule.version !== undefined && { version: signal.rule.version }),
    tags: signal.rule.tags,
    detectionMethod: 'third_party',
  },
  /** True once it absorbs no more detections; says nothing of triage. */
  closed: signal.closed ?? false,
  triage: triageOf(signal.triage),
});

const triageOf = (triage: Triage): JsonObject => ({
  state: triage.state,
  version: triage.version,
  assignee: triage.assignee ? userOf(triage.assignee) : unassigned,
  incidentIds: triage.incidentIds,
  archiveReason: triage.archiveReason,
  ...(triage.archiveComment !== undefined && { archiveComment: triage.archiveComment }),
  ...(triage.archiveCommentAt !== undefined && { archiveCommentTimestamp: triage.archiveCommentAt }),
  ...(triage.archiveCommentBy && { archiveCommentUser: userOf(triage.archiveCommentBy) }),
  ...(triage.stateAt !== undefined && { stateUpdateTimestamp: triage.stateAt }),
  ...(triage.stateBy && { stateUpdateUser: userOf(triage.stateBy) }),
});

/** The documented sentinel: nobody is a user with an empty uuid. */
const unassigned: JsonObject = { uuid: '', handle: '', name: 'Unassigned' };
const userOf = ({ uuid, handle, name }: User): JsonObject => ({ uuid, handle, name });
