import { type Maybe, numberAt } from '../attribute-reading.ts';
import { firstOf, type Read } from './alert-reading.ts';

const win = 'data.win.eventdata';
const aws = 'data.aws';
const gcp = 'data.gcp.protoPayload';

/** Where the decoders and integrations of Wazuh put what Tocsin calls by one name; the first that says something counts. */
const paths: Readonly<Record<string, readonly string[]>> = {
  'usr.name': [
    ...['data.dstuser', 'data.srcuser', 'data.user', 'data.user.name', 'data.username'],
    ...[`${win}.targetUserName`, `${win}.user`, `${win}.sourceUser`, `${win}.subjectUserName`],
    ...['syscheck.audit.user.name', 'data.audit.user', 'data.office365.UserId', 'data.github.actor'],
    ...[`${aws}.userIdentity.userName`, `${aws}.userIdentity.sessionContext.sessionIssuer.userName`],
    ...[`${gcp}.authenticationInfo.principalEmail`, 'data.okta.actor.alternateId', 'user.name'],
  ],
  'network.client.ip': [
    ...['data.srcip', 'data.src_ip', 'data.client.ip', 'data.source.ip', `${win}.ipAddress`, `${win}.sourceIp`],
    ...[`${aws}.sourceIPAddress`, `${aws}.source_ip_address`, 'data.office365.ClientIP', 'data.github.actor_ip'],
    ...[`${gcp}.requestMetadata.callerIp`, 'data.okta.client.ipAddress', 'data.barracuda.waf.client_ip'],
    ...['data.virustotal_ip.source.ip', 'data.abuseipdb.source.ip', 'source.ip'],
  ],
  'network.client.port': ['data.srcport', 'data.src_port', 'data.client.port', 'data.source.port', `${win}.sourcePort`],
  'network.destination.ip': [
    'data.dstip',
    'data.dest_ip',
    'data.destination.ip',
    `${win}.destinationIp`,
    'destination.ip',
  ],
  'network.destination.port': ['data.dstport', 'data.dest_port', 'data.destination.port', `${win}.destinationPort`],
  'process.path': [
    ...[`${win}.image`, `${win}.newProcessName`, `${win}.processName`, `${win}.sourceImage`, 'data.audit.exe'],
    ...['syscheck.audit.process.name', 'process.executable'],
  ],
  'process.cmdline': [`${win}.commandLine`, 'data.audit.execve.a0', 'process.command_line'],
  'process.parent.name': [`${win}.parentImage`, `${win}.parentProcessName`],
  'process.pid': [`${win}.processId`, 'data.audit.pid', 'syscheck.audit.process.id'],
  'file.path': [
    'syscheck.path',
    `${win}.targetFilename`,
    'data.virustotal.source.file',
    'data.audit.file.name',
    'file.path',
  ],
  'file.hash': ['syscheck.sha256_after', 'syscheck.md5_after', 'data.virustotal.source.md5', 'file.hash.sha256'],
  'http.url': ['data.url'],
  'dns.query': ['data.dns.question.name', `${win}.queryName`, 'data.dns.rrname'],
  'container.id': ['data.docker.Actor.ID', 'data.container.id', 'container.id'],
  'container.name': ['data.docker.Actor.Attributes.name', 'data.container.name'],
  'container.image': ['data.docker.Actor.Attributes.image', 'data.docker.from'],
  'cloud.account.id': [
    `${aws}.aws_account_id`,
    `${aws}.recipientAccountId`,
    `${aws}.accountId`,
    'data.gcp.resource.labels.project_id',
  ],
  'cloud.region': [`${aws}.awsRegion`, `${aws}.region`],
};

/** What the alert is about, by normalised path. */
export function subjectValues(read: Read): Readonly<Record<string, Maybe>> {
  const found = (path: string) => firstOf(read, paths[path] ?? []);
  const named = Object.fromEntries(Object.keys(paths).map((path) => [path, found(path)]));
  const processPath = singleSlashes(named['process.path']);
  return {
    ...named,
    host: hostOf(read),
    'network.client.ip': ipOf(named['network.client.ip']),
    'network.destination.ip': ipOf(named['network.destination.ip']),
    'usr.name': singleSlashes(named['usr.name']),
    'process.path': processPath,
    'process.name': baseName(processPath),
    'process.cmdline': singleSlashes(named['process.cmdline']),
    'process.parent.name': baseName(singleSlashes(named['process.parent.name'])),
    'file.path': singleSlashes(named['file.path']),
    'file.name': baseName(singleSlashes(named['file.path'])),
  };
}

/** Agent 000 is the manager: what it reports of others comes by syslog, with their name in the header. */
function hostOf(read: Read): string | undefined {
  const sender = numberAt(read('agent.id')) === 0 ? firstOf(read, ['predecoder.hostname']) : undefined;
  if (sender && sender !== 'localhost') return sender;
  return firstOf(read, ['agent.host.hostname', 'agent.name', 'predecoder.hostname', 'agent.ip', 'agent.id']);
}

/** Also without the port that Office 365 appends. Services (`cloudtrail.amazonaws.com`) and words are no addresses. */
function ipOf(text: string | undefined): string | undefined {
  const [, bracketed, v4, v6] =
    /^(?:\[([0-9a-f:.]+)\](?::\d+)?|(\d+\.\d+\.\d+\.\d+)(?::\d+)?|([0-9a-f]*:[0-9a-f:.]+))$/i.exec(text ?? '') ?? [];
  return bracketed ?? v4 ?? v6;
}

/** The eventchannel decoder doubles every backslash. */
export const singleSlashes = (text: string | undefined): string | undefined => text?.replaceAll('\\\\', '\\');
const baseName = (path: string | undefined): string | undefined => path?.split(/[\\/]/).filter(Boolean).at(-1);
