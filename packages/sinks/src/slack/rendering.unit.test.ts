import type { JsonObject, Message } from '@tocsin/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inertText, slackMessage } from './rendering.ts';

const message: Message = {
  deliveryId: 'd1',
  kind: 'opened',
  signalId: 's1',
  title: 'Title',
  severity: 'low',
  summary: 'Summary',
  link: 'https://tocsin.example/signals/s1',
  at: 0,
  rule: { id: 'r', name: 'Rule' },
  signal: {},
};
/** The texts in which Slack looks for markup; `plain_text` objects are shown as they are. */
const parsedTexts = ({ text, blocks }: JsonObject): readonly string[] => {
  const section = (blocks as readonly { readonly text?: { readonly type: string; readonly text: string } }[])[0]?.text;
  expect(section?.type).toBe('mrkdwn');
  return [text as string, section?.text ?? ''];
};
const anyText = fc.string({
  unit: fc.constantFrom('<', '>', '!', '@', '&', '|', '#', 'a', ';', '\n', '\ud800', '👩'),
  maxLength: 512,
});

describe('Slack rendering', () => {
  it('makes mentions and links of content inert', () => {
    const texts = parsedTexts(
      slackMessage({ ...message, title: '<!channel> <@U1> <https://evil|x>', summary: '<!here>' }),
    );
    expect(texts[0]).toBe('[LOW] &lt;!channel&gt; &lt;@U1&gt; &lt;https://evil|x&gt;: &lt;!here&gt;');
    expect(texts[1]).toBe(`*<${message.link}|[LOW] &lt;!channel&gt; &lt;@U1&gt; &lt;https://evil|x&gt;>*`);
  });

  it('never lets content open or close anything, nor exceed what Slack takes', () => {
    fc.assert(
      fc.property(anyText, anyText, anyText, (title, summary, name) => {
        const rendered = slackMessage({ ...message, title, summary, rule: { id: 'r', name } });
        const [fallback = '', heading = ''] = parsedTexts(rendered);
        expect(fallback).not.toMatch(/[<>]|&(?!(amp|lt|gt);)/);
        expect(heading.match(/[<>]/g)).toEqual(['<', '>']);
        expect(heading).toMatch(/^\*<https:\/\/tocsin\.example\/signals\/s1\|[^<>\n]*>\*$/u);
        expect(JSON.stringify(rendered)).not.toMatch(/\\ud[89a-f]/);
        expect(fallback.length).toBeLessThan(4_000);
        expect(heading.length).toBeLessThan(3_000);
      }),
    );
  });

  it('keeps the link whole whatever is in it', () => {
    const [, heading] = parsedTexts(slackMessage({ ...message, link: 'https://x.example/a|b>c d' }));
    expect(heading).toBe('*<https://x.example/a%7Cb%3Ec%20d|[LOW] Title>*');
  });

  it('has something to show when there is nothing', () => {
    expect(slackMessage({ ...message, title: '\n', summary: ' ' })).toMatchObject({
      text: '[LOW] Signal without a title',
    });
  });

  it('cuts between characters, never inside an entity', () => {
    expect(inertText('a&b', 6)).toBe('a…');
    expect(inertText('a&b', 8)).toBe('a&amp;b');
    expect(inertText('👩👩', 4)).toBe('👩…');
  });
});
