import type { JsonObject, Message } from '@tocsin/core';
import { singleLine } from '../plain-text.ts';

/** Below Slack's bounds (3,000 in a section, 40,000 in a text), with room for the link. */
const longestLabel = 900;
const longestText = 3_900;

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

/**
 * Text that Slack shows as it is: the three control characters become entities, which makes mentions and links inert. Cut at
 * `limit` between characters, never inside an entity.
 */
export function inertText(text: string, limit: number): string {
  let shown = '';
  for (const character of singleLine(text)) {
    const piece = entities[character] ?? character;
    if (shown.length + piece.length > limit - 1) return `${shown}…`;
    shown += piece;
  }
  return shown;
}

/** A URL that cannot end its own link early. */
const linkUrl = (url: string): string => url.replace(/[<>|\s]/g, encodeURIComponent);

/** Never parsed, never expanded: what attackers write into a detection stays text. */
const plain = (text: string): JsonObject => ({ type: 'plain_text', text, emoji: false });

/** The same for an incoming webhook, a new message and an update of it. */
export function slackMessage({ title, severity, summary, link, rule, signalId }: Message): JsonObject {
  const heading = `[${severity.toUpperCase()}] ${singleLine(title) || 'Signal without a title'}`;
  const words = singleLine(summary);
  return {
    text: inertText(words ? `${heading}: ${words}` : heading, longestText),
    parse: 'none',
    link_names: false,
    unfurl_links: false,
    unfurl_media: false,
    blocks: [
      {
        type: 'section',
        text: { type: 'mrkdwn', verbatim: true, text: `*<${linkUrl(link)}|${inertText(heading, longestLabel)}>*` },
      },
      ...(words ? [{ type: 'section', text: plain(words) }] : []),
      {
        type: 'context',
        elements: [plain(`Rule: ${singleLine(rule.name)}`), plain(`Signal: ${singleLine(signalId)}`)],
      },
    ],
  };
}
