import type { Json, JsonObject, Message } from '@tocsin/core';

/** What attackers write into fields that end up in messages. */
export const hostileTexts: readonly string[] = [
  '<!channel>',
  '<!here|here>',
  '<@U0123ABC>',
  '<https://evil.example|https://tocsin.example>',
  '@channel @here @everyone',
  '> quote *bold* _it_ ~no~ `code` ```block```',
  '&lt;!channel&gt; &amp;',
  '\r\nX-Injected: yes\r\n\r\nbody',
  '\u001b[2J\u001b]0;owned\u0007\u009b31m',
  '\u0000\u0001\u0008\u007f\u0085',
  'one\u2028two\u2029three',
  '\u202eevil\u2066\u2069\u200f',
  '\ud800 lone \udfff',
  '"}],"text":"<!channel>","x":[{"',
  '{{constructor.constructor("return 1")()}} #{7*7} <%= 7*7 %>',
  '__proto__',
  "'; DROP TABLE signals; --",
  '=HYPERLINK("http://evil.example")',
  '<script>alert(1)</script><img src=x onerror=alert(1)>',
  '%0d%0aSet-Cookie:%20x=1',
  '../../../../etc/passwd',
  '\ud83d\udc69\u200d\ud83d\udc69\u200d\ud83d\udc67'.repeat(12),
  '',
];

const everywhere = (value: Json, text: string): Json => {
  if (typeof value === 'string') return text;
  if (Array.isArray(value)) return value.map((inner: Json) => everywhere(inner, text));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value as JsonObject).map(([key, inner]) => [key, everywhere(inner, text)]));
};

/** The message with every text that a detection can influence replaced. */
export const hostileMessage = (message: Message, text: string): Message => ({
  ...message,
  title: text.slice(0, 512),
  summary: text.slice(0, 1024),
  rule: { ...message.rule, name: text.slice(0, 256) },
  signal: everywhere(message.signal, text) as JsonObject,
  ...(message.inputs && { inputs: everywhere(message.inputs, text) as JsonObject }),
});

/** The message with every field as long as it may be, made of one character. */
export const longestMessage = (message: Message, character: string): Message => {
  const fill = (length: number) => character.repeat(Math.floor(length / character.length));
  return {
    ...message,
    deliveryId: 'd'.repeat(128),
    signalId: 's'.repeat(64),
    title: fill(512),
    summary: fill(1024),
    link: `https://tocsin.example/${'l'.repeat(2025)}`,
    rule: { id: fill(128), name: fill(256) },
    signal: { ...message.signal, attributes: { message: fill(8192), custom: { samples: [fill(8192), fill(8192)] } } },
    inputs: { host: fill(8192) },
  };
};
