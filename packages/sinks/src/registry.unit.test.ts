import { describe, expect, it } from 'vitest';
import { checkSinkConfig, sinkOf } from './index.ts';

describe('sinks', () => {
  it('are found by type', () => {
    expect(sinkOf('slack')?.title).toBe('Slack');
    expect(sinkOf('pigeon')).toBeUndefined();
    expect(sinkOf('constructor')).toBeUndefined();
  });

  it.each<[string, object]>([
    ['console', {}],
    ['webhook', { url: 'https://x.example/' }],
    ['webhook', { url: 'http://x.example/', secret: ['env:A', 'file:/run/b'], headers: { 'X-Team': 'a' } }],
    ['webhook', { url: 'https://x.example/', secret: 'env:A', secret_headers: { Authorization: 'env:B' } }],
    ['slack', { url: 'env:SLACK' }],
    ['slack', { token: 'env:SLACK', channel: '#security' }],
    ['workflow', { handle: 'contain', url: 'https://x.example/', secret: 'env:A' }],
  ])('%s takes %j in the rules file', (type, config) => {
    expect(checkSinkConfig(type, { ...config })).toEqual([]);
  });

  it.each<[string, object, RegExp]>([
    ['pigeon', {}, /^type: there is no sink type "pigeon"; known: console, slack, webhook, workflow$/],
    ['console', { color: true }, /^config: .*color/],
    ['webhook', {}, /^url: /],
    ['webhook', { url: 'ftp://x.example/' }, /^url: an http or https URL/],
    ['webhook', { url: 'https://u:p@x.example/' }, /^url: .*without user and password/],
    ['webhook', { url: 'https://x.example/', secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw' }, /^secret: .*env:NAME/],
    ['webhook', { url: 'https://x.example/', secret: 'hunter2hunter2' }, /^secret: /],
    ['webhook', { url: 'https://x.example/', headers: { Authorization: 'Bearer x' } }, /^headers.*secret_headers/],
    ['webhook', { url: 'https://x.example/', headers: { 'X-Api-Key': 'x' } }, /^headers.*secret_headers/],
    ['webhook', { url: 'https://x.example/', headers: { 'Webhook-Id': 'x' } }, /^headers.*belongs to the webhook/],
    ['webhook', { url: 'https://x.example/', secret_headers: { Host: 'env:X' } }, /^secret_headers.*belongs to/],
    ['webhook', { url: 'https://x.example/', headers: { 'X-A': 'a\r\nb: c' } }, /^headers.X-A: printable ASCII only/],
    ['webhook', { url: 'https://x.example/', secret_headers: { 'X-Key': 'open' } }, /^secret_headers: .*env:NAME/],
    ['slack', {}, /either url, or token and channel/],
    ['slack', { url: 'env:A', token: 'env:B', channel: 'c' }, /either url, or token and channel/],
    ['slack', { token: 'env:B' }, /either url, or token and channel/],
    ['slack', { url: 'https://hooks.slack.com/services/x' }, /^url: .*env:NAME/],
    ['workflow', { handle: 'a', url: 'https://x.example/', inputs: {} }, /inputs/],
  ])('%s refuses %j', (type, config, words) => {
    const problems = checkSinkConfig(type, { ...config });
    expect(problems.join('\n')).toMatch(words);
    expect(problems.join('\n')).not.toMatch(/hunter2|services\/x|MfKQ9r8/);
  });
});
