import { type SearchedSignal, searchDocument } from '@tocsin/core';
import { sql } from 'kysely';

/** What the row of a signal holds for searches: its `SearchDocument`, as columns. */
export interface SearchColumns {
  /** JSON text of the values by key: an object of arrays. Stored as jsonb. */
  readonly search: string;
  /** The different words of title and message, for an index. */
  readonly words: string[];
  readonly message_text: string;
  readonly rest_text: string;
}

/** The columns of a signal as it is now; to be written again with every change of it. */
export const searchColumnsOf = (signal: SearchedSignal): SearchColumns => {
  const { values, message, rest } = searchDocument(signal);
  return {
    search: JSON.stringify(Object.fromEntries(values)),
    words: [...new Set(message.split(/\s+/))].filter((word) => word !== ''),
    message_text: message,
    rest_text: rest,
  };
};

/** For CREATE TABLE. */
export const searchColumnDefinitions = sql.raw(
  'search jsonb NOT NULL, words text[] NOT NULL, message_text text NOT NULL, rest_text text NOT NULL',
);
