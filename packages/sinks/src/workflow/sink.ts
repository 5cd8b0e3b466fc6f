import { isJsonObject, type Message, type Sink } from '@tocsin/core';
import { z } from 'zod';
import { httpUrl } from '../config-shapes.ts';
import { signingSecrets, standardHeaders } from '../standard-webhook.ts';
import { delivered, statusVerdict } from '../status-verdict.ts';

const config = z.strictObject({
  /** Of the workflow, without `@workflow-`. */
  handle: z.string().min(1).max(64),
  url: httpUrl,
  secret: signingSecrets.optional(),
});
type WorkflowConfig = z.output<typeof config>;

/** Starts a workflow with a signed POST. A signal starts it once: there are no follow-ups, and the key is constant. */
export const workflow: Sink<WorkflowConfig> = {
  type: 'workflow',
  title: 'Workflow',
  config,
  secrets: ['secret'],
  followUps: [],
  async deliver(message, { handle, url, secret }, { http, digest, now }) {
    const { deliveryId } = message;
    const body = bodyOf(handle, message);
    const response = await http.send({
      method: 'POST',
      url,
      headers: {
        'content-type': 'application/json',
        'idempotency-key': deliveryId,
        ...standardHeaders({ id: deliveryId, now, body, secrets: secret }, digest),
      },
      body,
    });
    // The key is known there: an earlier attempt has started this run.
    return { verdict: response.status === 409 ? delivered : statusVerdict(response, now) };
  },
};

const bodyOf = (handle: string, { signalId, title, severity, summary, link, signal, inputs = {} }: Message): string =>
  JSON.stringify({
    workflow: handle,
    trigger: 'security_signal',
    inputs,
    source: {
      securitySignal: {
        id: signalId,
        title,
        severity,
        summary,
        link,
        attributes: isJsonObject(signal.attributes) ? signal.attributes : {},
      },
    },
  });
