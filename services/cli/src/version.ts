/** Of the packages; raised by the release. */
export const version = '0.1.0';
