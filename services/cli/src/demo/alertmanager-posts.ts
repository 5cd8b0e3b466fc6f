import type { Moments } from './moments.ts';

interface Alert {
  readonly status: 'firing' | 'resolved';
  readonly fingerprint: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly summary: string;
  readonly description: string;
  readonly startsAt: string;
  readonly endsAt: string;
}

/** A zero date means that the alert has not ended. */
const notEnded = '0001-01-01T00:00:00Z';

/** Two posts of a webhook receiver: two alerts fire, then one of them is resolved. */
export const alertmanagerPosts = (moments: Moments): readonly string[] => [
  post([egress(moments, 'firing'), throttling(moments)]),
  post([egress(moments, 'resolved')]),
];

const egress = (moments: Moments, status: Alert['status']): Alert => ({
  status,
  fingerprint: '7c1f0f0f5a1f2f31',
  labels: { alertname: 'NodeEgressHigh', instance: 'node-7:9100', job: 'node', namespace: 'shop', severity: 'warning' },
  summary: 'Egress of node-7 is five times its usual rate',
  description: 'node-7 sends 310 MB a minute to addresses outside of the cluster.',
  startsAt: moments.iso(13),
  endsAt: status === 'resolved' ? moments.iso(4) : notEnded,
});

const throttling = (moments: Moments): Alert => ({
  status: 'firing',
  fingerprint: '31d0aa52c1b9e604',
  labels: {
    alertname: 'CPUThrottlingHigh',
    container: 'search-api',
    namespace: 'shop',
    pod: 'search-api-7d9f',
    severity: 'info',
  },
  summary: 'Processes of search-api experience elevated CPU throttling',
  description: '61% throttling of CPU in namespace shop for container search-api.',
  startsAt: moments.iso(12),
  endsAt: notEnded,
});

const post = (alerts: readonly Alert[]): string =>
  JSON.stringify({
    version: '4',
    groupKey: '{}:{namespace="shop"}',
    truncatedAlerts: 0,
    status: alerts.some(({ status }) => status === 'firing') ? 'firing' : 'resolved',
    receiver: 'tocsin',
    groupLabels: { namespace: 'shop' },
    commonLabels: { namespace: 'shop' },
    commonAnnotations: {},
    externalURL: 'http://alertmanager.example:9093',
    alerts: alerts.map(({ summary, description, ...alert }) => ({
      ...alert,
      annotations: { summary, description },
      generatorURL: 'http://prometheus.example:9090/graph',
    })),
  });
