import { type DetectionDraft, type Detector, type Instant, isJsonObject, type Json, type Mapped } from '@tocsin/core';
import { listAt, objectAt, textAt, valueAt } from '../attribute-reading.ts';
import { readTime } from '../time-reading.ts';
import { alertDraft, type Post } from './alert-draft.ts';

const help =
  'Add `webhook_configs: [{ url: "<tocsin>/api/v2/detections/alertmanager", send_resolved: true }]` to a receiver, with the token ' +
  'under `http_config.authorization.credentials`. Every alert of a group becomes a detection of its own. Grafana contact points of type webhook work too.';

/** A webhook body of version 4 (or of Grafana), or one alert alone, as `/api/v2/alerts` gives and takes them. */
export const alertmanager: Detector = {
  format: 'alertmanager',
  title: 'Prometheus Alertmanager',
  help,
  claims: (line) => isPost(line) || (isAlert(line) && textAt(line, 'labels', 'alertname') !== undefined),
  map: (line, { receivedAt }) => {
    if (isPost(line)) return mapPost(line, receivedAt);
    if (!isAlert(line)) return notThisFormat;
    return { kind: 'detection', draft: alertDraft(line, loneAlert(line, receivedAt)) };
  },
};

const notThisFormat: Mapped = {
  kind: 'rejected',
  code: 'not_this_format',
  message: 'Neither a webhook body with `alerts` nor an alert with `labels`',
};

const isPost = (line: Json): boolean =>
  isJsonObject(line) &&
  Array.isArray(valueAt(line, 'alerts')) &&
  (objectAt(line, 'groupLabels') !== undefined ||
    textAt(line, 'receiver') !== undefined ||
    listAt(line, 'alerts').some(isAlert));

const isAlert = (line: Json): boolean =>
  objectAt(line, 'labels') !== undefined &&
  (objectAt(line, 'annotations') ?? textAt(line, 'startsAt') ?? textAt(line, 'fingerprint')) !== undefined;

function mapPost(line: Json, receivedAt: Instant): Mapped {
  const drafts = listAt(line, 'alerts').map(
    (alert): DetectionDraft => alertDraft(alert, postOf(line, alert, receivedAt)),
  );
  return drafts.length > 0 ? { kind: 'detections', drafts } : { kind: 'skipped', what: 'group without alerts' };
}

/** Grafana marks its bodies with an organisation. */
const postOf = (line: Json, alert: Json, receivedAt: Instant): Post => ({
  source: valueAt(line, 'orgId') === undefined ? 'alertmanager' : 'grafana',
  resolved: isResolved(textAt(alert, 'status') ?? textAt(line, 'status'), alert, receivedAt),
  receiver: textAt(line, 'receiver'),
  externalUrl: textAt(line, 'externalURL'),
});

const loneAlert = (alert: Json, receivedAt: Instant): Post => ({
  source: 'alertmanager',
  resolved: isResolved(textAt(alert, 'status') ?? textAt(alert, 'status', 'state'), alert, receivedAt),
});

/** Without a status the end decides: the zero date means that it has not ended, a date ahead that it ends unless it is renewed. */
function isResolved(status: string | undefined, alert: Json, receivedAt: Instant): boolean {
  if (status !== undefined) return status.toLowerCase() === 'resolved';
  const end = readTime(textAt(alert, 'endsAt'), receivedAt);
  return end.flags.length === 0 && end.at <= receivedAt;
}
