/** The log is not what its own checkpoints say. Nothing is signed any more; a person must look. */
export class AuditAlarm extends Error {
  override readonly name = 'AuditAlarm';
}
