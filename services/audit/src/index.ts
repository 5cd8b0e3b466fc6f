export { AuditAlarm } from './audit-alarm.ts';
export { type AuditSigner, auditSigner, signerOf } from './audit-keys.ts';
export { auditProcessor, repeatsWithinMs } from './audit-processor.ts';
export { CheckpointWriter, type CheckpointWriterParts } from './checkpoint-writer.ts';
export {
  type AuditConfig,
  type AuditEffect,
  type AuditPorts,
  type AuditService,
  auditService,
  clusterAuditService,
  processorDeadLetters,
} from './service.ts';
export { verifyExport, type VerifyExportOptions } from './verify-export.ts';
