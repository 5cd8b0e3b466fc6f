import { type Moments, spaced } from './moments.ts';

interface Alert {
  readonly minutesAgo: number;
  readonly id: number;
  readonly rule: Readonly<Record<string, unknown>>;
  readonly fullLog: string;
  readonly program: string;
  readonly data: object;
  readonly location: string;
}

const attacker = '203.0.113.66';

/** Lines of `alerts.json`: a brute force on the bastion that succeeds, and a changed file. A shipper sends one line twice. */
export function wazuhLines(moments: Moments): readonly string[] {
  const tries = spaced(4, 27, 0.5).map((minutesAgo, index) => bruteForce(moments, minutesAgo, index));
  return [...tries, ...tries.slice(-1), success(moments, 25), login(moments, 24.9), changedFile(moments, 23)];
}

const bruteForce = (moments: Moments, minutesAgo: number, index: number): string =>
  alert(moments, {
    minutesAgo,
    id: 48_110 + index,
    rule: {
      id: '5712',
      level: 10,
      description: 'sshd: brute force trying to get access to the system. Non existent user.',
      frequency: 8,
      firedtimes: index + 1,
      mitre: { id: ['T1110'], tactic: ['Credential Access'], technique: ['Brute Force'] },
      groups: ['syslog', 'sshd', 'authentication_failures'],
    },
    program: 'sshd',
    fullLog: `bastion-1 sshd[${8120 + index}]: Invalid user deploy from ${attacker} port ${40_200 + index}`,
    data: { srcip: attacker, srcport: String(40_200 + index), srcuser: 'deploy' },
    location: '/var/log/auth.log',
  });

const success = (moments: Moments, minutesAgo: number): string =>
  alert(moments, {
    minutesAgo,
    id: 48_120,
    rule: {
      id: '40112',
      level: 12,
      description: 'Multiple authentication failures followed by a success.',
      firedtimes: 1,
      mitre: {
        id: ['T1110', 'T1078'],
        tactic: ['Credential Access', 'Initial Access'],
        technique: ['Brute Force', 'Valid Accounts'],
      },
      groups: ['syslog', 'attacks', 'authentication_failures'],
    },
    program: 'sshd',
    fullLog: `bastion-1 sshd[8127]: Accepted password for backup from ${attacker} port 40231 ssh2`,
    data: { srcip: attacker, srcport: '40231', dstuser: 'backup' },
    location: '/var/log/auth.log',
  });

const login = (moments: Moments, minutesAgo: number): string =>
  alert(moments, {
    minutesAgo,
    id: 48_121,
    rule: {
      id: '5501',
      level: 3,
      description: 'PAM: Login session opened.',
      firedtimes: 1,
      groups: ['pam', 'syslog', 'authentication_success'],
    },
    program: 'sshd',
    fullLog: 'bastion-1 sshd[8127]: pam_unix(sshd:session): session opened for user backup by (uid=0)',
    data: { dstuser: 'backup', uid: '0' },
    location: '/var/log/auth.log',
  });

const changedFile = (moments: Moments, minutesAgo: number): string =>
  alert(moments, {
    minutesAgo,
    id: 48_133,
    rule: {
      id: '550',
      level: 7,
      description: 'Integrity checksum changed.',
      firedtimes: 1,
      mitre: { id: ['T1565.001'], tactic: ['Impact'], technique: ['Stored Data Manipulation'] },
      groups: ['ossec', 'syscheck', 'syscheck_entry_modified', 'syscheck_file'],
    },
    program: 'syscheck',
    fullLog: "File '/etc/crontab' modified\nMode: realtime\nChanged attributes: size,mtime,sha256",
    data: {},
    location: 'syscheck',
  });

const alert = (moments: Moments, { minutesAgo, id, rule, fullLog, program, data, location }: Alert): string =>
  JSON.stringify({
    timestamp: moments.millis(minutesAgo),
    rule: { mail: false, ...rule },
    agent: { id: '004', name: 'bastion-1', ip: '10.4.0.10' },
    manager: { name: 'wazuh-manager' },
    id: `${moments.epoch(minutesAgo)}.${id}`,
    full_log: fullLog,
    predecoder: { program_name: program, hostname: 'bastion-1' },
    decoder: { name: program },
    ...(Object.keys(data).length > 0 && { data }),
    ...(location === 'syscheck' && {
      syscheck: { path: '/etc/crontab', mode: 'realtime', event: 'modified', uname_after: 'root' },
    }),
    location,
  });
