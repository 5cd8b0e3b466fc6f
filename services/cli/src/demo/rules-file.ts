/** What the rule gives the workflow as its reason. */
export const isolationReason = 'runs a foreign binary';

/** The rules file of the demo. `receiver` is the address of the far end. */
export const rulesFile = (receiver: string): string => `# Who is told of what. The reference is docs/rules-file.md.
sinks:
  - handle: console
    type: console
  - handle: receiver
    type: webhook
    config:
      url: ${receiver}/signals
      secret: file:webhook.secret

workflows:
  - handle: isolate-container
    name: Isolate a container
    url: ${receiver}/workflows/isolate-container
    secret: file:webhook.secret
    security_trigger: true
    inputs:
      - name: reason
      - { name: hours, type: number, default: 4 }

rules:
  - name: Serious signals to the receiver
    selectors:
      severities: [high, critical]
    notify_on: [opened, escalated]
    targets: ['@receiver']
  - name: What you send yourself, to the terminal
    selectors:
      sources: [tocsin]
    targets: ['@console']
  - name: Foreign binaries are isolated
    selectors:
      severities: [critical]
      sources: [falco]
    targets: ['@workflow-isolate-container(reason="${isolationReason}")']

# Without this, Falco's alerts of one rule are grouped by host, container and user.
signal_rules:
  - rule_id: Drop and execute new binary in container
    source: falco
    group_by: [k8s.namespace, container.name]
    keep_alive: 30m
    max_duration: 12h

users:
  - uuid: 6f9619ff-8b86-4d01-b42d-00cf4fc964ff
    handle: anna
    name: Anna Ampere
`;

/** The colleague that the demo assigns a signal to. */
export const anna = '6f9619ff-8b86-4d01-b42d-00cf4fc964ff';
