import { InvalidArgumentError } from 'commander';

/** Reads the value of an option. */
export const wholeNumber = (text: string): number => {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('give a whole number');
  return Number(text);
};
