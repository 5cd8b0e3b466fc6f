/** `now`, steps such as `-7d`, then perhaps `/d`: back to where that unit began. */
const relative = /^now((?:[+-]\d{1,6}(?:mo|[smhdwy]))*)(?:\/(mo|[mhdwy]))?$/;
const iso = /^\d{4}-\d{2}-\d{2}(?:$|T)/;
const zoned = /(?:Z|[+-]\d{2}:?\d{2})$/i;

const unitMs: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };
/** Weeks begin on Monday; the epoch was a Thursday. */
const firstMonday = 4 * 86_400_000;
/** Further from 1970 no date is. */
const latest = 8.64e15;

/**
 * ISO 8601 (UTC where no zone is given), milliseconds since the epoch, or date math in UTC: `now-7d`, `now-1mo/mo`, with the
 * units s m h d w mo y. Undefined for any other text.
 */
export function instantIn(text: string, now: number): number | undefined {
  const instant = /^(?:0|\d{10,16})$/.test(text) ? Number(text) : (relativeIn(text, now) ?? isoIn(text));
  return instant !== undefined && Math.abs(instant) <= latest ? instant : undefined;
}

function isoIn(text: string): number | undefined {
  if (!iso.test(text)) return undefined;
  const isDate = text.length === 'yyyy-mm-dd'.length;
  const instant = Date.parse(isDate || zoned.test(text) ? text : `${text}Z`);
  return Number.isNaN(instant) ? undefined : instant;
}

function relativeIn(text: string, now: number): number | undefined {
  const [, steps, unit] = relative.exec(text) ?? [];
  if (steps === undefined) return undefined;
  const moved = [...steps.matchAll(/([+-]\d+)(mo|\w)/g)].reduce(
    (instant, [, count, each]) => shifted(instant, Number(count), each ?? 's'),
    now,
  );
  return unit === undefined ? moved : beginOf(moved, unit);
}

function shifted(instant: number, count: number, unit: string): number {
  const length = unitMs[unit];
  if (length !== undefined) return instant + count * length;
  const months = unit === 'y' ? 12 * count : count;
  const date = new Date(instant);
  const day = date.getUTCDate();
  date.setUTCDate(1);
  date.setUTCMonth(date.getUTCMonth() + months);
  // 31 March − 1 month is the last of February.
  date.setUTCDate(Math.min(day, new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate()));
  return date.getTime();
}

function beginOf(instant: number, unit: string): number {
  const date = new Date(instant);
  if (unit === 'y') return Date.UTC(date.getUTCFullYear(), 0, 1);
  if (unit === 'mo') return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1);
  const length = unitMs[unit] ?? 1;
  const offset = unit === 'w' ? firstMonday : 0;
  return Math.floor((instant - offset) / length) * length + offset;
}
