import { type Detector, isJsonObject, type Json, type JsonObject, type Mapped } from '@tocsin/core';
import { objectAt, textAt, valueAt } from '../attribute-reading.ts';
import { alertDraft } from './alert-draft.ts';
import { hasRule, unwrapped } from './alert-reading.ts';

const help =
  'Send the lines of `/var/ossec/logs/alerts/alerts.json`, hits of the `wazuh-alerts-*` indices, or call this address from an ' +
  '`<integration>`. Alerts that Graylog has flattened (`rule_description`) and findings of Wazuh 5 work too.';

/** Alerts of Wazuh 4 and 5, as the manager writes them, as the indexer returns them, or as Graylog flattens them. */
export const wazuh: Detector = {
  format: 'wazuh',
  title: 'Wazuh',
  help,
  claims: (line) => {
    const alert = unwrapped(line);
    return isWazuh(alert) && hasRule(alert);
  },
  map: (line): Mapped => {
    const alert = unwrapped(line);
    if (hasRule(alert)) return { kind: 'detection', draft: alertDraft(alert, line) };
    const what = kindOf(line, alert);
    return what ? { kind: 'skipped', what } : notThisFormat;
  },
};

const notThisFormat: Mapped = {
  kind: 'rejected',
  code: 'not_this_format',
  message: 'Not a Wazuh alert: neither `rule` nor `rule_id`, `rule_level` or `rule_description`',
};

const isWazuh = (alert: JsonObject): boolean =>
  ['agent', 'manager'].some(
    (part) => objectAt(alert, part) !== undefined || textAt(alert, `${part}_name`) !== undefined,
  ) || (objectAt(alert, 'decoder') ?? objectAt(alert, 'wazuh')) !== undefined;

/** The name of its index, or the two other kinds of document: archived events and states of the inventory. */
function kindOf(line: Json, alert: JsonObject): string | undefined {
  const index = /^wazuh-[a-z]+(?:-[a-z]+)*/.exec(textAt(line, '_index') ?? '')?.[0];
  if (index) return index;
  if (!isWazuh(alert)) return undefined;
  return isJsonObject(valueAt(alert, 'decoder')) || valueAt(alert, 'full_log') !== undefined
    ? 'archived event'
    : 'state';
}
