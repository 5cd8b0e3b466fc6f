import type { Moments } from './moments.ts';

interface Finding {
  readonly type: string;
  readonly id: string;
  readonly severity: number;
  readonly title: string;
  readonly description: string;
  readonly resource: object;
  readonly action: object;
  readonly role: 'TARGET' | 'ACTOR';
  readonly count: number;
  /** Minutes before the end: first seen, and last seen. */
  readonly seen: readonly [first: number, last: number];
}

const account = '123456789012';
const region = 'eu-central-1';

/**
 * Events as EventBridge hands them on. The machine is first the target of a brute force and then does one itself: GuardDuty
 * sends the same finding again, with a higher severity.
 */
export const guarddutyEvents = (moments: Moments): readonly string[] => [
  bruteForce(moments, 'TARGET'),
  stolenCredentials(moments),
  bruteForce(moments, 'ACTOR'),
];

const bruteForce = (moments: Moments, role: 'TARGET' | 'ACTOR'): string =>
  event(moments, {
    type: 'UnauthorizedAccess:EC2/SSHBruteForce',
    id: '9ac6e1b0f27d4c5e8a3b61d2c4f5a678',
    role,
    ...(role === 'TARGET'
      ? {
          severity: 2,
          count: 1,
          seen: [28, 28],
          title: '203.0.113.66 is performing SSH brute force attacks against i-0c44f1d2a7b9e8356.',
        }
      : {
          severity: 8,
          count: 14,
          seen: [28, 15],
          title: 'i-0c44f1d2a7b9e8356 is performing SSH brute force attacks against 10.4.0.9.',
        }),
    description:
      'Brute force attacks are used to gain unauthorized access to an instance by guessing the SSH password.',
    resource: {
      resourceType: 'Instance',
      instanceDetails: {
        instanceId: 'i-0c44f1d2a7b9e8356',
        instanceType: 't3.medium',
        tags: [{ key: 'env', value: 'production' }],
      },
    },
    action: {
      actionType: 'NETWORK_CONNECTION',
      networkConnectionAction: {
        connectionDirection: role === 'TARGET' ? 'INBOUND' : 'OUTBOUND',
        protocol: 'TCP',
        blocked: false,
        localIpDetails: { ipAddressV4: '10.4.0.10' },
        localPortDetails: { port: role === 'TARGET' ? 22 : 50_412 },
        remoteIpDetails: { ipAddressV4: role === 'TARGET' ? '203.0.113.66' : '10.4.0.9' },
        remotePortDetails: { port: role === 'TARGET' ? 40_200 : 22 },
      },
    },
  });

const stolenCredentials = (moments: Moments): string =>
  event(moments, {
    type: 'UnauthorizedAccess:IAMUser/InstanceCredentialExfiltration.OutsideAWS',
    id: '1ee2b8c4d0974f0aa7c35d8e9f60b142',
    severity: 8,
    title: 'Credentials of the EC2 instance role shop-search were used from an external IP address.',
    description: 'Credentials created exclusively for an EC2 instance have been used from 203.0.113.66.',
    role: 'TARGET',
    count: 1,
    seen: [17, 17],
    resource: {
      resourceType: 'AccessKey',
      accessKeyDetails: {
        accessKeyId: 'ASIAEXAMPLEEXAMPLE00',
        principalId: 'AROAEXAMPLE:i-0c44f1d2a7b9e8356',
        userType: 'AssumedRole',
        userName: 'shop-search',
      },
    },
    action: {
      actionType: 'AWS_API_CALL',
      awsApiCallAction: {
        api: 'ListBuckets',
        serviceName: 's3.amazonaws.com',
        callerType: 'Remote IP',
        remoteIpDetails: { ipAddressV4: '203.0.113.66' },
      },
    },
  });

function event(moments: Moments, finding: Finding): string {
  const [first, last] = finding.seen;
  const arn = `arn:aws:guardduty:${region}:${account}:detector/12abc34d567e8fa901bc2d34e56789f0/finding/${finding.id}`;
  return JSON.stringify({
    version: '0',
    id: `c8c4daa7-a20c-2f03-0070-${String(moments.epoch(last)).padStart(12, '0')}`,
    'detail-type': 'GuardDuty Finding',
    source: 'aws.guardduty',
    account,
    time: moments.iso(last),
    region,
    resources: [],
    detail: {
      schemaVersion: '2.0',
      accountId: account,
      region,
      partition: 'aws',
      id: finding.id,
      arn,
      type: finding.type,
      resource: finding.resource,
      service: {
        serviceName: 'guardduty',
        detectorId: '12abc34d567e8fa901bc2d34e56789f0',
        action: finding.action,
        resourceRole: finding.role,
        eventFirstSeen: moments.iso(first),
        eventLastSeen: moments.iso(last),
        archived: false,
        count: finding.count,
      },
      severity: finding.severity,
      createdAt: moments.iso(first),
      updatedAt: moments.iso(last),
      title: finding.title,
      description: finding.description,
    },
  });
}
