import type { Json, Severity, SourceStatus } from '@tocsin/core';
import { firstText, numberAt, textAt } from '../attribute-reading.ts';
import { severityOf } from '../severity-reading.ts';
import { classOf } from './classes.ts';

const closed = 3;
const updated = 2;

/**
 * A check that passed is nothing that anybody should look at. Where the source closes an earlier finding because it passes now,
 * that is no skipped line but the end of a signal.
 */
export function isPassedCheck(event: Json): boolean {
  if (numberAt(event, 'activity_id') === closed) return false;
  const word = firstText(
    event,
    ['compliance', 'status'],
    ['compliance', 'status_code'],
    ['status_code'],
  )?.toLowerCase();
  return word === 'pass' || word === 'passed' || numberAt(event, 'compliance', 'status_id') === 1;
}

/** Only Detection, Vulnerability and the like share one list of states; Incident Finding and the old Security Finding have their own. */
const endStates: Readonly<Record<number, readonly number[]>> = { 2001: [], 2005: [4, 5] };
const usualEndStates: readonly number[] = [4, 5, 6];
const endWords = new Set(['resolved', 'closed', 'archived', 'deleted', 'remediated', 'fixed']);

export function sourceStatusOf(event: Json): SourceStatus {
  const activity = numberAt(event, 'activity_id');
  const states = endStates[classOf(event) ?? 0] ?? usualEndStates;
  const word = firstText(event, ['status'], ['state'])?.trim().toLowerCase() ?? '';
  const ended =
    activity === closed || states.includes(numberAt(event, 'status_id') ?? 0) || numberAt(event, 'state_id') === 4;
  if (ended || endWords.has(word)) return 'resolved';
  return activity === updated ? 'updated' : 'active';
}

const severities: readonly (Severity | undefined)[] = [
  undefined,
  'info',
  'low',
  'medium',
  'high',
  'critical',
  'critical',
];
const risks: readonly Severity[] = ['info', 'low', 'medium', 'high', 'critical'];

/** The number, else the word, else the level of risk that some sources give instead. */
export const severityOfFinding = (event: Json): Severity | undefined =>
  severities[numberAt(event, 'severity_id') ?? 0] ??
  severityOf(textAt(event, 'severity')) ??
  risks[numberAt(event, 'risk_level_id') ?? -1] ??
  severityOf(textAt(event, 'risk_level'));
