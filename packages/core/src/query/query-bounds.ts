import { searchField } from './search-fields.ts';

const number = /^-?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,4})?$/;
const time = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2}))?$/;

const nine = '9'.charCodeAt(0);

/** The number that a text writes in decimal, if it is one that a double can hold. */
export function numberIn(text: string): number | undefined {
  if (text.length > 40 || text.charCodeAt(0) > nine || !number.test(text)) return undefined;
  const value = Number(text);
  return Number.isFinite(value) ? value : undefined;
}

/** Milliseconds since the epoch of an ISO 8601 date, or of a time with its zone. */
export function timeIn(text: string): number | undefined {
  if (!time.test(text)) return undefined;
  const value = Date.parse(text);
  return Number.isFinite(value) ? value : undefined;
}

/**
 * What a comparison or a range compares with: a number; for a field of times, also a date or a time (as milliseconds); for a
 * field whose values have an order (severity, state), a value (as its rank). Undefined when the text is none of these.
 */
export function boundIn(key: string, text: string): number | undefined {
  const field = searchField(key);
  if (field?.ranks) {
    const rank = field.ranks.indexOf(text);
    return rank < 0 ? undefined : rank;
  }
  return (field?.type === 'time' ? timeIn(text) : undefined) ?? numberIn(text);
}

/** In words, for problems. */
export function boundExpected(key: string): string {
  const field = searchField(key);
  if (field?.ranks) return `one of ${field.ranks.join(', ')}`;
  return field?.type === 'time' ? 'a time such as 2026-01-31T12:00:00Z, or milliseconds' : 'a number';
}
