/** What happened to a status list. Holds no status of any token. */
export type StatusListEvent =
  | {
      readonly kind: 'fetched';
      readonly issuer: string;
      readonly uri: string;
      /** How many statuses the list has room for. */
      readonly statuses: number;
      /** For how long the list is used without asking again. */
      readonly keptForSeconds: number;
      /** Of all lists that are kept now. */
      readonly cachedLists: number;
      /** Units: bytes of all lists that are kept now. */
      readonly cachedBytes: number;
    }
  | {
      readonly kind: 'fetch-failed';
      readonly issuer: string;
      readonly uri: string;
      /** Why the list could not be had, or why it was refused. */
      readonly error: Error;
      readonly retryInMs: number;
    };
