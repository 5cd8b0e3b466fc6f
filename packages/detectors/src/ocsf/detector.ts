import type { Detector, Json, Mapped } from '@tocsin/core';
import { classNameOf, isFinding, isOcsf } from './classes.ts';
import { findingDraft } from './finding-draft.ts';
import { isPassedCheck } from './finding-status.ts';

const help =
  'Send OCSF events as JSON, for example from Amazon Security Lake, Prowler (`--output-formats json-ocsf`) or a SIEM. All classes of the ' +
  'category Findings become detections, other classes only where `is_alert` is true. Checks that passed are skipped.';

/** OCSF 1.0 and later, and Security Finding of the release candidates. */
export const ocsf: Detector = {
  format: 'ocsf',
  title: 'OCSF findings',
  help,
  claims: isOcsf,
  map: (line) => (isOcsf(line) ? mapEvent(line) : notThisFormat),
};

const notThisFormat: Mapped = {
  kind: 'rejected',
  code: 'not_this_format',
  message: 'Not an OCSF event: `class_uid` with `category_uid`, `activity_id` or `metadata` is missing',
};

function mapEvent(event: Json): Mapped {
  if (!isFinding(event)) return { kind: 'skipped', what: classNameOf(event) };
  if (isPassedCheck(event)) return { kind: 'skipped', what: `${classNameOf(event)}: passed` };
  return { kind: 'detection', draft: findingDraft(event) };
}
