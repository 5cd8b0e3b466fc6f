export * from './node-digest.ts';
