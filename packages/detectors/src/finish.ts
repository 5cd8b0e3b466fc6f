import {
  type Detection,
  type DetectionDraft,
  type DetectionFlag,
  detectionFlags,
  type Digest,
  type Instant,
  sizes,
} from '@tocsin/core';
import { Bounds, cutBytes } from './bounding.ts';
import type { Displaced } from './json-reading.ts';
import { readTime } from './time-reading.ts';

export interface FinishContext {
  readonly org: string;
  readonly format: string;
  readonly receivedAt: Instant;
  /** The line exactly as it came. */
  readonly bytes: Uint8Array;
  /** The same as text, where it is at hand. */
  readonly text?: string;
  /** Values that a later key of the same name displaced. */
  readonly displaced?: readonly Displaced[];
  /** True where the line holds several detections: then each is identified by itself, whatever stands around it. */
  readonly several?: boolean;
  readonly digest: Digest;
}

/**
 * Makes a detection of what a detector said of a line: identity, times, derived rule, bounds. Every draft becomes one that
 * satisfies `detectionShape`; what had to be repaired or left out is flagged. The id is a digest of organisation, format, the
 * source's id and the exact content, so the same line again is the same detection and nothing else is.
 */
export function finish(draft: DetectionDraft, context: FinishContext): Detection {
  const { org, format, receivedAt, digest } = context;
  const bounds = new Bounds(digest);
  const time = readTime(draft.time, receivedAt);
  const rule = ruleOf(draft, bounds, digest);
  const detection: Omit<Detection, 'flags'> = {
    id: idOf(draft, context),
    org,
    format,
    source: bounds.text(draft.source, 64).trim() || format,
    ruleType: draft.ruleType,
    rule,
    severity: draft.severity,
    title: bounds.text(draft.title, 512) || rule.name,
    message: bounds.text(draft.message, 8192),
    groupBy: groupOf(draft, bounds),
    entities: bounds.list(draft.entities, 320, 64),
    tags: bounds.list(draft.tags, 200, 128),
    attributes: bounds.attributes(attributesOf(draft, context), sizes.attributes),
    ...(draft.sourceId && { sourceId: bounds.key(draft.sourceId, 256) }),
    sourceStatus: draft.sourceStatus ?? 'active',
    occurredAt: time.at,
    receivedAt,
    raw: rawOf(context),
  };
  const derived: readonly DetectionFlag[] = draft.rule.id && draft.rule.name ? [] : ['rule_derived'];
  const escaped: readonly DetectionFlag[] = context.displaced?.length ? ['escaped'] : [];
  const seen = new Set([...(draft.flags ?? []), ...time.flags, ...derived, ...escaped, ...bounds.flags]);
  return { ...detection, flags: detectionFlags.filter((flag) => seen.has(flag)) };
}

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });
const textOf = ({ text, bytes }: FinishContext): string => text ?? utf8.decode(bytes);

/** 160 bits. Length-prefixed by the separator NUL, which no name contains. */
function idOf(draft: DetectionDraft, context: FinishContext): string {
  const content = context.several ? JSON.stringify(draft) : textOf(context);
  const { org, format, digest } = context;
  return digest.sha256(`${org}\0${format}\0${draft.sourceId ?? ''}\0${content}`).slice(0, 40);
}

function rawOf(context: FinishContext): string {
  const { bytes } = context;
  return bytes.length <= sizes.sample ? textOf(context) : utf8.decode(cutBytes(bytes, sizes.sample));
}

/** A missing half of the identity is taken from the other; without both, from the title with its variable parts left out. */
function ruleOf(draft: DetectionDraft, bounds: Bounds, digest: Digest): Detection['rule'] {
  const { id, name, version, tags } = draft.rule;
  const title = draft.title.trim() || `${draft.source} detection`;
  const shape = `${draft.source}\0${title.replace(/[0-9a-f]*\d[0-9a-f]*/gi, '#')}`;
  const derived = `derived-${digest.sha256(shape).slice(0, 16)}`;
  return {
    id: bounds.key(id || name || derived, 256),
    name: bounds.text(name || id || title, 512),
    ...(version && { version: bounds.text(version, 64) }),
    tags: bounds.list(tags, 200, 64),
  };
}

function groupOf(draft: DetectionDraft, bounds: Bounds): Detection['groupBy'] {
  const named = draft.groupBy.filter(({ path }) => path !== '');
  if (named.length > 16) bounds.flags.add('truncated');
  return named.slice(0, 16).map(({ path, value }) => ({ path: bounds.key(path, 128), value: bounds.key(value, 256) }));
}

const attributesOf = ({ attributes }: DetectionDraft, { displaced }: FinishContext): Detection['attributes'] =>
  displaced?.length
    ? { ...attributes, duplicate_keys: displaced.map(({ key, value }) => ({ key, value })) }
    : attributes;
