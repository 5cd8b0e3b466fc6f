/** PostgreSQL has no NUL in texts. Detectors escape it; whoever calls the API may name a signal by one. Shown as detectors do. */
export const storable = (text: string): string => (text.includes('\0') ? text.replaceAll('\0', '\\u0000') : text);
