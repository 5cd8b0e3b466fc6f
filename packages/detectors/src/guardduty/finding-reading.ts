import { isJsonObject, type Json } from '@tocsin/core';
import { objectAt, textAt } from '../attribute-reading.ts';

/** The API writes `ResourceType` where findings in events say `resourceType`; the events' spelling is used everywhere. */
export const normalised = (finding: Json): Json =>
  textAt(finding, 'Type') !== undefined && (objectAt(finding, 'Service') ?? objectAt(finding, 'Resource')) !== undefined
    ? lowered(finding, 0)
    : finding;

/** No finding is nested this deep, and text inside of other text may be. */
const deepest = 64;

function lowered(value: Json, depth: number): Json {
  if (depth > deepest) return value;
  if (Array.isArray(value)) return value.map((item) => lowered(item, depth + 1));
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [lowerFirst(key), lowered(item, depth + 1)]));
}

const lowerFirst = (key: string): string => key.charAt(0).toLowerCase() + key.slice(1);
