import { isoOf, type Message, type Sink } from '@tocsin/core';
import { z } from 'zod';
import { httpUrl, secretText } from '../config-shapes.ts';
import { signingSecrets, standardHeaders } from '../standard-webhook.ts';
import { statusVerdict } from '../status-verdict.ts';

const ours =
  /^(webhook-.*|content-.*|host|connection|keep-alive|te|trailer|transfer-encoding|upgrade|expect|proxy-.*)$/i;
const secretNames = /^(authorization|cookie|.*(token|secret|api-?key).*)$/i;
const isPrintable = (text: string): boolean => /^[\x20-\x7e]*$/.test(text);

/** What is wrong with the name of a header; undefined when nothing is. */
function nameProblem(name: string, open: boolean): string | undefined {
  if (!/^[A-Za-z][A-Za-z0-9-]{0,63}$/.test(name)) return 'the name of a header is letters, digits and "-"';
  if (ours.test(name)) return 'this header belongs to the webhook itself';
  return open && secretNames.test(name)
    ? 'looks like a secret: write it under secret_headers with env: or file:'
    : undefined;
}

const headersOf = (value: z.ZodType<string>, { open }: { readonly open: boolean }) =>
  z
    .record(z.string(), value)
    .superRefine((headers, context) => {
      for (const name of Object.keys(headers)) {
        const message = nameProblem(name, open);
        if (message) context.addIssue({ code: 'custom', path: [name], message });
      }
    })
    .default({});
const openValue = z.string().max(1024).refine(isPrintable, { message: 'printable ASCII only' });

const config = z.strictObject({
  url: httpUrl,
  secret: signingSecrets.optional(),
  headers: headersOf(openValue, { open: true }),
  secret_headers: headersOf(secretText(isPrintable, 'printable ASCII only'), { open: false }),
});
type WebhookConfig = z.output<typeof config>;

/** A signed POST after Standard Webhooks 1.0. */
export const webhook: Sink<WebhookConfig> = {
  type: 'webhook',
  title: 'Webhook',
  config,
  secrets: ['secret', 'secret_headers'],
  followUps: ['escalated'],
  async deliver(message, { url, secret, headers, secret_headers }, { http, digest, now }) {
    const body = bodyOf(message);
    const response = await http.send({
      method: 'POST',
      url,
      headers: {
        ...lowerCase({ ...headers, ...secret_headers }),
        'content-type': 'application/json',
        ...standardHeaders({ id: message.deliveryId, now, body, secrets: secret }, digest),
      },
      body,
    });
    return { verdict: statusVerdict(response, now) };
  },
};

const bodyOf = ({ kind, at, title, severity, summary, link, rule, signal }: Message): string =>
  JSON.stringify({
    type: `signal.${kind}`,
    timestamp: isoOf(at),
    data: { title, severity, summary, link, rule, signal },
  });

const lowerCase = (headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
