import type { Event, Origin } from '../envelope.ts';
import type { AnyEventDefinition, AuditAction } from '../event.ts';
import { isJsonObject, type Json } from '../json.ts';
import type { Recorded } from '../processor.ts';
import { isoOf } from '../time.ts';
import { type NamedTopic, type TopicName, topicShape } from '../topics.ts';
import { eventDefinitionOf } from './definitions.ts';
import type { AuditAttributes, AuditRecord, AuditSource, AuditStatus } from './record.ts';

/** Where the next record of a stream goes. */
export interface AuditPlace {
  readonly stream: string;
  readonly seq: number;
  readonly prevHash: string;
}

/**
 * The audit record of an event, driven by its definition alone. A type or a shape that this release does not know is recorded
 * whole under general names and tagged `undescribed`, never dropped. Members are written in canonical order, which saves the
 * sorting.
 */
export function auditRecordOf(
  recorded: Recorded<Event>,
  { stream, seq, prevHash }: AuditPlace,
  definition: AnyEventDefinition | undefined = eventDefinitionOf(recorded.value.type),
): AuditRecord {
  const { value: event, topic } = recorded;
  const about = descriptionOf(event, definition);
  const timestamp = isoOf(event.at);
  const decided = decidedOn(about.data);
  const service = serviceOf(topic, about.data);
  return {
    attributes: {
      attributes: attributesOf(event, about, service),
      message: about.message,
      service,
      tags: about.known ? ['source:audit'] : ['source:audit', 'undescribed'],
      timestamp,
    },
    ...(event.cause && { cause: event.cause }),
    ...(decided && { decided }),
    event: { data: about.kept, id: event.id, type: event.type, v: about.version },
    id: `${stream}-${seq}`,
    prev_hash: prevHash,
    seq,
    source: sourceOf(recorded, timestamp),
    stream,
    type: 'audit',
  };
}

/** What the definition says of this event. */
interface Description {
  readonly known: boolean;
  readonly version: number;
  readonly data: unknown;
  readonly kept: Json;
  readonly message: string;
  readonly name: string;
  readonly action: AuditAction;
  readonly asset: string;
  readonly assetName?: string | undefined;
  readonly change?: { readonly prev: Json; readonly next: Json } | undefined;
  readonly origin?: Partial<Pick<Origin, 'ip' | 'userAgent' | 'requestId'>> | undefined;
}

/** A text, a summary or a difference that fails on odd data must not stop the trail: the event is then recorded whole. */
function descriptionOf(event: Event, definition: AnyEventDefinition | undefined): Description {
  if (!definition || event.v > definition.version) return undescribed(event);
  try {
    return described(event, definition);
  } catch {
    return undescribed(event);
  }
}

function described(event: Event, definition: AnyEventDefinition): Description {
  const { audit, version, upcast, summary } = definition;
  if (event.v < version && !upcast) return undescribed(event);
  const data = (event.v < version ? upcast?.(event.data, event.v) : event.data) as never;
  return {
    known: true,
    version,
    data,
    kept: audit.keep ? audit.keep(data) : data,
    message: summary(data),
    name: audit.name,
    action: audit.action,
    asset: typeof audit.asset === 'string' ? audit.asset : audit.asset(data),
    assetName: audit.assetName?.(data),
    change: audit.change?.(data),
    origin: audit.origin?.(data),
  };
}

const undescribed = ({ type, v, data }: Event): Description => ({
  known: false,
  version: v,
  data,
  kept: (data ?? null) as Json,
  message: type,
  name: 'Unknown Event',
  action: 'modified',
  asset: 'unknown',
});

function attributesOf(event: Event, about: Description, service: string): AuditAttributes {
  const { by, subject, org } = event;
  const { assetName, change, action } = about;
  const { ip, userAgent, requestId } = by ?? about.origin ?? {};
  return {
    action,
    asset: {
      id: subject,
      ...(assetName !== undefined && { name: assetName }),
      ...(change && { new_value: change.next, prev_value: change.prev }),
      type: about.asset,
    },
    auth_method: by?.authMethod ?? 'SYSTEM',
    evt: { actor: { type: by?.actor.type ?? 'SYSTEM' }, name: about.name },
    ...((userAgent !== undefined || requestId !== undefined) && { http: httpOf(userAgent, requestId) }),
    ...(by && { metadata: metadataOf(by) }),
    ...(ip !== undefined && { network: { client: { ip } } }),
    org: { uuid: org },
    status: statusOf(action),
    usr: by ? userOf(by) : { id: service, name: service },
  };
}

const httpOf = (userAgent: string | undefined, requestId: string | undefined) => ({
  ...(requestId !== undefined && { request_id: requestId }),
  ...(userAgent !== undefined && { useragent: userAgent }),
});

const metadataOf = ({ acceptedAt, commandId, permission }: Origin) => ({
  accepted_at: acceptedAt,
  command_id: commandId,
  ...(permission !== undefined && { permission }),
});

const userOf = ({ actor: { type, id, name, email } }: Origin) => ({
  ...(email !== undefined && { email }),
  id,
  name,
  ...(type === 'USER' && { uuid: id }),
});

const statusOf = (action: AuditAction): AuditStatus =>
  action === 'refused' ? 'warn' : action === 'failed' ? 'error' : 'info';

function sourceOf(
  { topic, partition, offset, seq, recordedAt, value }: Recorded<Event>,
  timestamp: string,
): AuditSource {
  const recorded_at = recordedAt === value.at ? timestamp : isoOf(recordedAt);
  return seq !== undefined && topicShape(topic).writers === 'one'
    ? { partition, recorded_at, seq, topic }
    : { offset, partition, recorded_at, topic };
}

/** By convention of the event files: `configVersion`, and the triage block before the change or as it stood at a refusal. */
function decidedOn(data: unknown): AuditRecord['decided'] {
  if (!isJsonObject(data)) return undefined;
  const { configVersion, before, current } = data;
  const block = before ?? current;
  const version = isJsonObject(block) ? block.version : undefined;
  if (typeof configVersion !== 'number' && typeof version !== 'number') return undefined;
  return {
    ...(typeof configVersion === 'number' && { config_version: configVersion }),
    ...(typeof version === 'number' && { signal_version: version }),
  };
}

/** Who writes a topic; the actor of what the pipeline itself decided. */
const services: Readonly<Record<NamedTopic, string>> = {
  'grouped-detections': 'ingest',
  signals: 'ingest',
  commands: 'api',
  'triage-events': 'triage',
  'config-commands': 'api',
  config: 'control',
  deliveries: 'notifier',
  attempts: 'delivery-worker',
  activity: 'api',
  'intake.dead': 'intake',
  audit: 'audit',
  'audit-checkpoints': 'audit',
};
/** What happens to a service itself (`activity` with a `service`) is its own doing. */
function serviceOf(topic: TopicName, data: unknown): string {
  if (topic === 'activity' && isJsonObject(data) && typeof data.service === 'string') return data.service;
  return (services as Readonly<Record<string, string>>)[topic] ?? topic.replace(/\.dead$/, '');
}
