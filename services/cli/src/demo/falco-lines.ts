import { type Moments, spaced } from './moments.ts';

interface Alert {
  readonly minutesAgo: number;
  readonly priority: string;
  readonly rule: string;
  readonly output: string;
  readonly fields: object;
  readonly tags: readonly string[];
}

const container = {
  'container.id': '5f1c0ad2b9e3',
  'container.name': 'search-api',
  'k8s.ns.name': 'shop',
  'k8s.pod.name': 'search-api-7d9f',
};

/** What Falco prints with `json_output: true`. The node lost power of its disk once: one line is cut off in the middle. */
export function falcoLines(moments: Moments): readonly string[] {
  const [first = '', ...others] = spaced(3, 29, 1.5).map((minutesAgo, index) => newBinary(moments, minutesAgo, index));
  return [
    ...spaced(2, 32).map((minutesAgo, index) => shell(moments, minutesAgo, index)),
    sensitiveFile(moments, 31),
    first,
    first.slice(0, 160),
    ...others,
    clearedLog(moments, 19),
  ];
}

const shell = (moments: Moments, minutesAgo: number, index: number): string =>
  alert(moments, {
    minutesAgo,
    priority: 'Notice',
    rule: 'Terminal shell in container',
    output: `A shell was spawned in a container with an attached terminal (user=www-data container=search-api pid=${3120 + index})`,
    fields: {
      ...container,
      'user.name': 'www-data',
      'proc.name': 'bash',
      'proc.pname': 'java',
      'proc.pid': 3120 + index,
      'proc.cmdline': 'bash -i',
    },
    tags: ['T1059', 'container', 'mitre_execution', 'shell'],
  });

const sensitiveFile = (moments: Moments, minutesAgo: number): string =>
  alert(moments, {
    minutesAgo,
    priority: 'Warning',
    rule: 'Read sensitive file untrusted',
    output: 'Sensitive file opened for reading by non-trusted program (file=/etc/shadow user=www-data process=cat)',
    fields: {
      ...container,
      'user.name': 'www-data',
      'proc.name': 'cat',
      'proc.cmdline': 'cat /etc/shadow',
      'fd.name': '/etc/shadow',
    },
    tags: ['T1555', 'container', 'filesystem', 'mitre_credential_access'],
  });

const newBinary = (moments: Moments, minutesAgo: number, index: number): string =>
  alert(moments, {
    minutesAgo,
    priority: 'Critical',
    rule: 'Drop and execute new binary in container',
    output: `Executing binary not part of base image (proc_exe=/tmp/.x/kworkerd user=www-data container=search-api pid=${3391 + index})`,
    fields: {
      ...container,
      'user.name': 'www-data',
      'proc.name': 'kworkerd',
      'proc.exepath': '/tmp/.x/kworkerd',
      'proc.pid': 3391 + index,
      'proc.is_exe_upper_layer': true,
    },
    tags: ['TA0003', 'container', 'mitre_persistence', 'process'],
  });

const clearedLog = (moments: Moments, minutesAgo: number): string =>
  alert(moments, {
    minutesAgo,
    priority: 'Warning',
    rule: 'Clear Log Activities',
    output: 'Log files were tampered (file=/var/log/nginx/access.log user=root process=truncate)',
    fields: {
      'container.id': 'host',
      'user.name': 'root',
      'proc.name': 'truncate',
      'fd.name': '/var/log/nginx/access.log',
    },
    tags: ['T1070', 'host', 'mitre_defense_evasion'],
  });

const alert = (moments: Moments, { minutesAgo, priority, rule, output, fields, tags }: Alert): string => {
  const time = moments.nanos(minutesAgo);
  return JSON.stringify({
    hostname: 'node-7',
    output: `${time}: ${priority} ${output}`,
    output_fields: { 'evt.time.iso8601': moments.epoch(minutesAgo) * 1e9, ...fields },
    priority,
    rule,
    source: 'syscall',
    tags,
    time,
  });
};
