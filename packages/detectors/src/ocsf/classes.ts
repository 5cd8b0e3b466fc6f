import { type Json, isJsonObject } from '@tocsin/core';
import { numberAt, textAt, valueAt } from '../attribute-reading.ts';

/** Names of the classes of OCSF, for events that carry the number alone. */
const names: Readonly<Record<number, string>> = {
  1001: 'File System Activity',
  1002: 'Kernel Extension Activity',
  1003: 'Kernel Activity',
  1004: 'Memory Activity',
  1005: 'Module Activity',
  1006: 'Scheduled Job Activity',
  1007: 'Process Activity',
  1008: 'Event Log Activity',
  1010: 'Windows Resource Activity',
  2001: 'Security Finding',
  2002: 'Vulnerability Finding',
  2003: 'Compliance Finding',
  2004: 'Detection Finding',
  2005: 'Incident Finding',
  2006: 'Data Security Finding',
  2007: 'Application Security Posture Finding',
  2008: 'IAM Analysis Finding',
  3001: 'Account Change',
  3002: 'Authentication',
  3003: 'Authorize Session',
  3004: 'Entity Management',
  3005: 'User Access Management',
  3006: 'Group Management',
  4001: 'Network Activity',
  4002: 'HTTP Activity',
  4003: 'DNS Activity',
  4004: 'DHCP Activity',
  4005: 'RDP Activity',
  4006: 'SMB Activity',
  4007: 'SSH Activity',
  4008: 'FTP Activity',
  4009: 'Email Activity',
  4010: 'Network File Activity',
  4011: 'Email File Activity',
  4012: 'Email URL Activity',
  4013: 'NTP Activity',
  4014: 'Tunnel Activity',
  5001: 'Device Inventory Info',
  5002: 'Device Config State',
  5003: 'User Inventory Info',
  6001: 'Web Resources Activity',
  6002: 'Application Lifecycle',
  6003: 'API Activity',
  6004: 'Web Resource Access Activity',
  6005: 'Datastore Activity',
  6006: 'File Hosting Activity',
  6007: 'Scan Activity',
  7001: 'Remediation Activity',
  7002: 'File Remediation Activity',
  7003: 'Process Remediation Activity',
  7004: 'Network Remediation Activity',
};

/** Number of the class inside its extension: 2001 also for class 1 of category 2 of a vendor's extension. */
export function classOf(event: Json): number | undefined {
  const uid = numberAt(event, 'class_uid') ?? typeClass(numberAt(event, 'type_uid'));
  return uid === undefined ? undefined : Math.trunc(uid) % 100_000;
}
const typeClass = (type: number | undefined): number | undefined => (type === undefined ? undefined : type / 100);

export const isOcsf = (event: Json): boolean =>
  isJsonObject(event) &&
  classOf(event) !== undefined &&
  (valueAt(event, 'metadata') ?? valueAt(event, 'category_uid') ?? valueAt(event, 'activity_id')) !== undefined;

/**
 * Every class of category 2: these are what people call findings and alerts, vendors' extensions included. Of the other classes
 * those events that their product marks as alerts.
 */
export function isFinding(event: Json): boolean {
  const number = classOf(event) ?? 0;
  return (number >= 2000 && number < 3000) || valueAt(event, 'is_alert') === true;
}

export const classNameOf = (event: Json): string =>
  textAt(event, 'class_name') ?? names[classOf(event) ?? 0] ?? `class ${textAt(event, 'class_uid') ?? classOf(event)}`;
