import { type DetectionFlag, type Instant, minute } from '@tocsin/core';

export interface ReadTime {
  readonly at: Instant;
  readonly flags: readonly DetectionFlag[];
}

/** A source clock may run ahead by this much; what lies further ahead is taken to have happened on receipt. */
const ahead = 5 * minute;
/** Zero dates (year 0 or 1, the epoch itself) say "no time". */
const earliest: Instant = Date.UTC(1970, 0, 2);

/**
 * The instant that a source meant, to the millisecond. Absent: the time of receipt, flagged `time_missing`. Not readable or a
 * zero date: likewise, `time_invalid`. Without a zone: UTC, `time_zone_assumed`. More than five minutes ahead: the time of
 * receipt, `time_clamped`. Numbers, also as text, are epoch seconds, milliseconds, microseconds or nanoseconds by their size.
 */
export function readTime(time: string | number | undefined, receivedAt: Instant): ReadTime {
  if (time === undefined || (typeof time === 'string' && time.trim() === ''))
    return { at: receivedAt, flags: ['time_missing'] };
  const read = typeof time === 'number' ? fromEpoch(time) : fromText(time.trim());
  if (read === undefined || !(read.at >= earliest)) return { at: receivedAt, flags: ['time_invalid'] };
  const flags: readonly DetectionFlag[] = read.zone ? [] : ['time_zone_assumed'];
  return read.at > receivedAt + ahead ? { at: receivedAt, flags: ['time_clamped'] } : { at: read.at, flags };
}

interface Meant {
  readonly at: number;
  readonly zone: boolean;
}

function fromText(text: string): Meant | undefined {
  return /^[+-]?\d+(\.\d+)?$/.test(text) ? fromEpoch(Number(text)) : fromIso(text);
}

/** Seconds stay below 3e11 beyond the year 9999, milliseconds are above it since 1979; and so on upwards. */
function fromEpoch(value: number): Meant | undefined {
  if (!Number.isFinite(value)) return undefined;
  const size = Math.abs(value);
  const perMs = size < 3e11 ? 1e-3 : size < 3e14 ? 1 : size < 3e17 ? 1e3 : 1e6;
  return { at: perMs < 1 ? Math.round(value * 1e3) : Math.floor(value / perMs), zone: true };
}

const iso =
  /^(\d{4})([-/])(\d\d)\2(\d\d)(?:[Tt ]\s*(\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,12}))?)?\s*(Z|UTC|GMT|[+-]\d\d(?::?\d\d)?)?)?$/i;

function fromIso(text: string): Meant | undefined {
  const found = iso.exec(text);
  if (!found) return undefined;
  const [, year, , month, day, hour = '0', minutes = '0', seconds = '0', fraction = '', zone] = found;
  const date = new Date(0);
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  if (date.getUTCMonth() !== Number(month) - 1 || date.getUTCDate() !== Number(day)) return undefined;
  if (Number(hour) > 24 || Number(minutes) > 59 || Number(seconds) > 60) return undefined;
  const offset = offsetOf(zone);
  if (offset === undefined) return undefined;
  const ofDay = ((Number(hour) * 60 + Number(minutes) - offset) * 60 + Number(seconds)) * 1000;
  return { at: date.getTime() + ofDay + Number(fraction.padEnd(3, '0').slice(0, 3)), zone: zone !== undefined };
}

/** Minutes east of Greenwich. */
function offsetOf(zone: string | undefined): number | undefined {
  const found = /^([+-])(\d\d):?(\d\d)?$/.exec(zone ?? '');
  if (!found) return 0;
  const [, sign, hours, minutes = '0'] = found;
  if (Number(hours) > 15 || Number(minutes) > 59) return undefined;
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
}
