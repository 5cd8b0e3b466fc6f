import type { Message, Sink, Tools } from '@tocsin/core';
import { z } from 'zod';
import { httpUrl, isHttpUrl, secretText } from '../config-shapes.ts';
import { statusVerdict } from '../status-verdict.ts';
import { slackMessage } from './rendering.ts';
import { callSlack, type SlackOutcome } from './web-api.ts';

const config = z
  .strictObject({
    /** An incoming webhook; it is a secret as a whole. */
    url: secretText(isHttpUrl, 'the URL of an incoming webhook').optional(),
    /** A bot token with `chat:write`. */
    token: secretText((value) => /^[\x21-\x7e]+$/.test(value), 'a bot token').optional(),
    channel: z
      .string()
      .regex(/^[#@]?[\p{L}\p{N}._-]{1,80}$/u, 'a channel name or id')
      .optional(),
    api_url: httpUrl.default('https://slack.com/api'),
  })
  .refine(({ url, token, channel }) => (url ? !token && !channel : token && channel), {
    message: 'give either url, or token and channel',
  });
type SlackConfig = z.output<typeof config>;

/** A Slack message: by incoming webhook, or by bot token, which lets follow-ups update the first message. */
export const slack: Sink<SlackConfig> = {
  type: 'slack',
  title: 'Slack',
  config,
  secrets: ['url', 'token'],
  followUps: ['escalated', 'state_changed'],
  async deliver(message, { url, token = '', channel = '', api_url }, tools) {
    if (url !== undefined) return { verdict: await postToWebhook(url, message, tools) };
    const { verdict, posted } = await say({ api: api_url, token, channel }, message, tools);
    return { verdict, ...(posted && { remember: posted }) };
  },
};

async function postToWebhook(url: string, message: Message, { http, now }: Tools) {
  const headers = { 'content-type': 'application/json; charset=utf-8' };
  const body = JSON.stringify(slackMessage(message));
  return statusVerdict(await http.send({ method: 'POST', url, headers, body }), now);
}

/** Reasons for which an update can never succeed although Slack is well: then the news is posted anew. */
const beyondUpdate = ['message_not_found', 'cant_update_message', 'edit_window_closed'];

interface Place {
  readonly api: string;
  readonly token: string;
  readonly channel: string;
}

async function say({ api, token, channel }: Place, message: Message, tools: Tools): Promise<SlackOutcome> {
  const content = slackMessage(message);
  const { ts, channel: where } = tools.remembered;
  if (message.kind !== 'opened' && ts !== undefined && where !== undefined) {
    const updated = await callSlack(
      { api, token, method: 'chat.update', content: { ...content, channel: where, ts } },
      tools,
    );
    if (!beyondUpdate.includes(updated.error ?? '')) return updated;
  }
  return callSlack({ api, token, method: 'chat.postMessage', content: { ...content, channel } }, tools);
}
