import type { JsonObject } from '../json.ts';
import { signalResource, type SignalResource, type SignalToShow } from '../signal/api-shape.ts';
import type { SignalSnapshot } from '../signal/snapshot.ts';
import type { Triage } from '../signal/triage.ts';
import type { Instant } from '../time.ts';
import type { Message } from './message.ts';

/** What all messages about one event of a signal have in common, whoever gets them. */
export type MessageBody = Omit<Message, 'deliveryId' | 'kind' | 'rule' | 'inputs'>;

export function messageBody(about: {
  readonly signal: SignalToShow;
  readonly summary: string;
  readonly at: Instant;
  /** Where the pages are, without a slash at the end. */
  readonly linkBase: string;
}): MessageBody {
  const { signal, summary, at, linkBase } = about;
  return {
    signalId: signal.id,
    title: signal.title,
    severity: signal.severity,
    summary: summary.slice(0, 1024),
    link: `${linkBase}/signals/${signal.id}`,
    at,
    signal: fitting(signal),
  };
}

export const openingSummary = ({ severity, source, rule, groupBy }: SignalSnapshot): string => {
  const grouped = groupBy.map(({ path, value }) => `${path} ${value}`).join(', ');
  return `New signal of severity ${severity} from ${source}, rule "${rule.name}"${grouped && `, for ${grouped}`}.`;
};

/** Samples are for analysts; a message shows what fits here and leaves the rest to the link. */
const sampleChars = 8 * 1024;
/** Beyond this the attributes are left out: with them, a message would not fit into an event. */
const resourceChars = 24 * 1024;

function fitting(signal: SignalToShow): JsonObject {
  let room = sampleChars;
  const samples = signal.samples.filter(({ raw }) => {
    room -= raw.length;
    return room >= 0;
  });
  const resource = signalResource(samples.length === signal.samples.length ? signal : { ...signal, samples });
  return roughly(signal) > resourceChars / 2 && JSON.stringify(resource).length > resourceChars
    ? shortened(signal)
    : resource;
}

/** Cheap, and too small by the attributes at most: they are bounded by themselves. */
const roughly = ({ message, entities, tags, samples }: SignalToShow): number =>
  resourceChars / 3 +
  message.length +
  lengthOf(entities) +
  lengthOf(tags) +
  samples.reduce((sum, { raw }) => sum + raw.length, 0);
const lengthOf = (texts: readonly string[]): number => texts.reduce((sum, text) => sum + text.length, 0);

const shortened = (signal: SignalToShow): SignalResource =>
  signalResource({
    ...signal,
    message: signal.message.slice(0, 2048),
    entities: signal.entities.slice(0, 16),
    tags: signal.tags.slice(0, 32),
    attributes: {},
    samples: [],
    flags: [...new Set([...signal.flags, 'truncated' as const])],
  });

/** The little of a signal that is kept for follow-ups once its first message has arrived. */
export type SignalFacts = Pick<
  SignalSnapshot,
  'revision' | 'firstSeen' | 'lastSeen' | 'count' | 'severity' | 'title' | 'format' | 'source' | 'ruleType' | 'rule'
>;

export const factsOf = (signal: SignalSnapshot): SignalFacts => ({
  revision: signal.revision,
  firstSeen: signal.firstSeen,
  lastSeen: signal.lastSeen,
  count: signal.count,
  severity: signal.severity,
  title: signal.title.slice(0, 160),
  format: signal.format,
  source: signal.source,
  ruleType: signal.ruleType,
  rule: { ...signal.rule, name: signal.rule.name.slice(0, 160), tags: [] },
});

/** A signal as far as its facts tell of it; what they leave out is empty. */
export const signalFromFacts = (
  known: { readonly id: string; readonly org: string; readonly createdAt: Instant },
  facts: SignalFacts,
  triage: Triage,
): SignalToShow => ({
  ...nothingKnown,
  ...facts,
  ...known,
  triage,
});

const nothingKnown = {
  message: '',
  groupBy: [],
  entities: [],
  tags: [],
  attributes: {},
  flags: [],
  sourceStatus: 'active',
  late: false,
  windows: { keepAlive: 0, maxDuration: 0 },
  samples: [],
  configVersion: -1,
} as const;
