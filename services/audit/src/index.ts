export { AuditAlarm } from './audit-alarm.ts';
export { type AuditSigner, auditSigner, signaturesOf, signerOf } from './audit-keys.ts';
export { auditProcessor, repeatsWithinMs } from './audit-processor.ts';
export { CheckpointWriter, type CheckpointWriterParts } from './checkpoint-writer.ts';
export { type AuditConfig, type AuditEffect, type AuditPorts, type AuditService, auditService } from './service.ts';
export { verifyExport, type VerifyExportOptions } from './verify-export.ts';
