export { type IngestConfig, type IngestPorts, ingestService } from './service.ts';
export { type SignalsPorts, signalsProcessor } from './signals-processor.ts';
export { isGroup, isLedger, ledgerKey, type SignalsEntry, seenKey, signalsCodec } from './signals-state.ts';
