import { isJsonObject, type Json } from '@tocsin/core';
import { firstText, type Maybe, objectAt, textAt, valueAt, without } from '../attribute-reading.ts';
import { type Subject, type SubjectValues, subjectOf } from '../subject.ts';

const entities = [
  ...['host', 'network.client.ip', 'network.destination.ip', 'dns.query', 'k8s.cluster', 'k8s.namespace', 'k8s.pod'],
  ...['container.id', 'container.name', 'process.name', 'file.path', 'file.hash'],
];

/**
 * GuardDuty keeps one finding for a type, a resource and an actor, and sends it again as it goes on or is archived. Resource and
 * user stay the same in all its versions; addresses may be added. A sequence of attacks has no resource: there the finding itself counts.
 */
export const subjectOfFinding = (finding: Json): Subject =>
  subjectOf({
    groupBy: ['cloud.account.id', 'cloud.region', 'cloud.resource.id', 'usr.name', 'finding.id'],
    entities,
    values: valuesOf(finding),
    rest: { under: 'guardduty', value: without(finding, 'title', 'description', 'schemaVersion') },
  });

function valuesOf(finding: Json): SubjectValues {
  const resource = valueAt(finding, 'resource');
  const type = textAt(resource, 'resourceType');
  const id = resourceId(resource, type);
  return {
    host: textAt(resource, 'instanceDetails', 'instanceId'),
    'cloud.provider': 'aws',
    'cloud.account.id': textAt(finding, 'accountId'),
    'cloud.region': textAt(finding, 'region'),
    'cloud.resource.id': id,
    'cloud.resource.type': type,
    'finding.id': id === undefined ? textAt(finding, 'id') : undefined,
    'usr.name': userOf(resource) ?? textAt(finding, 'service', 'detection', 'sequence', 'actors', 0, 'user', 'name'),
    'usr.id': textAt(resource, 'accessKeyDetails', 'principalId'),
    ...networkOf(finding),
    ...workloadOf(resource),
    ...processOf(finding),
  };
}

function workloadOf(resource: Maybe): SubjectValues {
  const workload = valueAt(resource, 'kubernetesDetails', 'kubernetesWorkloadDetails');
  const container =
    valueAt(resource, 'containerDetails') ??
    valueAt(workload, 'containers', 0) ??
    valueAt(resource, 'ecsClusterDetails', 'taskDetails', 'containers', 0);
  return {
    'k8s.cluster': textAt(resource, 'eksClusterDetails', 'name'),
    'k8s.namespace': textAt(workload, 'namespace'),
    'k8s.pod': textAt(workload, 'type') === 'pods' ? textAt(workload, 'name') : undefined,
    'container.id': textAt(container, 'id'),
    'container.name': textAt(container, 'name'),
    'container.image': textAt(container, 'image'),
  };
}

function processOf(finding: Json): SubjectValues {
  const process = valueAt(finding, 'service', 'runtimeDetails', 'process');
  return {
    'process.name': textAt(process, 'name'),
    'process.path': textAt(process, 'executablePath'),
    'process.pid': textAt(process, 'pid'),
    'file.path': textAt(finding, ...scannedFile, 'filePath'),
    'file.hash': textAt(finding, ...scannedFile, 'hash') ?? textAt(process, 'executableSha256'),
  };
}
const scannedFile = [
  'service',
  'ebsVolumeScanDetails',
  'scanDetections',
  'threatDetectedByName',
  'threatNames',
  0,
  'filePaths',
  0,
];

/** Where a resource of each type keeps its name. A finding may describe several resources; its type says which one it is about. */
const names: readonly (readonly [type: string, path: readonly (string | number)[]])[] = [
  ['Instance', ['instanceDetails', 'instanceId']],
  ['AccessKey', ['accessKeyDetails', 'accessKeyId']],
  ['S3Bucket', ['s3BucketDetails', 0, 'name']],
  ['S3Object', ['s3BucketDetails', 0, 'name']],
  ['EKSCluster', ['eksClusterDetails', 'name']],
  ['ECSCluster', ['ecsClusterDetails', 'name']],
  ['Container', ['containerDetails', 'name']],
  ['RDSDBInstance', ['rdsDbInstanceDetails', 'dbInstanceIdentifier']],
  ['RDSLimitlessDB', ['rdsLimitlessDbDetails', 'dbShardGroupIdentifier']],
  ['Lambda', ['lambdaDetails', 'functionName']],
  ['KubernetesCluster', ['eksClusterDetails', 'name']],
];

function resourceId(resource: Maybe, type: string | undefined): string | undefined {
  const own = names.find(([name]) => name.toLowerCase() === type?.toLowerCase());
  return (own && textAt(resource, ...own[1])) ?? firstText(resource, ...names.map(([, path]) => path));
}

const userOf = (resource: Maybe): string | undefined =>
  firstText(
    resource,
    ['accessKeyDetails', 'userName'],
    ['kubernetesDetails', 'kubernetesUserDetails', 'username'],
    ['rdsDbUserDetails', 'user'],
  );

/** Every kind of action has an object of its own, named after it. */
function actionOf(finding: Json): Maybe {
  const parts = Object.values(objectAt(finding, 'service', 'action') ?? {});
  return parts.find(isJsonObject);
}

/** The remote end is the client, unless the machine itself opened the connection. */
function networkOf(finding: Json): SubjectValues {
  const action = actionOf(finding);
  const remote = valueAt(action, 'remoteIpDetails') ?? valueAt(action, 'portProbeDetails', 0, 'remoteIpDetails');
  const far = {
    ip: firstText(remote, ['ipAddressV4'], ['ipAddressV6']),
    port: textAt(action, 'remotePortDetails', 'port'),
  };
  const near = {
    ip: textAt(action, 'localIpDetails', 'ipAddressV4'),
    port: textAt(action, 'localPortDetails', 'port'),
  };
  const [client, destination] = textAt(action, 'connectionDirection') === 'OUTBOUND' ? [near, far] : [far, near];
  return {
    'network.client.ip': client.ip,
    'network.client.port': client.port,
    'network.destination.ip': destination.ip,
    'network.destination.port': destination.port,
    'network.protocol': textAt(action, 'protocol')?.toLowerCase(),
    'dns.query': textAt(action, 'domain'),
  };
}
