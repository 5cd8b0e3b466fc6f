import type { Json } from '@tocsin/core';
import { firstText, type Maybe, objectAt, textAt, valueAt, without } from '../attribute-reading.ts';
import { type Subject, type SubjectValues, subjectOf } from '../subject.ts';

const entities = [
  ...['host', 'network.client.ip', 'network.destination.ip', 'dns.query', 'process.name', 'file.path'],
  ...['container.id', 'container.name', 'vulnerability.cve'],
];

/**
 * A finding is told by its resource: Security Hub keeps one finding for a check or a threat and the resource it is about. The user is
 * the owner of an access key, whose own id may be `null`.
 */
export const subjectOfFinding = (finding: Json): Subject =>
  subjectOf({
    groupBy: ['cloud.account.id', 'cloud.region', 'cloud.resource.id', 'usr.name'],
    entities,
    values: valuesOf(finding),
    rest: { under: 'securityhub', value: without(finding, 'Title', 'Description', 'SchemaVersion') },
  });

function valuesOf(finding: Json): SubjectValues {
  const resource = valueAt(finding, 'Resources', 0);
  const id = textAt(resource, 'Id');
  const type = textAt(resource, 'Type');
  return {
    host: type === 'AwsEc2Instance' ? id?.split('/').at(-1) : undefined,
    'cloud.provider': 'aws',
    'cloud.account.id': textAt(finding, 'AwsAccountId'),
    'cloud.account.name': textAt(finding, 'AwsAccountName'),
    'cloud.region':
      textAt(resource, 'Region') ?? textAt(finding, 'Region') ?? textAt(finding, 'ProductArn')?.split(':')[3],
    'cloud.resource.id': id,
    'cloud.resource.type': type,
    'usr.name': userOf(finding, resource),
    ...networkOf(finding),
    'dns.query': firstText(
      finding,
      ['Action', 'DnsRequestAction', 'Domain'],
      ['ProductFields', 'action/dnsRequestAction/domain'],
    ),
    'process.name': textAt(finding, 'Process', 'Name'),
    'process.path': textAt(finding, 'Process', 'Path'),
    'process.pid': textAt(finding, 'Process', 'Pid'),
    'file.path': textAt(finding, 'Malware', 0, 'Path'),
    'container.id': textAt(resource, 'Details', 'Container', 'ContainerRuntimeId'),
    'container.name': textAt(resource, 'Details', 'Container', 'Name'),
    'container.image': textAt(resource, 'Details', 'Container', 'ImageName'),
    'vulnerability.cve': textAt(finding, 'Vulnerabilities', 0, 'Id'),
  };
}

const userOf = (finding: Json, resource: Maybe): string | undefined =>
  firstText(
    resource,
    ['Details', 'AwsIamAccessKey', 'UserName'],
    ['Details', 'AwsIamAccessKey', 'PrincipalName'],
    ['Details', 'AwsIamUser', 'UserName'],
  ) ?? textAt(finding, 'ProductFields', 'resource/accessKeyDetails/userName');

/** `Network`, the newer `Action`, or the flattened action that GuardDuty used to leave in the product's fields. */
function networkOf(finding: Json): SubjectValues {
  const action = actionOf(finding);
  const fields = Object.entries(objectAt(finding, 'ProductFields') ?? {});
  const flattened = (end: string): Maybe => fields.find(([key]) => key.startsWith('action/') && key.endsWith(end))?.[1];
  return {
    'network.client.ip':
      firstText(finding, ['Network', 'SourceIpV4'], ['Network', 'SourceIpV6']) ??
      firstText(
        action,
        ['RemoteIpDetails', 'IpAddressV4'],
        ['PortProbeDetails', 0, 'RemoteIpDetails', 'IpAddressV4'],
      ) ??
      flattened('emoteIpDetails/ipAddressV4'),
    'network.client.port': textAt(finding, 'Network', 'SourcePort'),
    'network.destination.ip': firstText(finding, ['Network', 'DestinationIpV4'], ['Network', 'DestinationIpV6']),
    'network.destination.port': textAt(finding, 'Network', 'DestinationPort'),
    'network.protocol': textAt(finding, 'Network', 'Protocol'),
  };
}

function actionOf(finding: Json): Maybe {
  const action = objectAt(finding, 'Action');
  return ['NetworkConnectionAction', 'AwsApiCallAction', 'PortProbeAction', 'DnsRequestAction']
    .map((kind) => objectAt(action, kind))
    .find((found) => found !== undefined);
}
